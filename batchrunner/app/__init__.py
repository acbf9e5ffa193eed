"""Use cases without a terminal: what the command line and the library have in common."""
