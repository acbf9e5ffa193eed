"""One run: it asks the decider, does what it says, and ends when every job has come as far as it can."""
