"""The command line: the only place with click, progress and stdout. One file per command."""
