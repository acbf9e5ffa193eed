"""`batchrunner trust`."""

from pathlib import Path

import click

from batchrunner.cli.terminal import say
from batchrunner.domain.text import plural
from batchrunner.errors import UsageError
from batchrunner.storage.open import trust_ledger
from batchrunner.storage.paths import FOLDER


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Trust a ledger that was made elsewhere, from now on, on this machine.

    A ledger says what is paid and which files batchrunner made. One that came with a folder (a copy, an archive, a
    colleague's shared folder) is refused until you trust it. FOLDER is the project's, or the ledger's file.

    Example: batchrunner trust spring-campaign/
    """
    path = _ledger_in(folder)
    with trust_ledger(path) as ledger:
        number = len(ledger.task_ids())
    say(f"trusted: {path}, which records {plural(number, 'paid task')}")


def _ledger_in(folder: Path) -> Path:
    found = (path for path in (folder / FOLDER / "ledger.db", folder / "ledger.db", folder) if path.is_file())
    path = next(found, None)
    if path is None:
        raise UsageError(f"there is no ledger in {folder}: name the folder that contains {FOLDER}")
    return path
