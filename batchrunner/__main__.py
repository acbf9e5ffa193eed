"""`python -m batchrunner`."""

from batchrunner.cli.start import main

main()
