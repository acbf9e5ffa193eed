"""One account, the places that share it, and what people do there."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from batchrunner.cli.main import outcome
from batchrunner.domain.job import JobId
from batchrunner.errors import ExitCode, UntrustedLedger
from batchrunner.io.clock import Clock
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Charged, record
from tests.engine.disks import Kill
from tests.moved_time import EVENING_S, MovedClock
from tests.people.desk import Command, Declined, Desk, MortalDisk
from tests.people.foreseen import foresee
from tests.people.known import Known, Unknown, asked_of, asker_of
from tests.people.place import Place
from tests.people.sheet import Line, Sheet
from tests.people.words import NO_CLIPS
from tests.studio import CTRL_C, Meanwhile

GOOD = SandboxOptions(latency_s=60, concurrency=10, balance_usd=Decimal(100_000))


@dataclass
class World:
    """`now_s` is the true time; every place's clock may be wrong.

    `told` is what people say of each submit whose outcome was unknown, wherever they are asked.
    """

    root: Path
    options: SandboxOptions = GOOD
    now_s: float = EVENING_S
    places: list[Place] = field(default_factory=list)
    told: dict[Unknown, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sheet = Sheet("batch", "batch", (Line("a", 0), Line("b", 1)))
        self.places.append(Place(self.root / "p0", "m0", [sheet], self.persons[0]))
        self.places[0].save()

    @property
    def account(self) -> Path:
        return self.root / "service.jsonl"

    @property
    def persons(self) -> tuple[Path, Path]:
        """The state folders of two people."""
        return self.root / "first-person", self.root / "second-person"

    def charges(self) -> dict[str, Charged]:
        """What the service itself knows, by task."""
        return {charge.task_id: charge for charge in record(self.account).charges}

    def desk(self, place: Place, sheet: Sheet) -> Desk:
        return Desk(
            place.folder,
            self.options,
            clock_s=self.now_s + place.skew_s,
            stem=sheet.stem,
            account=self.account,
            skew_s=place.skew_s,
            host=place.host,
        )

    # running

    def work(self, place: Place, sheet: Sheet, command: Command, disk: MortalDisk | None = None) -> ExitCode | None:
        """One process, from its start to its end or its death; None where it was killed."""
        before, known, papers = self.charges(), place.known(), place.papers()
        foreseen = foresee(place, sheet, command, known)
        desk = self.desk(place, sheet)
        lying, wants = set(place.shelf.lying().values()), sheet.wants()
        with place.sat_at():
            code = self._live(desk, command, disk)
        self.now_s, place.skew_s = _true_time(desk)
        _note_end(place, sheet, code, known)
        good = {task for task, charge in before.items() if task in lying or self._is_kept(charge)}
        good -= {task for task, charge in before.items() if charge.traits & NO_CLIPS}
        place.words.before_a_run(wants, known, papers.owners, good, sheet.retries, papers.chosen)
        new = [charge for task, charge in self.charges().items() if task not in before]
        place.words.after_a_run(place.known(), new)
        _check_caps(place, sheet, command, new)
        foreseen.check(code, new, place.contents(), is_well=self.options == GOOD)
        return code

    def _is_kept(self, charge: Charged) -> bool:
        return self.now_s < charge.at_s + charge.latency_s + self.options.retention_s

    def _live(self, desk: Desk, command: Command, disk: MortalDisk | None) -> ExitCode | None:
        if disk is not None:
            desk.connect, desk.way = disk.connect, disk.way
        try:
            return desk.run(command=command, meanwhile=_meanwhile(desk, command)).exit_code
        except Declined:
            return ExitCode.USAGE
        except Kill:
            return None
        finally:
            if disk is not None:
                disk.let_go()

    # deciding

    @contextmanager
    def _typing(self, place: Place) -> Iterator[None]:
        """Somebody types a command there, at what is the time there."""
        with place.sat_at(), patch.object(Clock, "wall_s", lambda _: self.now_s + place.skew_s):
            yield

    def resolve(self, place: Place, sheet: Sheet, unknown: Unknown, *, pay_again: bool = False) -> None:
        """`batchrunner resolve`, by the true story unless somebody pays again."""
        who = unknown.want[0]
        said = "--pay-again" if pay_again else self._story(place, unknown)
        with self._typing(place):
            code = outcome(["resolve", str(place.folder / f"{sheet.stem}.yaml"), who.name, *said.split()])
        assert code == ExitCode.DONE
        place.torn.discard(sheet.manifest)
        place.words.learn(place.known())

    def _story(self, place: Place, unknown: Unknown) -> str:
        """What became of a submit; of whom the same was asked before, the same is told."""
        if unknown not in self.told or self._names_known(self.told[unknown], place.known()):
            maker = next(each for each in self.places if each.host == unknown.host)
            self.told[unknown] = self._true_story(place.known(), maker, unknown)
        return self.told[unknown]

    def _names_known(self, said: str, known: Known) -> bool:
        return said.partition(" ")[2] in known.owners

    def _true_story(self, here: Known, maker: Place, unknown: Unknown) -> str:
        """Whoever sent it looks which of the tasks that were charged may be this one's."""
        (who, wish), there = unknown.want, maker.known()
        taken = {said.partition(" ")[2] for said in self.told.values()} | here.owners.keys()
        lost = [c.task_id for c in maker.words.made if asked_of(c) == (who.manifest, who.job, wish)]
        sent = (unknown.host, unknown.at_s)
        lost = [task for task in lost if task not in taken and there.sent.get(task, sent) == sent]
        kept = [task for task in lost if task not in maker.words.written_off]
        return f"--task {kept[0]}" if kept else "--not-submitted"

    def accept(self, place: Place, sheet: Sheet, who: JobId) -> None:
        """`batchrunner accept`; refused where there is nothing to keep."""
        self._keep(place, sheet, who, "accept")

    def pick(self, place: Place, sheet: Sheet, who: JobId, version: str) -> None:
        """`batchrunner pick`; refused where there is no such version, or something lies in its place."""
        self._keep(place, sheet, who, "pick", version)

    def _keep(self, place: Place, sheet: Sheet, who: JobId, command: str, *more: str) -> None:
        with self._typing(place):
            code = outcome([command, str(place.folder / f"{sheet.stem}.yaml"), who.name, *more])
        assert code in (ExitCode.DONE, ExitCode.USAGE)
        place.torn.discard(sheet.manifest)

    # two people

    def hand_over(self, place: Place, sheet: Sheet, command: Command) -> None:
        """Somebody else sits down there; a ledger that is not theirs they have to trust first."""
        place.person = next(each for each in self.persons if each != place.person)
        if place.person not in place.trusted and (place.state / "ledger.db").exists():
            self._refuse(place, sheet, command)
            with place.sat_at():
                assert outcome(["trust", str(place.folder)]) == ExitCode.DONE
            place.trusted.add(place.person)
        self.work(place, sheet, command)

    def _refuse(self, place: Place, sheet: Sheet, command: Command) -> None:
        before, files = self.charges(), place.contents()
        path = str(place.folder / f"{sheet.stem}.yaml")
        with place.sat_at():
            for words in (["plan", path], ["accept", path, sheet.lines[0].id]):
                assert outcome(words) == ExitCode.USAGE
            try:
                self.desk(place, sheet).run(command=command)
            except UntrustedLedger:
                pass
            else:
                raise AssertionError("somebody else's ledger was believed")
        assert self.charges() == before, "paid with a ledger that nobody trusts"
        assert place.contents() == files


def _note_end(place: Place, sheet: Sheet, code: ExitCode | None, before: Known) -> None:
    """Whoever made a ledger trusts it; whoever was killed may have told the receipts less than it knew."""
    if (place.state / "ledger.db").exists():
        place.trusted.add(place.person)
    if code is None:
        place.torn |= {sheet.manifest, *(who.manifest for who, _ in [*before.owners.values(), *before.held])}
    elif code is not ExitCode.USAGE:
        place.torn.discard(sheet.manifest)


def _check_caps(place: Place, sheet: Sheet, command: Command, new: list[Charged]) -> None:
    cost = sum((charge.amount_usd for charge in new), Decimal(0))
    if command.clips is not None:
        assert cost <= command.clips * Decimal("2.576"), "the run's limit is broken"
    if new and sheet.budget_usd is not None:
        kept = [c for c in place.words.made if asker_of(c)[0] == sheet.manifest and not c.traits & NO_CLIPS]
        lifetime = sum((charge.amount_usd for charge in kept), Decimal(0))
        assert lifetime <= sheet.budget_usd, "the budget is broken"
    assert not (command.word == "fetch" and new), "fetch paid"


def _true_time(desk: Desk) -> tuple[float, float]:
    """The true time after a run, and by how much its machine is wrong now."""
    skew_s = desk.skew_s + desk.jumped_s
    return desk.clock_s - skew_s, skew_s


def _meanwhile(desk: Desk, command: Command) -> Meanwhile:
    async def meanwhile(clock: MovedClock) -> None:
        await asyncio.sleep(command.after_s)
        clock.jump_s = desk.jumped_s = command.jump_s
        for _ in range(command.signals):
            if desk.shutdown is not None:
                desk.shutdown.request(CTRL_C)

    return meanwhile


def remove(folder: Path) -> None:
    """Somebody removes a folder that may be there."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
