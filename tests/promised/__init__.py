"""What is persisted or promised, as files: a change of the code that changes one of them is seen."""
