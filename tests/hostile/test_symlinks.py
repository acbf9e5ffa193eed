"""A link at every name that a journey writes: nothing outside the project changes.

The names are found by looking: while each command of a journey is at work, its folder is listed at every call by which
Python opens, makes, moves or removes a file. Then a link is put at one name after the other, before the command that
writes it is typed again.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from batchrunner.sandbox import Fault
from tests.acceptance.service import Service
from tests.acceptance.user import Said, User, manifest_text
from tests.io.test_images import png

pytestmark = pytest.mark.untraced

# Begun with the interpreter, as a site's own customisation.
TRACER = """
import os, sys
ROOT, KNOWN = os.environ["TRACED"], set()
CALLS = {"open", "os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.truncate",
         "sqlite3.connect", "sqlite3.connect/handle"}
TOLD = os.open(os.environ["TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def look(event, args):
    if event not in CALLS or (isinstance(args[0], str) and args[0].startswith("/") and not args[0].startswith(ROOT)):
        return
    for place, folders, files in os.walk(ROOT):
        for name in (*folders, *files):
            path = os.path.join(place, name)
            try:
                found = os.lstat(path)
            except OSError:
                continue
            known = (path, found.st_ino, found.st_mtime_ns)
            if known not in KNOWN:
                KNOWN.add(known)
                os.write(TOLD, os.fsencode(f"{path}\\n"))
sys.addaudithook(look)
"""
# Nobody foresees these: a link cannot be put there.
RANDOM = re.compile(r"\.[0-9a-f]{16}\.part$|/service\.jsonl\.files/|/batchrunner-bug-")
# What SQLite makes and removes within one call. Source: https://www.sqlite.org/tempfiles.html
UNSEEN = [".batchrunner/ledger.db-journal", "sandbox-run/.batchrunner/ledger.db-journal"]

JOBS = """\
  - {id: local, prompt: The camera circles local once, image: frames/a.png}
"""
STEPS: Mapping[str, list[str]] = {
    "init": ["init", "begun.yaml"],
    "demo": ["demo", "shown"],
    "run": ["run", "shots.yaml", "--yes"],
    "run again": ["run", "shots.yaml", "--yes"],
    "redo": ["redo", "shots.yaml", "a", "--yes"],
    "pick": ["pick", "shots.yaml", "a", "v1"],
    "accept": ["accept", "shots.yaml", "a"],
    "lose": ["run", "shots.yaml", "--yes"],
    "resolve": ["resolve", "shots.yaml", "d", "--not-submitted"],
    "fail": ["run", "shots.yaml", "--yes"],
    "retry": ["retry", "shots.yaml", "--yes"],
    "fetch": ["fetch", "shots.yaml"],
    "report": ["report", "shots.yaml", "--to", "report.html"],
    "report elsewhere": ["report", "shots.yaml", "--to", "told/report.csv"],
    "uploads": ["uploads", "shots.yaml", "--prune"],
    "trust": ["trust", "."],
    "rehearsal": ["run", "shots.yaml", "--yes", "--sandbox", "--limit", "1"],
    "redo of a rehearsal": ["redo", "shots.yaml", "a", "--yes", "--sandbox"],
}


# The commands that write a name differ, but not without end.
MOST_STEPS = 3


@dataclass
class Journey:
    """One person's way through all commands; the folder as it was before each is kept."""

    user: User
    service: Service
    kept: Path

    def prepare(self, step: str) -> None:
        """What changes between two commands: the manifest, and the moods of the service."""
        self.service.faults.clear()
        jobs = {"run": "ab", "lose": "abd", "resolve": "abd", "fail": "abd"}.get(step)
        if step == "lose":
            self.service.faults[Fault.SUBMIT_CUT_AFTER] = 1.0
        if step == "fail":
            self.service.faults[Fault.TASK_FAILED] = 1.0
        if jobs:
            text = manifest_text(*jobs, head="settings: {concurrency: 4, rate: 6000/min}") + JOBS
            self.user.manifest.write_text(text, encoding="utf-8")

    def types(self, step: str, also: Mapping[str, str]) -> Said:
        return replace(self.user, also={**self.user.also, **also}).types(*STEPS[step])

    def snapshot(self, step: str) -> Path:
        return self.kept / step

    def restore(self, step: str) -> None:
        shutil.rmtree(self.user.folder)
        shutil.copytree(self.snapshot(step), self.user.folder, symlinks=True)

    def traced(self, step: str) -> set[str]:
        """The names that a command makes or changes, with the folders above them."""
        self.prepare(step)
        shutil.copytree(self.user.folder, self.snapshot(step), symlinks=True)
        before = stamps(self.user.folder)
        tracer, trace = self.kept / "tracer", self.kept / f"{step}.trace"
        tracer.mkdir(exist_ok=True)
        (tracer / "sitecustomize.py").write_text(TRACER, encoding="utf-8")
        said = self.types(step, {"PYTHONPATH": str(tracer), "TRACED": str(self.user.folder), "TRACE": str(trace)})
        assert said.code in {0, 1, 4}, f"{step}: {said.text}"
        seen = {os.path.relpath(line, self.user.folder) for line in trace.read_text(encoding="utf-8").splitlines()}
        after = stamps(self.user.folder)
        changed = {name for name in seen | set(after) if name not in before or before[name] != after.get(name)}
        above = {str(folder) for name in changed for folder in Path(name).parents} - {"."}
        return {name for name in changed | above if not RANDOM.search(name)}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """What tells that a file was written, by its name; of a folder only that it is there."""
    found = {path: path.lstat() for path in folder.rglob("*")}
    return {
        str(path.relative_to(folder)): (0, 0) if path.is_dir() else (state.st_ino, state.st_mtime_ns)
        for path, state in found.items()
    }


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def journey(user: User, service: Service, tmp_path: Path) -> Journey:
    (user.folder / "frames").mkdir()
    (user.folder / "frames" / "a.png").write_bytes(png(1280, 720))
    (tmp_path / "kept").mkdir()
    return Journey(user, service, tmp_path / "kept")


def plant(folder: Path, name: str, outside: Path, *, is_folder: bool) -> None:
    """A link at a name, to what lay there, or to something precious; the folders above are made."""
    place, victim = folder / name, outside / "victim"
    place.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(place):
        place.rename(victim)
    elif is_folder:
        victim.mkdir()
        (victim / "precious").write_bytes(b"precious")
    else:
        victim.write_bytes(b"precious")
    place.symlink_to(victim)


def planted(journey: Journey, step: str, names: Iterator[str], made: Path) -> Iterator[str]:
    """Each name with a link at it, the command typed, and what changed outside or went wrong."""
    for name in names:
        journey.restore(step)
        journey.prepare(step)
        outside = journey.kept / "outside"
        shutil.rmtree(outside, ignore_errors=True)
        outside.mkdir()
        plant(journey.user.folder, name, outside, is_folder=(made / name).is_dir())
        before, submits = contents(outside), journey.service.submits
        said = journey.types(step, {})
        if contents(outside) != before:
            yield f"{step}, {name}: something changed outside\n{said.text}"
        if said.code == 70 or "Traceback" in said.text:
            yield f"{step}, {name}: {said.text}"
        if said.code == 2 and journey.service.submits != submits:
            yield f"{step}, {name}: refused, yet something was paid\n{said.text}"


@pytest.mark.timeout(1800)
def test_nothing_is_written_through_a_link_at_any_name_of_a_journey(journey: Journey) -> None:
    written: dict[str, set[str]] = {}
    for step in STEPS:
        written[step] = journey.traced(step) | {name for name in UNSEEN if step in {"run", "rehearsal"}}
    made = journey.kept / "made"
    shutil.copytree(journey.user.folder, made, symlinks=True)
    names = {name for step in STEPS for name in written[step]}
    assert len(names) > 40, sorted(names)
    assert {"outputs/shots/versions", ".batchrunner/ledger.db-wal", ".batchrunner/shots.lock.json"} <= names

    steps = {name: [step for step in STEPS if name in written[step]][:MOST_STEPS] for name in sorted(names)}

    wrong = [
        fault
        for step in STEPS
        for fault in planted(journey, step, (name for name in steps if step in steps[name]), made)
    ]

    assert not wrong, "\n\n".join(wrong)


# Names that a release wrote, or that somebody could think of, whether today's writes them or not

NAMES = [
    ".shots.receipts.jsonl.part",
    "shots.receipts.jsonl",
    ".batchrunner/shots.log",
    ".batchrunner/shots.lock",
    ".batchrunner/shots.lock.json",
    ".batchrunner/.shots.lock.json.part",
    ".batchrunner/ledger.db",
    ".batchrunner/ledger.db-wal",
    ".batchrunner/.gitignore",
    "outputs/shots/.a.mp4.part",
    "outputs/shots/a.mp4",
    ".report.html.part",
    "report.html",
    "sandbox-run/.batchrunner/service.jsonl",
    ".gitattributes",
]
FOLDERS = [".batchrunner", "outputs", "outputs/shots", "outputs/shots/versions", "sandbox-run", "sandbox-run/outputs"]
COMMANDS = [
    ["run", "shots.yaml"],
    ["run", "shots.yaml", "--yes"],
    ["fetch", "shots.yaml"],
    ["run", "shots.yaml", "--yes", "--sandbox"],
    ["report", "shots.yaml", "--to", "report.html"],
    ["init", "new.yaml"],
]


@pytest.mark.parametrize("leads_nowhere", [False, True], ids=["to something", "to nothing"])
@pytest.mark.parametrize("name", [*NAMES, *FOLDERS])
def test_a_link_in_a_clone_leads_nowhere(user: User, service: Service, name: str, *, leads_nowhere: bool) -> None:
    outside = user.folder.with_name("home")
    outside.mkdir()
    user.writes("a", head="settings: {concurrency: 4, rate: 6000/min}")
    plant(user.folder, name, outside, is_folder=name in FOLDERS)
    if leads_nowhere:
        shutil.rmtree(outside / "victim") if name in FOLDERS else (outside / "victim").unlink()
    before = contents(outside)
    for command in COMMANDS:
        submits, said = service.submits, user.types(*command)
        assert contents(outside) == before, said.text
        assert said.code != 70, said.text
        assert said.code != 2 or service.submits == submits, said.text


@pytest.mark.parametrize("name", ["outputs", "outputs/shots", "shots.receipts.jsonl", ".batchrunner"])
def test_a_link_at_a_known_place_is_named_before_anybody_is_asked(user: User, service: Service, name: str) -> None:
    outside = user.folder.with_name("renders")
    outside.mkdir()
    user.writes("a")
    plant(user.folder, name, outside, is_folder=not name.endswith(".jsonl"))
    for command in (["plan", "shots.yaml"], ["run", "shots.yaml", "--yes"], ["accept", "shots.yaml", "a"]):
        said = user.types(*command)
        assert said.code == 2, said.text
        place = user.folder / name
        assert f"{place} is a link, and nothing is written through links: put a real" in said.err
    assert service.submits == 0


def test_a_project_that_is_reached_through_a_link_works_as_ever(user: User) -> None:
    user.writes("a")
    link = user.folder.with_name("studio")
    link.symlink_to(user.folder)
    assert replace(user, folder=link).runs().report.counts == {"done": 1}
    assert user.clip("a").exists()


def test_what_a_person_names_is_not_written_through_a_link_either(user: User) -> None:
    user.writes("a")
    victim = user.folder.with_name("victim")
    victim.write_text("precious", encoding="utf-8")
    for name in ("report.csv", "new.yaml", "../elsewhere.csv"):
        (user.folder / name).symlink_to(victim)
    for command in (
        ["report", "shots.yaml", "--to", "report.csv"],
        ["report", "shots.yaml", "--to", "../elsewhere.csv"],
        ["init", "new.yaml"],
    ):
        said = user.types(*command)
        assert said.code == 2, said.text
    assert victim.read_text(encoding="utf-8") == "precious"
    real = user.folder.with_name("real.csv")
    assert user.types("report", "shots.yaml", "--to", "../real.csv").code == 0
    assert real.exists()


def test_a_refused_run_records_nothing(user: User, service: Service) -> None:
    """Somebody looks at a stranger's folder, and says no: its receipts are not taken in, nothing is written."""
    user.writes("a", "b")
    before = {name for name in contents(user.folder) if ".batchrunner" not in name}
    said = user.types("run", "shots.yaml")
    assert said.code == 2, said.text
    assert {name for name in contents(user.folder) if ".batchrunner" not in name} == before
    left = {path.name for path in (user.folder / ".batchrunner").iterdir()}
    assert left <= {".gitignore", "shots.lock"}
    assert service.submits == 0


def test_what_a_run_keeps_to_itself_is_for_nobody_else_to_read(user: User) -> None:
    user.writes("a", head="settings: {concurrency: 4, rate: 6000/min}")
    assert user.runs().code == 0
    assert user.types("run", "shots.yaml", "--yes", "--sandbox").code == 0
    for folder in (user.folder / ".batchrunner", user.folder / "sandbox-run" / ".batchrunner"):
        modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
        assert modes.pop(".batchrunner") == 0o700
        assert {"ledger.db", "shots.log"} <= set(modes)
        assert set(modes.values()) == {0o600}, modes
