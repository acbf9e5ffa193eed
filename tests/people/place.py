"""A place: a folder on somebody's machine, with its manifests, and what must hold there."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from batchrunner.catalog import shipped_prices
from batchrunner.cli.telling import report_of
from batchrunner.ledger import Ledger
from batchrunner.manifest.load import load
from batchrunner.nouns.job import Identity
from batchrunner.nouns.status import Status
from batchrunner.plan import Options
from batchrunner.runner import Seen, Wanted, find_project, gather
from batchrunner.sandbox import Charged
from tests.people.known import Known, asker_of, known, receipts, wish_of
from tests.people.sheet import Line, Sheet
from tests.people.shelf import Shelf
from tests.people.words import Words


@dataclass
class Place:
    """One project folder. `skew_s` is how far its machine's clock is ahead of the service's."""

    folder: Path
    host: str
    sheets: list[Sheet]
    skew_s: float = 0.0
    words: Words = field(default_factory=Words)
    shelf: Shelf = field(init=False)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.folder)

    @property
    def state(self) -> Path:
        return self.folder / ".batchrunner"

    def save(self) -> None:
        """Writes the manifests, and no others."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob("*.yaml"):
            path.unlink()
        for sheet in self.sheets:
            (self.folder / f"{sheet.stem}.yaml").write_text(sheet.text, encoding="utf-8")

    def known(self) -> Known:
        """What the ledger knows."""
        return known(self.state / "ledger.db")

    def on_paper(self) -> Mapping[str, tuple[Identity, int]]:
        """What the receipts tell."""
        return receipts(self.folder)

    def output(self, sheet: Sheet, name: str) -> Path:
        """Where a job's clip belongs."""
        return self.folder / "outputs" / sheet.manifest / f"{name}.mp4"

    def seen(self, sheet: Sheet) -> list[Seen]:
        """Every job as `status` sees it."""
        manifest = load(self.folder / f"{sheet.stem}.yaml")
        assert not manifest.errors, manifest.errors
        project = find_project(manifest.path)
        with Ledger.reading(project.ledger) as ledger:
            wanted = Wanted(manifest.name, manifest.profile, manifest.jobs)
            batch = gather(project, wanted, ledger, shipped_prices())
            seen = batch.first_steps(Options(), None)
        counts = report_of(batch, seen, 0.0).counts
        assert sum(counts.values()) == len(sheet.wants()), counts
        return seen

    def lost(self, now: Known) -> list[Charged]:
        """What was charged here, and is neither on record nor written off."""
        gone = self.words.written_off
        return [each for each in self.words.made if each.task_id not in now.owners and each.task_id not in gone]

    def check(self, charges: Mapping[str, Charged]) -> None:
        """All that must be true of this place at any moment."""
        self.shelf.check()
        self.words.check()
        now = self.known()
        lost = Counter((*asker_of(each), wish_of(each.body["prompt"])) for each in self.lost(now))
        for who, times in lost.items():
            assert times <= len(now.unknown_of(*who)), f"paid and lost: {who}"
        for sheet in self.sheets:
            self._check_sheet(sheet, charges)

    def _check_sheet(self, sheet: Sheet, charges: Mapping[str, Charged]) -> None:
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
                assert is_its or (who, wish) in self.words.accepted, f"{who} has the clip of another wish"

    def clone(self, folder: Path, *, host: str, papers: bool, clips: bool) -> "Place":
        """The same project on another machine."""
        other = Place(folder, host, list(self.sheets))
        other.save()
        for path in self.folder.glob("*.receipts.jsonl") if papers else ():
            shutil.copy(path, folder)
        if clips and (self.folder / "outputs").exists():
            shutil.copytree(self.folder / "outputs", folder / "outputs")
        if not papers:
            other.shelf.foreign = {path: path.read_bytes() for path in folder.glob("outputs/**/*.mp4")}
        return other

    @contextmanager
    def former_sheets(self) -> Iterator[list[Sheet]]:
        """Manifests that are no more, brought back for a while: nobody else ends what they left open."""
        now, sheets = self.known(), self.sheets
        names = {who.manifest for who, _ in [*now.owners.values(), *now.unknown]} - {s.manifest for s in sheets}
        former = [Sheet(f"former-{name}", name, (Line("z", 99),)) for name in sorted(names)]
        self.sheets = [*sheets, *former]
        self.save()
        yield former
        self.sheets = sheets
        self.save()

    def merge_receipts(self, other: "Place") -> None:
        """What `git pull` does, conflicts resolved as the house says: the lines of both sides are kept."""
        for path in sorted(other.folder.glob("*.receipts.jsonl")):
            mine = self.folder / path.name
            lines = mine.read_text(encoding="utf-8").splitlines() if mine.exists() else []
            theirs = path.read_text(encoding="utf-8").splitlines()
            mine.write_text("".join(f"{line}\n" for line in dict.fromkeys([*lines, *theirs])), encoding="utf-8")
            self.shelf.know(task for line in theirs if (task := json.loads(line).get("task_id")))

    def forget(self) -> None:
        """The ledger is gone: what only it knew, nobody knows any more."""
        skills = Words()
        skills.written_off = {charge.task_id for charge in self.words.made}
        self.words = skills
        if not any(self.folder.glob("*.receipts.jsonl")):
            self.shelf.foreign |= {path: path.read_bytes() for path in self.folder.glob("outputs/**/*.mp4")}
