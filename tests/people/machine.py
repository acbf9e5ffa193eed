"""Everything people do to a project, in any order; what must hold is looked at after each of their doings."""

import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from batchrunner.sandbox import Options
from tests.people.desk import PRICE_USD, Command, MortalDisk
from tests.people.place import Place
from tests.people.service import FAILING, LOSING, SERVICE, WISH
from tests.people.sheet import Line, Sheet
from tests.people.world import World, remove
from tests.runner.disks import Moment

IDS = "abcd"
STEMS = ("batch", "film", "copy")
HOUR_S = 3600.0
NEVER = 10_000
# A disk that is none makes every fsync free; where there is none of those, it only takes longer.
_MEMORY = "/dev/shm"

AT = st.integers(0, 5)
DEATH = st.none() | st.integers(1, 12)
CLIPS = st.none() | st.integers(0, 3)


class People(RuleBasedStateMachine):
    """A world, and the hands of those who live in it. Who is eager runs a manifest after each edit."""

    def __init__(self) -> None:
        super().__init__()
        self._temporary = tempfile.TemporaryDirectory(dir=_MEMORY if Path(_MEMORY).is_dir() else None)
        self.world = World(Path(self._temporary.name))
        self.touched: Place | None = None
        self.is_eager = True

    def teardown(self) -> None:
        try:
            self.world.rest()
        finally:
            self._temporary.cleanup()

    @invariant()
    def all_holds(self) -> None:
        if self.touched is not None:
            self.touched.check(self.world.charges())
            self.touched = None

    def _at(self, at: int) -> tuple[Place, Sheet]:
        desks = [(place, sheet) for place in self.world.places for sheet in place.sheets]
        self.touched, sheet = desks[at % len(desks)]
        return self.touched, sheet

    def _rewrite(self, place: Place, old: Sheet, *new: Sheet) -> None:
        where = place.sheets.index(old)
        place.sheets[where : where + 1] = new
        place.save()
        if self.is_eager:
            self.world.work(place, new[-1], Command())

    # running

    @initialize(service=LOSING | FAILING)
    def begin(self, service: Options) -> None:
        self.world.options = service
        self.world.work(*self._at(0), Command())

    @rule(at=AT, service=SERVICE, clips=CLIPS, word=st.sampled_from(["run", "run", "fetch"]))
    def run(self, at: int, service: Options, clips: int | None, word: str) -> None:
        self.world.options = service
        self.world.work(*self._at(at), Command(word, clips=clips))

    @rule(at=AT, service=SERVICE, write=st.integers(1, 40), moment=st.sampled_from(Moment))
    def run_and_die_at_a_write(self, at: int, service: Options, write: int, moment: Moment) -> None:
        self.world.options = service
        self.world.work(*self._at(at), Command(), MortalDisk(write, NEVER, moment))

    @rule(at=AT, service=SERVICE, request=st.integers(1, 20), moment=st.sampled_from(Moment))
    def run_and_die_at_a_request(self, at: int, service: Options, request: int, moment: Moment) -> None:
        self.world.options = service
        self.world.work(*self._at(at), Command(), MortalDisk(NEVER, request, moment))

    @rule(at=AT, service=SERVICE, signals=st.integers(1, 2), after_s=st.sampled_from([0.05, 1.0, 20.0, 65.0]))
    def run_and_interrupt(self, at: int, service: Options, signals: int, after_s: float) -> None:
        self.world.options = service
        self.world.work(*self._at(at), Command(signals=signals, after_s=after_s))

    @rule(at=AT, service=SERVICE, hours=st.sampled_from([-30, -1, 1, 30]), after_s=st.sampled_from([0.05, 30.0]))
    def run_while_somebody_sets_the_clock(self, at: int, service: Options, hours: int, after_s: float) -> None:
        self.world.options = service
        self.world.work(*self._at(at), Command(jump_s=hours * HOUR_S, after_s=after_s))

    @rule(
        at=AT, service=SERVICE, word=st.sampled_from(["retry", "redo"]), job=AT, dies_at=st.none() | st.integers(1, 12)
    )
    def pay_again_on_purpose(self, at: int, service: Options, word: str, job: int, dies_at: int | None) -> None:
        self.world.options = service
        place, sheet = self._at(at)
        names = [who.name for who in sheet.wants()]
        disk = None if dies_at is None else MortalDisk(dies_at, NEVER, Moment.AFTER)
        self.world.work(place, sheet, Command(word, frozenset({names[job % len(names)]})), disk)

    # deciding

    @rule(at=AT, job=AT, pay_again=st.booleans())
    def resolve(self, at: int, job: int, pay_again: bool) -> None:  # noqa: FBT001
        place, sheet = self._at(at)
        unknown = [who for who, _ in place.known().unknown if who.manifest == sheet.manifest]
        if unknown:
            self.world.resolve(place, sheet, unknown[job % len(unknown)], pay_again=pay_again)

    @rule(at=AT, job=AT)
    def accept(self, at: int, job: int) -> None:
        place, sheet = self._at(at)
        wants = list(sheet.wants())
        self.world.accept(place, sheet, wants[job % len(wants)])

    @rule(at=AT, job=AT, number=st.integers(1, 3))
    def pick(self, at: int, job: int, number: int) -> None:
        place, sheet = self._at(at)
        wants = list(sheet.wants())
        self.world.pick(place, sheet, wants[job % len(wants)], f"v{number}")

    # writing

    @rule(at=AT, job=AT, wish=WISH)
    def edit(self, at: int, job: int, wish: int) -> None:
        place, sheet = self._at(at)
        number = job % len(sheet.lines)
        self._rewrite(place, sheet, sheet.with_line(number, replace(sheet.lines[number], wish=wish)))

    @rule(at=AT, job=AT, takes=st.integers(1, 3))
    def want_takes(self, at: int, job: int, takes: int) -> None:
        place, sheet = self._at(at)
        number = job % len(sheet.lines)
        self._rewrite(place, sheet, sheet.with_line(number, replace(sheet.lines[number], takes=takes)))

    @rule(at=AT, job=AT, new=st.sampled_from(IDS))
    def rename(self, at: int, job: int, new: str) -> None:
        place, sheet = self._at(at)
        number = job % len(sheet.lines)
        if new not in {line.id for line in sheet.lines}:
            self._rewrite(place, sheet, sheet.with_line(number, replace(sheet.lines[number], id=new)))

    @rule(at=AT, job=AT)
    def remove(self, at: int, job: int) -> None:
        place, sheet = self._at(at)
        gone = sheet.lines[job % len(sheet.lines)]
        left = tuple(line for line in sheet.lines if line != gone)
        if left:
            self._rewrite(place, sheet, replace(sheet, lines=left))

    @rule(at=AT, new=st.sampled_from(IDS), wish=WISH)
    def add(self, at: int, new: str, wish: int) -> None:
        place, sheet = self._at(at)
        if new not in {line.id for line in sheet.lines}:
            self._rewrite(place, sheet, replace(sheet, lines=(*sheet.lines, Line(new, wish))))

    @rule(at=AT)
    def turn_round(self, at: int) -> None:
        place, sheet = self._at(at)
        self._rewrite(place, sheet, replace(sheet, lines=sheet.lines[::-1]))

    @rule(at=AT, retries=st.integers(0, 1), clips=CLIPS)
    def settings(self, at: int, retries: int, clips: int | None) -> None:
        place, sheet = self._at(at)
        budget = None if not clips else Decimal(clips) * PRICE_USD * 2
        self._rewrite(place, sheet, replace(sheet, retries=retries, budget_usd=budget))

    @rule(at=AT, stem=st.sampled_from(STEMS), says_name=st.booleans())
    def copy_manifest(self, at: int, stem: str, says_name: bool) -> None:  # noqa: FBT001
        place, sheet = self._at(at)
        if not _is_taken(place, stem):
            self._rewrite(place, sheet, sheet, replace(sheet, stem=stem, name=stem if says_name else ""))

    @rule(at=AT, stem=st.sampled_from(STEMS))
    def move_manifest(self, at: int, stem: str) -> None:
        place, sheet = self._at(at)
        if not _is_taken(place, stem):
            self._rewrite(place, sheet, replace(sheet, stem=stem))

    # on the disk

    @rule(at=AT, job=AT)
    def delete_a_file(self, at: int, job: int) -> None:
        place, sheet = self._at(at)
        names = [who.name for who in sheet.wants()]
        place.shelf.delete(place.output(sheet, names[job % len(names)]))

    @rule(at=AT, job=AT, number=WISH)
    def put_a_file_there(self, at: int, job: int, number: int) -> None:
        place, sheet = self._at(at)
        names = [who.name for who in sheet.wants()]
        place.shelf.put(place.output(sheet, names[job % len(names)]), b"my holiday %d" % number)

    # between machines

    @rule(at=AT, papers=st.booleans(), clips=st.booleans())
    def clone(self, at: int, papers: bool, clips: bool) -> None:  # noqa: FBT001
        place, _ = self._at(at)
        number = len(self.world.places)
        if number < 3:
            folder = self.world.root / f"p{number}"
            self.world.places.append(place.clone(folder, host=f"m{number}", papers=papers, clips=clips))

    @rule(at=AT, other=AT)
    def merge_receipts(self, at: int, other: int) -> None:
        theirs, _ = self._at(other)
        ours, _ = self._at(at)
        if ours is not theirs:
            ours.merge_receipts(theirs)

    @rule(at=AT)
    def lose_the_ledger(self, at: int) -> None:
        place, _ = self._at(at)
        remove(place.state)
        place.forget()

    # time and the service

    @rule(hours=st.sampled_from([1, 23, 25, 80]))
    def wait(self, hours: int) -> None:
        self.world.now_s += hours * HOUR_S

    @rule(at=AT, hours=st.sampled_from([-50, -2, 0, 2, 50]))
    def set_the_clock(self, at: int, hours: int) -> None:
        place, _ = self._at(at)
        place.skew_s = hours * HOUR_S

    @rule()
    def change_of_habit(self) -> None:
        self.is_eager = not self.is_eager


def _is_taken(place: Place, stem: str) -> bool:
    return any(stem in (sheet.stem, sheet.manifest) for sheet in place.sheets)


__all__ = ["People"]
