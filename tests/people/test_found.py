"""What the machine, or a look at its rules, found: each in the shortest story that shows it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Fault
from tests.engine.disks import Moment
from tests.people.desk import Command, MortalDisk
from tests.people.place import Place
from tests.people.sheet import Line, Sheet
from tests.people.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One place with one manifest of two jobs, `a` and `b`."""
    return World(tmp_path)


def run(world: World, place: Place, command: Command = Command()) -> ExitCode | None:  # noqa: B008  # it is frozen
    """One command on a place's first manifest; then all must hold there."""
    code = world.work(place, place.sheets[0], command)
    place.check(world.charges())
    return code


def rewrite(place: Place, change: Callable[[Sheet], Sheet]) -> None:
    """Somebody edits a place's first manifest."""
    place.sheets[0] = change(place.sheets[0])
    place.save()


def clone(world: World, place: Place) -> Place:
    """The project on another machine: its manifests and receipts, without clips."""
    number = len(world.places)
    other = place.clone(world.root / f"p{number}", host=f"m{number}", papers=True, clips=False)
    world.places.append(other)
    return other


def test_receipts_merged_by_keeping_the_lines_of_both_sides_are_taken_in(world: World) -> None:
    first = world.places[0]
    run(world, first, Command(signals=2, after_s=20))
    second = clone(world, first)
    run(world, second)
    run(world, first)
    second.merge_receipts(first)
    third = clone(world, second)

    assert run(world, third) is ExitCode.DONE

    assert len(world.charges()) == 2


def test_a_manifest_renamed_on_a_clone_takes_over_what_the_receipts_of_its_old_name_tell(world: World) -> None:
    run(world, world.places[0])
    other = clone(world, world.places[0])
    rewrite(other, lambda sheet: replace(sheet, stem="film", name="film"))

    assert run(world, other) is ExitCode.DONE

    assert len(world.charges()) == 2


def test_a_job_that_was_refused_takes_over_what_a_copy_of_its_manifest_paid_meanwhile(world: World) -> None:
    place, good = world.places[0], world.options
    world.options = replace(good, faults={Fault.CONCURRENT_LIMITED: 1.0})
    run(world, place, Command(signals=1, after_s=3.0))
    world.options = good
    place.sheets.append(replace(place.sheets[0], stem="film", name="film"))
    place.save()
    world.work(place, place.sheets[1], Command())

    assert run(world, place) is ExitCode.DONE

    assert len(world.charges()) == 2


def test_a_redo_of_an_accepted_job_does_not_pay_again_for_the_wish_of_its_old_clip(world: World) -> None:
    place = world.places[0]
    run(world, place)
    rewrite(place, lambda sheet: sheet.with_line(0, Line("a", 3)))
    who = next(iter(place.sheets[0].wants()))
    world.accept(place, place.sheets[0], who)
    run(world, place, Command("redo", frozenset({"a"})))
    assert len(world.charges()) == 3
    rewrite(place, lambda sheet: sheet.with_line(0, Line("a", 0)))

    assert run(world, place) is ExitCode.DONE

    assert len(world.charges()) == 3


def test_a_clone_pays_nothing_for_a_job_that_was_renamed_before_its_old_id_was_used_anew(world: World) -> None:
    place = world.places[0]
    run(world, place)
    rewrite(place, lambda sheet: sheet.with_line(0, Line("c", 0)))
    run(world, place)
    rewrite(place, lambda sheet: replace(sheet, lines=(*sheet.lines, Line("a", 3))))
    run(world, place)
    assert len(world.charges()) == 3

    assert run(world, clone(world, place)) is ExitCode.DONE

    assert len(world.charges()) == 3


def test_jobs_whose_prompts_were_swapped_swap_their_clips_and_pay_nothing(world: World) -> None:
    place = world.places[0]
    run(world, place)
    rewrite(place, lambda sheet: replace(sheet, lines=(Line("a", 1), Line("b", 0))))

    assert run(world, place) is ExitCode.DONE

    assert len(world.charges()) == 2
    assert {seen.step.status for seen in place.seen(place.sheets[0])} == {Status.DONE}


def test_a_manifest_renamed_while_its_clips_are_rendered_brings_them_home_under_its_new_name(world: World) -> None:
    place = world.places[0]
    run(world, place, Command(signals=2, after_s=20))
    rewrite(place, lambda sheet: replace(sheet, stem="film", name="film"))

    assert run(world, place) is ExitCode.DONE

    assert len(world.charges()) == 2
    assert {seen.step.status for seen in place.seen(place.sheets[0])} == {Status.DONE}


def test_a_submit_without_an_answer_can_be_resolved_after_its_manifest_was_renamed(world: World) -> None:
    place, good = world.places[0], world.options
    world.options = replace(good, faults={Fault.SUBMIT_CUT_AFTER: 1.0})
    run(world, place)
    world.options = good
    rewrite(place, lambda sheet: replace(sheet, stem="film", name="film"))
    assert run(world, place) is ExitCode.PERSON_NEEDED

    for charge in world.charges().values():
        job = str(charge.body["image"]).rpartition(".")[2]
        with place.sat_at():
            assert outcome(["resolve", str(place.folder / "film.yaml"), job, "--task", charge.task_id]) == ExitCode.DONE

    assert run(world, place) is ExitCode.DONE
    assert len(world.charges()) == 2


# on other machines


def test_a_success_without_a_video_that_was_given_up_is_closed_on_a_clone(world: World) -> None:
    place = world.places[0]
    world.options = replace(world.options, faults={Fault.NO_VIDEO: 1.0})
    run(world, place)
    rewrite(place, lambda sheet: replace(sheet, lines=sheet.lines[:1]))

    place.check_clone(clips=True)


def unknown(world: World, place: Place) -> None:
    """All answers to a place's submits are lost."""
    good = world.options
    world.options = replace(good, faults={Fault.SUBMIT_CUT_AFTER: 1.0})
    run(world, place)
    world.options = good


def order_a_redo(world: World, place: Place) -> None:
    """A `redo` of the job `a` that is killed once its decision is recorded; `fetch` tells the receipts."""
    write = 0
    while not place.known().decisions:
        write += 1
        disk = MortalDisk(write, 10_000, Moment.AFTER)
        world.work(place, place.sheets[0], Command("redo", frozenset({"a"})), disk)
    run(world, place, Command("fetch"))
    assert [seen.step.action for seen in place.seen(place.sheets[0])] == [Action.SUBMIT, Action.NONE]


def test_a_submit_that_was_paid_again_is_closed_on_a_clone_although_the_clock_was_set_back_before(
    world: World,
) -> None:
    place = world.places[0]
    unknown(world, place)
    place.skew_s = -50 * 3600.0
    world.resolve(place, place.sheets[0], place.known().unknown[0], pay_again=True)

    place.check_clone(clips=True)


def test_a_redo_is_open_on_a_clone_although_the_clock_was_set_back_before(world: World) -> None:
    place = world.places[0]
    run(world, place)
    place.skew_s = -50 * 3600.0
    order_a_redo(world, place)

    place.check_clone(clips=True)


def test_who_pays_again_for_one_of_two_unknown_submits_leaves_the_other_one_unknown(world: World) -> None:
    first, second = world.places[0], clone(world, world.places[0])
    unknown(world, first)
    unknown(world, second)
    first.merge_receipts(second)
    world.resolve(first, first.sheets[0], first.known().unknown[0], pay_again=True)

    first.check_clone(clips=True)
    assert len(first.known().unknown) == 2


def test_what_another_machine_sent_before_a_redo_does_not_undo_it_when_its_receipt_comes_late(world: World) -> None:
    first, second = world.places[0], clone(world, world.places[0])
    run(world, second)
    run(world, first)
    order_a_redo(world, first)

    first.merge_receipts(second)

    assert [seen.step.action for seen in first.seen(first.sheets[0])] == [Action.SUBMIT, Action.NONE]
    first.check_clone(clips=True)
