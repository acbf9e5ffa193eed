"""`batchrunner uploads`."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import click

from batchrunner.app.endpoint import Endpoint
from batchrunner.catalog import shipped
from batchrunner.cli.context import endpoint_of, project_of
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import ledger_option, manifest_argument, option, sandbox_option
from batchrunner.cli.terminal import say, say_lines
from batchrunner.domain.text import ago, in_lines, plural
from batchrunner.domain.uploaded_image import Upload
from batchrunner.errors import RunLocked
from batchrunner.io.clock import Clock
from batchrunner.storage.open import open_ledger, read_ledger
from batchrunner.storage.run_lock import any_lock_owner


@click.command()
@manifest_argument
@option("--prune", is_flag=True, help="Delete them at the service; images that are needed are uploaded again.")
@ledger_option
@sandbox_option
def command(manifest: Path, ledger: Path | None, *, prune: bool, sandbox: bool) -> None:
    """List the images uploaded for this project, or delete them at the service.

    Only images that this project uploaded are touched. Those of open tasks stay.

    Example: batchrunner uploads shots.yaml --prune
    """
    clock = Clock()
    typed = Invocation(manifest, ledger=ledger, sandbox=sandbox)
    project = project_of(typed)
    with read_ledger(project.ledger) as book:
        found = book.uploads.all()
        needed = book.uploads.needed_by_open_tasks()
    if not prune:
        listed = [_line(upload, clock.wall_s()) for upload in found]
        say_lines(in_lines(*(listed or ["nothing was uploaded"])))
        return
    busy = any_lock_owner(project.folder)
    if busy is not None:
        raise RunLocked(f"a run is active and may need them: process {busy.pid} on {busy.host}, since {busy.since}")
    endpoint = endpoint_of(typed, project, clock, shipped())
    idle = [upload for upload in found if upload.sha256 not in needed]
    with open_ledger(project.ledger) as book:
        # forgotten first: a request must never name a picture that may be gone
        for upload in idle:
            book.uploads.record_deletion(upload.file_id, clock.wall_s())
    deleted = asyncio.run(_delete(idle, endpoint, clock))
    say(f"{plural(deleted, 'image')} deleted, {len(found) - len(idle)} kept")


def _line(upload: Upload, now_s: float) -> str:
    state = "" if upload.is_usable(now_s) else "  (expired: it is uploaded again when needed)"
    size = f"{upload.size_bytes / 2**20:.1f} MiB"
    return f"{upload.file_id:40}  {size:>9}  {ago(upload.at_s, now_s)}{state}"


async def _delete(uploads: Iterable[Upload], endpoint: Endpoint, clock: Clock) -> int:
    http = endpoint.make_http()
    delete = endpoint.make_provider(http, endpoint.access, clock).delete_upload
    try:
        return [await delete(upload.file_id) for upload in uploads].count(True) if delete else 0
    finally:
        await http.close()
