"""One account, the places that share it, and what people do there."""

import asyncio
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from batchrunner.cli.boundary import outcome
from batchrunner.errors import Exit
from batchrunner.nouns.job import Identity
from batchrunner.nouns.status import Status
from batchrunner.nouns.step import Block
from batchrunner.sandbox import Charged, record
from batchrunner.sandbox import Options as SandboxOptions
from tests.moved_time import DAY_S, EVENING_S, MovedClock
from tests.people.desk import Command, Desk, MortalDisk
from tests.people.known import asker_of, wish_of
from tests.people.place import Place
from tests.people.sheet import Line, Sheet
from tests.people.words import NO_CLIPS
from tests.runner.disks import Kill
from tests.studio import Meanwhile

GOOD = SandboxOptions(latency_s=60, concurrency=10, balance_usd=Decimal(100_000))
_ENDS = {Status.DONE, Status.FAILED, Status.EXPIRED}


@dataclass
class World:
    """`now_s` is the true time; every place's clock may be wrong."""

    root: Path
    options: SandboxOptions = GOOD
    now_s: float = EVENING_S
    places: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places.append(Place(self.root / "p0", "m0", [Sheet("batch", "batch", (Line("a", 0), Line("b", 1)))]))
        self.places[0].save()

    @property
    def account(self) -> Path:
        return self.root / "service.jsonl"

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

    def work(self, place: Place, sheet: Sheet, command: Command, disk: MortalDisk | None = None) -> Exit | None:
        """One process, from its start to its end or its death; None where it was killed."""
        before, known = self.charges(), place.known()
        desk = self.desk(place, sheet)
        papers = place.on_paper()
        lying, wants = set(place.shelf.lying().values()), sheet.wants()
        code = self._live(desk, command, disk)
        self.now_s, place.skew_s = _true_time(desk)
        good = {task for task, charge in before.items() if task in lying or self._is_kept(charge)}
        good -= {task for task, charge in before.items() if charge.traits & NO_CLIPS}
        place.words.before_a_run(wants, known, papers, good, sheet.retries)
        new = [charge for task, charge in self.charges().items() if task not in before]
        place.words.after_a_run(wants, place.known(), new)
        _check_caps(place, sheet, command, new)
        return code

    def _is_kept(self, charge: Charged) -> bool:
        return self.now_s < charge.at_s + charge.latency_s + self.options.retention_s

    def _live(self, desk: Desk, command: Command, disk: MortalDisk | None) -> Exit | None:
        if disk is None:
            return desk.run(command=command, meanwhile=_meanwhile(desk, command)).exit_code
        desk.connect, desk.way = disk.connect, disk.way
        try:
            return desk.run(command=command, meanwhile=_meanwhile(desk, command)).exit_code
        except Kill:
            return None
        finally:
            disk.let_go()

    # deciding

    def resolve(self, place: Place, sheet: Sheet, who: Identity, *, pay_again: bool = False) -> None:
        """`batchrunner resolve`, by the true story unless somebody pays again."""
        known = place.known()
        wish = next(wish for each, wish in known.unknown if each == who)
        lost = [c for c in place.lost(known) if (*asker_of(c), wish_of(c.body["prompt"])) == (*_job(who), wish)]
        told = ["--task", lost[0].task_id] if lost else ["--not-submitted"]
        code = outcome(
            ["resolve", str(place.folder / f"{sheet.stem}.yaml"), who.name, *(["--pay-again"] if pay_again else told)]
        )
        assert code == Exit.DONE
        if pay_again:
            spare = len(known.unknown_of(*_job(who), wish)) - len(lost)
            place.words.pay_again((who, wish), place.known())
            if lost and spare <= 0:
                place.words.written_off.add(lost[0].task_id)

    def accept(self, place: Place, sheet: Sheet, who: Identity) -> None:
        """`batchrunner accept`; refused where there is nothing to keep."""
        self._keep(place, sheet, who, "accept")

    def pick(self, place: Place, sheet: Sheet, who: Identity, version: str) -> None:
        """`batchrunner pick`; refused where there is no such version, or something lies in its place."""
        self._keep(place, sheet, who, "pick", version)

    def _keep(self, place: Place, sheet: Sheet, who: Identity, command: str, *more: str) -> None:
        code = outcome([command, str(place.folder / f"{sheet.stem}.yaml"), who.name, *more])
        assert code in (Exit.DONE, Exit.USAGE)
        if code == Exit.DONE:
            place.words.accepted.add((who, sheet.wants()[who]))

    # coming to rest

    def rest(self) -> None:
        """Everybody makes good what is left, and everything comes to its end: one more run pays nothing."""
        self.options = replace(self.options, faults={})
        for place in self.places:
            place.skew_s = 0.0
            place.sheets = [replace(sheet, budget_usd=None) for sheet in place.sheets]
            place.save()
        for later_s in (0.0, 14 * DAY_S):
            self.now_s += later_s
            for _ in range(3):
                self._everybody()
        charged = len(self.charges())
        self._everybody()
        assert len(self.charges()) == charged, "there is no end of paying"
        for place in self.places:
            _check_rest(place)

    def _everybody(self) -> None:
        for place in self.places:
            with place.former_sheets() as former:
                for sheet in former:
                    self._make_good(place, sheet, Command("fetch"))
            for sheet in place.sheets:
                self._make_good(place, sheet, Command())
            place.check(self.charges())

    def _make_good(self, place: Place, sheet: Sheet, command: Command) -> None:
        for who, _ in place.known().unknown:
            if who.manifest == sheet.manifest:
                self.resolve(place, sheet, who)
        self.work(place, sheet, command)


def _job(who: Identity) -> tuple[str, str]:
    return who.manifest, who.job


def _check_rest(place: Place) -> None:
    seen = [each for sheet in place.sheets for each in place.seen(sheet)]
    blocks = {each.step.block for each in seen}
    held_by = {Block.FOREIGN_FILE, Block.EXPIRED}
    if Block.FOREIGN_FILE in blocks:
        held_by.add(Block.WAITS_FOR_KIN)  # whoever has that clip cannot put it in its place
    told = [(each.identity, each.step.status, each.step.block, each.step.reason) for each in seen]
    for each in seen:
        if each.job is None:
            assert not any(attempt.is_open for attempt in each.memory.attempts), f"{each.identity} is left open: {told}"
        else:
            held = each.step.block in held_by
            assert each.step.is_last, f"{each.identity} goes on: {told}"
            assert each.step.status in _ENDS or held, f"{each.identity} never ends: {told}"


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
            if desk.signals is not None:
                desk.signals.receive(signal.SIGINT)

    return meanwhile


def remove(folder: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


__all__ = ["GOOD", "World", "remove"]
