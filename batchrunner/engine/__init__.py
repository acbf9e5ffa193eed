"""One run: it asks the planner and does what it says, until every job has come as far as it can."""
