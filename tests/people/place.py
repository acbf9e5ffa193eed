"""A place: a folder on somebody's machine, with its manifests, and what must hold there."""

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from batchrunner.app.job_set import wanted_of
from batchrunner.app.manifest_plan import planned_of
from batchrunner.app.manifest_status import report_of
from batchrunner.app.session import known_ledger
from batchrunner.catalog import shipped_prices
from batchrunner.domain.status import Status
from batchrunner.manifest.load import load
from batchrunner.planning.batch import Batch, JobState, load_batch
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.sandbox import Charged
from batchrunner.storage.paths import ProjectPaths, find_project
from tests.moved_time import EVENING_S
from tests.people.known import Known, Papers, Want, asked_of, known, papers, wish_of
from tests.people.plans import Plan, planned
from tests.people.sheet import Line, Sheet
from tests.people.shelf import Shelf
from tests.people.words import Words
from tests.studio import API

_STATE_HOME = "XDG_STATE_HOME"


@dataclass
class Place:
    """One project folder. `skew_s` is how far its machine's clock is ahead of the service's.

    `person` is the state folder of whoever sits there, `trusted` are those of all who trust the ledger. `torn` are the
    manifests of whose receipts a process that was killed may have written less than it knew.
    """

    folder: Path
    host: str
    sheets: list[Sheet]
    person: Path
    skew_s: float = 0.0
    trusted: set[Path] = field(default_factory=set)
    torn: set[str] = field(default_factory=set)
    words: Words = field(default_factory=Words)
    shelf: Shelf = field(init=False)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.folder)

    @property
    def state(self) -> Path:
        return self.folder / ".batchrunner"

    @property
    def project(self) -> ProjectPaths:
        return find_project(self.folder / f"{self.sheets[0].stem}.yaml")

    @contextmanager
    def sat_at(self) -> Iterator[None]:
        """Whoever sits there types something."""
        before = os.environ.get(_STATE_HOME)
        os.environ[_STATE_HOME] = str(self.person)
        try:
            yield
        finally:
            if before is None:
                del os.environ[_STATE_HOME]
            else:
                os.environ[_STATE_HOME] = before

    def save(self) -> None:
        """Writes the manifests, and no others."""
        _write(self.folder, self.sheets)

    def known(self) -> Known:
        """What the ledger and the receipts tell."""
        with self.sat_at():
            return known(self.project)

    def papers(self) -> Papers:
        """What the receipts tell."""
        return papers(self.folder)

    def contents(self) -> dict[Path, bytes]:
        """All that lies there, and of the state its ledger."""
        found = (path for path in self.folder.rglob("*") if path.parent != self.state or path.name == "ledger.db")
        return {path: path.read_bytes() for path in found if path.is_file()}

    def digest(self, sheet: Sheet) -> str:
        """What `batchrunner plan` calls the plan for a manifest."""
        manifest = load(self.folder / f"{sheet.stem}.yaml")
        settings = manifest.settings
        limits = EffectiveLimits(1, 1, 1.0, settings.retries, settings.budget_usd)
        batch, _ = self.looked_at(sheet)
        seen = batch.first_steps(PlanOptions(settings.retries), batch.budget(limits).room_usd)
        return planned_of(batch, limits, 1, seen, API, EVENING_S).digest

    def output(self, sheet: Sheet, name: str) -> Path:
        """Where a job's clip belongs."""
        return self.folder / "outputs" / sheet.manifest / f"{name}.mp4"

    def seen(self, sheet: Sheet, retries: int = 0) -> list[JobState]:
        """Every job as `status` sees it; as `run` would, with so many `retries`."""
        return self.looked_at(sheet, retries)[1]

    def looked_at(self, sheet: Sheet, retries: int = 0) -> tuple[Batch, list[JobState]]:
        """The same, and all that it was told from."""
        manifest = load(self.folder / f"{sheet.stem}.yaml")
        assert not manifest.errors, manifest.errors
        project = find_project(manifest.path)
        with self.sat_at(), known_ledger(project) as ledger:
            batch = load_batch(project, wanted_of(manifest), ledger, shipped_prices(), EVENING_S)
            seen = batch.first_steps(PlanOptions(retries), None)
        counts = report_of(batch, seen, 0.0).counts
        assert sum(counts.values()) == len(sheet.wants()), counts
        return batch, seen

    def check(self, charges: Mapping[str, Charged]) -> None:
        """All that must be true of this place at any moment."""
        self.shelf.check()
        self.words.check()
        told = self.papers()
        self._check_nothing_lost(self.known(), told)
        for sheet in self.sheets:
            self._check_sheet(sheet, charges, told.chosen)

    def _check_nothing_lost(self, now: Known, told: Papers) -> None:
        """What was charged is on record, or called unknown: in the receipts alone while it waits for another submit."""
        lost = Counter(asked_of(each) for each in self.words.lost(now))
        unknown = Counter(each.asked for each in {*now.unknown, *told.unknown})
        assert lost <= unknown, f"paid and lost: {lost}, unknown: {unknown}"

    def _check_sheet(self, sheet: Sheet, charges: Mapping[str, Charged], chosen: Mapping[Want, set[str]]) -> None:
        wants = sheet.wants()
        seen = [each for each in self.seen(sheet) if each.job is not None]
        assert [each.identity for each in seen] == list(wants)
        lying = self.shelf.lying()
        for each in seen:
            if each.step.status is Status.DONE:
                who, wish = each.identity, wants[each.identity]
                task = lying.get(self.output(sheet, who.name))
                assert task, f"{who} is done and has no clip"
                is_its = wish_of(charges[task].body["prompt"]) == wish
                assert is_its or task in chosen.get((who, wish), ()), f"{who} has the clip of another wish"

    # other machines

    def clone(self, folder: Path, *, host: str, papers: bool, clips: bool) -> "Place":
        """The same project on another machine."""
        other = Place(folder, host, list(self.sheets), self.person)
        other.save()
        self._carry(folder, papers=papers, clips=clips)
        if not papers:
            other.shelf.foreign = {path: path.read_bytes() for path in folder.glob("outputs/**/*.mp4")}
        return other

    def _carry(self, folder: Path, *, papers: bool, clips: bool) -> None:
        for path in self.folder.glob("*.receipts.jsonl") if papers else ():
            shutil.copy(path, folder)
        if clips and (self.folder / "outputs").exists():
            shutil.copytree(self.folder / "outputs", folder / "outputs")

    def check_clone(self, *, clips: bool) -> None:
        """A clone plans as this place does, with its clips, or without them as this place does without them."""
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as name:
            folder = Path(name)
            _write(folder, self.sheets)
            self._carry(folder, papers=True, clips=clips)
            with self._clips_away(folder / "away", clips=clips):
                for sheet in self.sheets:
                    here, there = self._plan(self.folder, sheet), self._plan(folder, sheet)
                    assert self.torn or there == here, f"a clone plans otherwise\nhere:  {here}\nthere: {there}"
            self._check_nothing_lost(known(find_project(folder / f"{self.sheets[0].stem}.yaml")), papers(folder))

    def _plan(self, folder: Path, sheet: Sheet) -> Plan:
        with self.sat_at():
            return planned(folder / f"{sheet.stem}.yaml")

    @contextmanager
    def _clips_away(self, elsewhere: Path, *, clips: bool) -> Iterator[None]:
        outputs = self.folder / "outputs"
        is_away = not clips and outputs.exists()
        if is_away:
            outputs.rename(elsewhere)
        try:
            yield
        finally:
            if is_away:
                elsewhere.rename(outputs)

    def merge_receipts(self, other: "Place") -> None:
        """What `git pull` does, conflicts resolved as the documentation says: the lines of both sides are kept."""
        for path in sorted(other.folder.glob("*.receipts.jsonl")):
            mine = self.folder / path.name
            lines = mine.read_text(encoding="utf-8").splitlines() if mine.exists() else []
            theirs = path.read_text(encoding="utf-8").splitlines()
            mine.write_text("".join(f"{line}\n" for line in dict.fromkeys([*lines, *theirs])), encoding="utf-8")
            self.shelf.know(task for line in theirs if (task := json.loads(line).get("task_id")))

    @contextmanager
    def former_sheets(self) -> Iterator[list[Sheet]]:
        """Manifests that are no more, brought back for a while: nobody else ends what they left open."""
        now, sheets = self.known(), self.sheets
        wants = [*now.owners.values(), *now.held]
        names = {who.manifest for who, _ in wants} - {s.manifest for s in sheets}
        former = [Sheet(f"former-{name}", name, (Line("z", 99),)) for name in sorted(names)]
        self.sheets = [*sheets, *former]
        self.save()
        yield former
        self.sheets = sheets
        self.save()

    def forget(self) -> None:
        """The ledger is gone; what it knew of payments and decisions, the receipts know."""
        self.trusted.clear()
        self.torn.clear()
        if not any(self.folder.glob("*.receipts.jsonl")):
            self.shelf.foreign |= {path: path.read_bytes() for path in self.folder.glob("outputs/**/*.mp4")}


def _write(folder: Path, sheets: list[Sheet]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.yaml"):
        path.unlink()
    for sheet in sheets:
        (folder / f"{sheet.stem}.yaml").write_text(sheet.text, encoding="utf-8")
