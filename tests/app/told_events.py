"""A run in moved time that writes its events to a file, and the reader that the documentation shows."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from batchrunner.app.cloud_events import CloudEvents, Write
from batchrunner.app.event_file import EventFile
from batchrunner.app.job_set import wanted_of
from batchrunner.app.run_manifest import Workload, run_manifest
from batchrunner.app.run_options import RunOptions
from batchrunner.app.webhook import Notifier
from batchrunner.catalog import price_list
from batchrunner.domain.event import Event
from batchrunner.io.files import Root
from batchrunner.io.resources import read_text
from batchrunner.manifest.load import load
from batchrunner.reports.formats.json_report import as_json
from tests.engine.disks import Disk
from tests.moved_time import MovedClock, in_moved_time
from tests.studio import KEY, Meanwhile, Studio

PAGE = (Path(__file__).parents[2] / "docs" / "programs.md").read_text(encoding="utf-8")
SCHEMA = Draft202012Validator(
    json.loads(read_text("schemas/events.schema.json")), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def _shown_reader() -> Callable[[Iterable[str]], dict[str, Any]]:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(program, "docs/programs.md", "exec"), names)
    found: Callable[[Iterable[str]], dict[str, Any]] = names["report_from"]
    return found


report_from = _shown_reader()


def events_in(file: Path) -> list[dict[str, Any]]:
    """Every event of a file, each valid by the schema."""
    events = [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]
    for event in events:
        SCHEMA.validate(event)
    return events


async def _nothing(_: MovedClock) -> None:
    await asyncio.Event().wait()


def run(
    studio: Studio,
    file: Path,
    disk: Disk | None = None,
    *,
    write: Write | None = None,
    meanwhile: Meanwhile = _nothing,
    **options: Any,
) -> dict[str, Any]:
    """`batchrunner run --events FILE`, agreed to, until it ends or is killed; gives the report that it ended with."""
    manifest, disk = load(studio.manifest), disk or Disk()
    studio.connect = disk.connect
    work = Workload(studio.project, wanted_of(manifest), manifest.settings, price_list(manifest.catalog))

    async def go(clock: MovedClock) -> dict[str, Any]:
        beside = asyncio.ensure_future(meanwhile(clock))
        to = write or EventFile(file, Root(file.parent))
        observer = CloudEvents(to, work.wanted, clock, studio.events.append, secret=KEY)

        def heard(event: Event) -> None:
            observer.heard(event)
            studio.events.append(event)

        ports = replace(studio.ports(clock), notifier=Notifier(None, "batch", heard), observer=observer)
        try:
            finished = await run_manifest(work, RunOptions(**{"no_canary": True, **options}), ports)
        finally:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)
            studio.clock_s = clock.wall_s()
        return as_json(finished.report)

    try:
        return in_moved_time(go, studio.clock_s)
    finally:
        disk.let_go()
