"""Somebody at a shell: writes manifests, types commands, reads what they say."""

import hashlib
import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jsonschema import Draft202012Validator

from .service import PATIENCE_S

COMMAND = Path(sys.executable).with_name("batchrunner")
SCHEMA = Path(__file__).parents[2] / "schemas" / "report.schema.json"
KEY = "mdlx-acceptance-0001"
CLIP_USD = 2.576  # 8 seconds of 720p at $0.322


def prompt_of(job: str) -> str:
    """The prompt that no other job has."""
    return f"The camera circles {job} once"


def manifest_text(*jobs: str, head: str = "", prompts: Mapping[str, str] | None = None) -> str:
    """A valid manifest, one job a line; `head` is put before its jobs."""
    said = {job: prompt_of(job) for job in jobs} | dict(prompts or {})
    lines = [f"  - {{id: {job}, prompt: {said[job]}, image: https://example.com/{job}.jpg}}" for job in jobs]
    return "\n".join(
        [
            "version: 1",
            "name: shots",
            "model: google/veo-3.1-i2v",
            "defaults: {durationSeconds: 8, resolution: 720p}",
            *([head] if head else []),
            "jobs:",
            *lines,
            "",
        ]
    )


@dataclass(frozen=True)
class Report:
    """A JSON report that fits its schema."""

    whole: Mapping[str, Any]

    @property
    def counts(self) -> Mapping[str, int]:
        return {status: number for status, number in self.whole["counts"].items() if number}

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """By id."""
        return {job["id"]: job for job in self.whole["jobs"]}

    @property
    def statuses(self) -> Mapping[str, str]:
        """By id."""
        return {name: job["status"] for name, job in self.jobs.items()}


def read_report(text: str) -> Report:
    """The report that a command printed, checked against what programs were promised."""
    whole = json.loads(text)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(whole)
    return Report(whole)


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Report:
        return read_report(self.out)

    @property
    def text(self) -> str:
        """All of it, for a failure's message."""
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Running:
    """A command at work. It does not outlive its `with`."""

    def __init__(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._out = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._heard: list[str] = []
        self._changed = threading.Condition()
        self._ear = threading.Thread(target=self._listen, name="ear")
        self._ear.start()

    def _listen(self) -> None:
        assert self.process.stderr
        with self.process.stderr as lines:
            for line in lines:
                with self._changed:
                    self._heard.append(line)
                    self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._ear.join(PATIENCE_S)
        self._out.close()

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL; when this returns, it is dead."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def hears(self, words: str) -> None:
        """Waits until it has said some words on stderr, in whatever case."""
        with self._changed:
            assert self._changed.wait_for(lambda: words.lower() in self._said.lower(), PATIENCE_S), (
                f"{words!r} was never said, but {self._said}"
            )

    @property
    def _said(self) -> str:
        return "".join(self._heard)

    def end(self, timeout_s: float = 2 * PATIENCE_S) -> Said:
        """Waits for its end, tells what it left."""
        code = self.process.wait(timeout_s)
        self._ear.join(PATIENCE_S)
        self._out.seek(0)
        return Said(code, self._out.read(), self._said)


@dataclass
class User:
    """One person, one folder with one manifest, one key."""

    folder: Path
    url: str
    key: str = KEY
    also: dict[str, str] = field(default_factory=dict)

    @property
    def manifest(self) -> Path:
        return self.folder / "shots.yaml"

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing of the machine's own but what a process needs."""
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "XDG_STATE_HOME": str(self.folder.with_name(f"{self.folder.name}-state")),
            "LC_ALL": "C.UTF-8",
            "MODELLIX_BASE_URL": self.url,
            "MODELLIX_API_KEY": self.key,
            **self.also,
        }

    def writes(self, *jobs: str, head: str = "", prompts: Mapping[str, str] | None = None) -> None:
        """Saves a manifest."""
        self.manifest.write_text(manifest_text(*jobs, head=head, prompts=prompts), encoding="utf-8")

    def starts(self, *arguments: str) -> Running:
        """A command that goes on while the test does something else."""
        return Running(arguments, self.folder, self.environment)

    def types(self, *arguments: str) -> Said:
        """A command, until it ends."""
        with self.starts(*arguments) as running:
            return running.end()

    def runs(self, *more: str) -> Said:
        return self.types("run", "shots.yaml", "--yes", "-o", "json", *more)

    def starts_a_run(self, *more: str) -> Running:
        return self.starts("run", "shots.yaml", "--yes", "-o", "json", *more)

    def sees(self) -> Report:
        """`status`."""
        said = self.types("status", "shots.yaml", "-o", "json")
        assert said.code == 0, said.text
        return said.report

    def clip(self, job: str) -> Path:
        """Where a job's clip goes."""
        return self.folder / "outputs" / "shots" / f"{job}.mp4"

    def check_clips(self, report: Report) -> None:
        """Every done clip is the file that the report tells of, and there is no other."""
        done = [job for job in report.jobs.values() if job["status"] == "done"]
        for job in done:
            content = (self.folder / job["file"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (job["size_bytes"], job["sha256"])
        found = {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.mp4")}
        assert found == {job["file"] for job in done}
