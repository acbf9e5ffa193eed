"""What a person reads when a run has stopped: real commands against the imitated service, in moved time.

`python -m tests.docs.at_night` writes what they print today into the page.
"""

import asyncio
import errno
import os
import re
import shlex
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from batchrunner.app.endpoint import Endpoint
from batchrunner.cli import work
from batchrunner.cli.main import outcome
from batchrunner.engine import downloader
from batchrunner.engine.shutdown import Shutdown
from batchrunner.errors import ExitCode
from batchrunner.io.clock import Clock
from batchrunner.providers.credentials import read_credentials
from batchrunner.sandbox import Behaviour, Fault, HttpAnswer
from batchrunner.storage.run_lock import run_lock
from tests.engine.services import instead, reply
from tests.library.opened import LoopClock
from tests.moved_time import DAY_S, MovedLoop
from tests.studio import API, CTRL_C, KEY, Studio, manifest_text

PAGE = Path(__file__).parents[2] / "docs" / "when-it-stops.md"
FOLDER = "~/film"
RUN = "batchrunner run shots.yaml --yes"
HOUR_S = 3600.0
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Typed:
    """A command, what is on the terminal when it has ended, and its exit code."""

    line: str
    shown: str
    code: int

    def __str__(self) -> str:
        return f"$ {self.line}\n{self.shown}"


class NightHarness:
    """A shell in a folder with `shots.yaml`; the account behind it may be changed between two commands."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = patch
        self.clock = LoopClock()
        self.studio = Studio(folder, Behaviour(latency_s=60, concurrency=2))
        self.shutdown = Shutdown()
        text = manifest_text("wave", "kettle", "dog").replace("name: batch", "name: shots")
        (folder / "shots.yaml").write_text(text, encoding="utf-8")

    def behaves(self, **options: object) -> None:
        """From now on the service does so."""
        self.studio.options = replace(self.studio.options, **options)  # type: ignore[arg-type]

    def clip(self, job: str) -> Path:
        return self.folder / "outputs" / "shots" / f"{job}.mp4"

    def endpoint(self, *_: object) -> Endpoint:
        """The imitated service, asked with the key of the environment."""
        return replace(self.studio.endpoint(self.clock), access=read_credentials(os.environ))

    def started(self) -> Shutdown:
        """What ends the run that begins now."""
        self.shutdown = Shutdown()
        return self.shutdown

    def types(self, line: str) -> Typed:
        """A command as somebody types it; of stderr only the error with which it ends is left on the screen."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = outcome(shlex.split(line)[1:])
        _, sign, error = err.getvalue().partition("batchrunner: ")
        shown = f"{out.getvalue()}{sign}{error}".replace(str(self.folder), FOLDER)
        return Typed(line, re.sub(r"\bprocess \d+\b", "process 4711", shown), code)


@contextmanager
def a_night() -> Iterator[NightHarness]:
    """A folder of its own, in which commands are typed while time moves."""
    with TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch:
        folder = Path(made).resolve() / "film"
        folder.mkdir()
        night = NightHarness(folder, patch)
        patch.chdir(folder)
        said = {"MODELLIX_API_KEY": KEY, "MODELLIX_BASE_URL": API, "HOME": made, "XDG_STATE_HOME": made, "TZ": "UTC"}
        for name, value in said.items():
            patch.setenv(name, value)
        patch.setattr(Clock, "wall_s", lambda _: night.clock.wall_s())
        patch.setattr(work, "endpoint_of", night.endpoint)
        patch.setattr(work, "Shutdown", night.started)
        patch.setattr(asyncio, "Runner", partial(asyncio.Runner, loop_factory=MovedLoop))
        patch.setattr(socket, "gethostname", lambda: "render-box")
        time.tzset()
        try:
            yield night
        finally:
            patch.undo()
            time.tzset()


Told = Iterator[str]


def balance_out(night: NightHarness) -> Told:
    night.behaves(tells_balance=False, balance_usd=Decimal(6))
    yield RUN
    night.behaves(tells_balance=True, balance_usd=Decimal(100))
    yield RUN


def rate_limited(night: NightHarness) -> Told:
    end_s = night.clock.wall_s() + HOUR_S

    def look(_method: str, path: str, _prompt: str) -> HttpAnswer | None:
        if not path.startswith("/api/"):
            return None
        if night.clock.wall_s() > end_s:
            night.shutdown.request(CTRL_C)
        return reply(429, "TooManyRequests: rate limit exceeded", {"retry-after": "900"})

    night.studio.way = instead(look)
    yield RUN
    night.studio.way = lambda answer: answer
    yield RUN


def without_an_answer(night: NightHarness) -> Told:
    night.behaves(faults={Fault.SUBMIT_CUT_AFTER: 1.0})
    yield f"{RUN} --select wave"
    night.behaves(faults={})
    yield "batchrunner resolve shots.yaml"
    yield f"batchrunner resolve shots.yaml wave --task {night.studio.record().charges[0].task_id}"
    yield RUN


def disk_full(night: NightHarness) -> Told:
    async def refused(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with night.patch.context() as patch:
        patch.setattr(downloader, "download", refused)
        yield RUN
    yield RUN


def key_refused(night: NightHarness) -> Told:
    night.behaves(key=KEY)
    night.patch.setenv("MODELLIX_API_KEY", "mdlx-of-last-year")
    yield RUN
    night.patch.setenv("MODELLIX_API_KEY", KEY)
    yield RUN


def other_run(night: NightHarness) -> Told:
    with run_lock(night.studio.project.folder, "shots", "2026-11-23T17:42:10Z"):
        yield RUN
        assert night.types("batchrunner status shots.yaml").code == ExitCode.DONE
    yield RUN


def ledger_lost(night: NightHarness) -> Told:
    night.types(RUN)
    receipts = night.folder / "shots.receipts.jsonl"
    known = receipts.read_bytes()
    receipts.unlink()
    shutil.rmtree(night.folder / ".batchrunner")
    yield RUN
    receipts.write_bytes(known)
    yield RUN


def clip_expired(night: NightHarness) -> Told:
    night.types(RUN)
    night.clip("kettle").unlink()
    night.clock.pass_time(8 * DAY_S)
    yield RUN
    yield "batchrunner redo shots.yaml kettle --yes"


def foreign_file(night: NightHarness) -> Told:
    night.clip("dog").parent.mkdir(parents=True)
    night.clip("dog").write_bytes(b"cut by somebody else")
    yield RUN
    night.clip("dog").rename(night.folder / "dog-by-hand.mp4")
    yield RUN


def deadline(night: NightHarness) -> Told:
    night.behaves(concurrency=1)
    yield f"{RUN} --deadline 90s"
    yield RUN


# The headings of the page, in its order.
SITUATIONS: Mapping[str, Callable[[NightHarness], Told]] = {
    "The balance is used up": balance_out,
    "The service answers 429 for an hour": rate_limited,
    "A submit has no answer": without_an_answer,
    "The disk is full": disk_full,
    "The key is refused": key_refused,
    "Another run is active": other_run,
    "The ledger is lost": ledger_lost,
    "A clip is no longer at the service": clip_expired,
    "Another file is in the way": foreign_file,
    "The deadline was reached": deadline,
}


def transcript(heading: str) -> tuple[list[Typed], int]:
    """What is typed in a situation, and what it prints today; and how many clips the service was paid for in all."""
    with a_night() as night:
        typed = [night.types(line) for line in SITUATIONS[heading](night)]
        return typed, len(night.studio.record().charges)


def section(page: str, heading: str) -> str:
    """The part of the page below a heading."""
    return page.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def blocks(text: str) -> list[str]:
    """What terminals in it show."""
    return _BLOCK.findall(text)


def renewed(page: str) -> str:
    """The page with what the commands print today."""
    for heading in SITUATIONS:
        old = section(page, heading)
        first, *parts = _BLOCK.split(old)
        texts = [f"```console\n{each}```" for each in transcript(heading)[0]]
        prose = parts[1::2]
        assert len(prose) == len(texts), f"{heading}: {len(texts)} commands, {len(prose)} blocks"
        page = page.replace(old, first + "".join(map("".join, zip(texts, prose, strict=True))))
    return page


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
