"""The command line: the only place with click, tables, progress, stdout and exit codes. One file per command."""

from batchrunner.cli.early import main

__all__ = ["main"]
