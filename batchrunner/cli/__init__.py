"""The command line: the only place with click, tables, progress, stdout and exit codes. One file per command."""
