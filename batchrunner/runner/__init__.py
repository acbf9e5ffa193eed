"""The only orchestrator: it gathers what is known, asks the decider, and does what it says until all is told."""

from batchrunner.runner.access import Access, known_keys, read_access, read_base_url
from batchrunner.runner.batch import Batch, Limits, Seen, Wanted, gather, remembered
from batchrunner.runner.conduct import Ended, conduct
from batchrunner.runner.ending import exit_code
from batchrunner.runner.forecasts import Forecasts
from batchrunner.runner.odd import take as take_odd
from batchrunner.runner.on_disk import on_disk
from batchrunner.runner.output_folders import folder_faults, try_folders
from batchrunner.runner.project import Project, find_project, reading_root
from batchrunner.runner.receipts import ReceiptsWriter, check_memory, read_receipts
from batchrunner.runner.run import Means
from batchrunner.runner.shelf import Shelf
from batchrunner.runner.signals import Signals
from batchrunner.runner.symlinks import check_symlinks

__all__ = [
    "Access",
    "Batch",
    "Ended",
    "Forecasts",
    "Limits",
    "Means",
    "Project",
    "ReceiptsWriter",
    "Seen",
    "Shelf",
    "Signals",
    "Wanted",
    "check_memory",
    "check_symlinks",
    "conduct",
    "exit_code",
    "find_project",
    "folder_faults",
    "gather",
    "known_keys",
    "on_disk",
    "read_access",
    "read_base_url",
    "read_receipts",
    "reading_root",
    "remembered",
    "take_odd",
    "try_folders",
]
