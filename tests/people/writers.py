"""The hands of those who live in a world, and what they do to manifests; all must hold after each of their doings."""

import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.people.desk import PRICE_USD, Command
from tests.people.place import Place
from tests.people.rest import rest
from tests.people.service import WISH
from tests.people.sheet import Line, Sheet
from tests.people.world import World

IDS = "abcd"
STEMS = ("batch", "film", "copy")
# A disk that is none makes every fsync free; where there is none of those, it only takes longer.
_MEMORY = "/dev/shm"

AT = st.integers(0, 5)
CLIPS = st.none() | st.integers(0, 3)
MOST_REPLACED = st.sampled_from([None, None, "0", "3", "50%", "all"])


class Writers(RuleBasedStateMachine):
    """A world, and the hands of those who write its manifests. Who is eager runs a manifest after each edit."""

    def __init__(self) -> None:
        super().__init__()
        self._temporary = tempfile.TemporaryDirectory(dir=_MEMORY if Path(_MEMORY).is_dir() else None)
        self.world = World(Path(self._temporary.name))
        self.touched: Place | None = None
        self.is_eager = True
        self.takes_clips = True

    def teardown(self) -> None:
        try:
            rest(self.world)
        finally:
            self._temporary.cleanup()

    @invariant()
    def all_holds(self) -> None:
        if self.touched is not None:
            self.touched.check(self.world.charges())
            self.touched.check_clone(clips=self.takes_clips)
            self.takes_clips = not self.takes_clips
            self.touched = None

    def at(self, at: int) -> tuple[Place, Sheet]:
        desks = [(place, sheet) for place in self.world.places for sheet in place.sheets]
        self.touched, sheet = desks[at % len(desks)]
        return self.touched, sheet

    def rewrite(self, place: Place, old: Sheet, *new: Sheet, command: Command = Command()) -> None:  # noqa: B008  # frozen
        where = place.sheets.index(old)
        place.sheets[where : where + 1] = new
        place.save()
        if self.is_eager:
            self.world.work(place, new[-1], command)

    # writing

    @rule(at=AT, job=AT, wish=WISH)
    def edit(self, at: int, job: int, wish: int) -> None:
        place, sheet = self.at(at)
        number = job % len(sheet.lines)
        self.rewrite(place, sheet, sheet.with_line(number, replace(sheet.lines[number], wish=wish)))

    @rule(at=AT, job=AT, takes=st.integers(1, 3))
    def want_takes(self, at: int, job: int, takes: int) -> None:
        place, sheet = self.at(at)
        number = job % len(sheet.lines)
        self.rewrite(place, sheet, sheet.with_line(number, replace(sheet.lines[number], takes=takes)))

    @rule(at=AT, job=AT, new=st.sampled_from(IDS))
    def rename(self, at: int, job: int, new: str) -> None:
        place, sheet = self.at(at)
        number = job % len(sheet.lines)
        if new not in {line.id for line in sheet.lines}:
            self.rewrite(place, sheet, sheet.with_line(number, replace(sheet.lines[number], id=new)))

    @rule(at=AT, job=AT)
    def remove(self, at: int, job: int) -> None:
        place, sheet = self.at(at)
        gone = sheet.lines[job % len(sheet.lines)]
        left = tuple(line for line in sheet.lines if line != gone)
        if left:
            self.rewrite(place, sheet, replace(sheet, lines=left))

    @rule(at=AT, by=st.integers(4, 9), most=MOST_REPLACED)
    def slip_in_a_default(self, at: int, by: int, most: str | None) -> None:
        """All jobs ask for something that nobody has asked for yet."""
        place, sheet = self.at(at)
        slipped = replace(sheet, lines=tuple(replace(line, wish=line.wish + by) for line in sheet.lines))
        self.rewrite(place, sheet, slipped, command=Command(max_replace=most))

    @rule(at=AT, new=st.sampled_from(IDS), wish=WISH)
    def add(self, at: int, new: str, wish: int) -> None:
        place, sheet = self.at(at)
        if new not in {line.id for line in sheet.lines}:
            self.rewrite(place, sheet, replace(sheet, lines=(*sheet.lines, Line(new, wish))))

    @rule(at=AT)
    def turn_round(self, at: int) -> None:
        place, sheet = self.at(at)
        self.rewrite(place, sheet, replace(sheet, lines=sheet.lines[::-1]))

    @rule(at=AT, retries=st.integers(0, 1), clips=CLIPS)
    def settings(self, at: int, retries: int, clips: int | None) -> None:
        place, sheet = self.at(at)
        budget = None if not clips else Decimal(clips) * PRICE_USD * 2
        self.rewrite(place, sheet, replace(sheet, retries=retries, budget_usd=budget))

    @rule(at=AT, stem=st.sampled_from(STEMS), says_name=st.booleans())
    def copy_manifest(self, at: int, stem: str, says_name: bool) -> None:  # noqa: FBT001
        place, sheet = self.at(at)
        if not _is_taken(place, stem):
            self.rewrite(place, sheet, sheet, replace(sheet, stem=stem, name=stem if says_name else ""))

    @rule(at=AT, stem=st.sampled_from(STEMS))
    def move_manifest(self, at: int, stem: str) -> None:
        place, sheet = self.at(at)
        if not _is_taken(place, stem):
            self.rewrite(place, sheet, replace(sheet, stem=stem))


def _is_taken(place: Place, stem: str) -> bool:
    return any(stem in (sheet.stem, sheet.manifest) for sheet in place.sheets)
