"""`python -m batchrunner`."""

from batchrunner.cli.early import main

main()
