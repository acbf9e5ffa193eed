"""Everything comes to rest: what is left is made good, all tell each other, and nobody pays anything more."""

from dataclasses import replace

from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from tests.moved_time import DAY_S
from tests.people.desk import Command
from tests.people.place import Place
from tests.people.sheet import Sheet
from tests.people.world import World

_ENDS = {Status.DONE, Status.FAILED, Status.EXPIRED}


def rest(world: World) -> None:
    """Everybody makes good what is left, and everything comes to its end: one more run pays nothing."""
    world.options = replace(world.options, faults={})
    for place in world.places:
        place.skew_s = 0.0
        place.sheets = [replace(sheet, budget_usd=None) for sheet in place.sheets]
        place.save()
    for later_s in (0.0, 14 * DAY_S):
        world.now_s += later_s
        for _ in range(2):
            _everybody(world)
            _meet(world)
        _everybody(world)
    charged = len(world.charges())
    _meet(world)
    _everybody(world)
    assert len(world.charges()) == charged, "there is no end of paying"
    for place in world.places:
        _check_rest(place)


def _meet(world: World) -> None:
    """Everybody hears of everything."""
    for place in world.places:
        for other in world.places:
            if other is not place:
                place.merge_receipts(other)


def _everybody(world: World) -> None:
    for place in world.places:
        with place.former_sheets() as former:
            for sheet in former:
                _make_good(world, place, sheet, Command("fetch"))
        for sheet in place.sheets:
            _make_good(world, place, sheet, Command(max_replace="all"))
        place.check(world.charges())


def _make_good(world: World, place: Place, sheet: Sheet, command: Command) -> None:
    for unknown in place.known().unknown:
        if unknown.want[0].manifest == sheet.manifest:
            world.resolve(place, sheet, unknown)
    world.work(place, sheet, command)


def _check_rest(place: Place) -> None:
    seen = [each for sheet in place.sheets for each in place.seen(sheet)]
    blocks = {each.step.hold_reason for each in seen}
    held_by = {HoldReason.FOREIGN_FILE, HoldReason.EXPIRED}
    if HoldReason.FOREIGN_FILE in blocks:
        held_by.add(HoldReason.WAITS_FOR_REUSE)  # whoever has that clip cannot put it in its place
    told = [(each.identity, each.step.status, each.step.hold_reason, each.step.reason) for each in seen]
    for each in seen:
        if each.job is None:
            assert not any(attempt.is_open for attempt in each.history.attempts), (
                f"{each.identity} is left open: {told}"
            )
        else:
            held = each.step.hold_reason in held_by
            assert each.step.is_last, f"{each.identity} goes on: {told}"
            assert each.step.status in _ENDS or held, f"{each.identity} never ends: {told}"
