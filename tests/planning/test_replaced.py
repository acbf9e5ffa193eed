"""Which finished clips a plan would render again, what they had cost, and which edit does it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import Job
from batchrunner.domain.location import Location
from batchrunner.domain.request import Request
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, Step
from batchrunner.planning.replaced import NONE_REPLACED, Replaced, replaced
from tests.planning.histories import EDITED, OPENED_S, REQUEST, SUCCESS, a_job, accepted, closed, failed, put

SUBMIT = Step(Action.SUBMIT, Status.PENDING, "changed: durationSeconds")
DONE = Step(Action.NONE, Status.DONE, "done")
FINISHED = JobHistory((closed(put(accepted(SUCCESS))),))
DEFAULTS = Location("film.yaml", 4, 30)


def edited(name: str = "hero", location: Location | None = DEFAULTS, layer: str = "defaults", **fields: str) -> Job:
    """A job whose length was changed, and more fields if need be."""
    request = Request(EDITED.model, {**EDITED.fields, **fields})
    changed = ("durationSeconds", *fields)
    locations: dict[str, Location] = dict.fromkeys(changed, location) if location else {}
    return replace(a_job(request, name), locations=locations, layers=dict.fromkeys(changed, layer) if layer else {})


def why(*jobs: Job) -> str:
    return replaced((job, FINISHED, SUBMIT) for job in jobs).why()


def test_a_slip_in_defaults_is_one_cause_with_what_the_clips_had_cost() -> None:
    found = replaced([(edited(name), FINISHED, SUBMIT) for name in ("a", "b")] + [(a_job(), FINISHED, DONE)])
    assert (found.finished, found.clips, found.had_cost_usd) == (3, 2, Decimal("6.00"))
    assert found.why() == "`durationSeconds` in defaults, film.yaml:4"


@pytest.mark.parametrize(
    ("job", "memory", "step"),
    [
        (a_job(), JobHistory(), SUBMIT),
        (a_job(), JobHistory((failed("broke"),)), SUBMIT),
        (edited(), JobHistory((failed("broke"),)), SUBMIT),
        (edited(), JobHistory((accepted(),)), SUBMIT),
        (None, FINISHED, DONE),
    ],
)
def test_what_was_never_finished_is_not_replaced(job: Job | None, memory: JobHistory, step: Step) -> None:
    assert replaced([(job, memory, step)]) == NONE_REPLACED


def test_what_is_not_submitted_is_not_replaced() -> None:
    held = replace(SUBMIT, action=Action.HOLD)
    assert replaced([(edited(), FINISHED, held)]) == Replaced(finished=1)


def test_the_bill_counts_and_not_the_estimate() -> None:
    memory = JobHistory((closed(put(accepted(replace(SUCCESS, billed_usd=Decimal("1.25"))))),))
    assert replaced([(edited(), memory, SUBMIT)]).had_cost_usd == Decimal("1.25")


def test_a_clip_is_replaced_although_an_edit_in_between_failed() -> None:
    memory = JobHistory((*FINISHED.attempts, replace(failed("broke"), request=EDITED, number=2, id=2)))
    again = replaced([(edited(prompt="She sits"), memory, SUBMIT)])
    assert (again.clips, again.had_cost_usd) == (1, Decimal("3.00"))
    assert "`durationSeconds`" in again.why()


def decided(kind: DecisionKind) -> JobHistory:
    return replace(FINISHED, decisions=(Decision(OPENED_S, kind, 1, REQUEST),))


@pytest.mark.parametrize("kind", [DecisionKind.REDO, DecisionKind.RETRY, DecisionKind.PAY_AGAIN])
def test_what_somebody_ordered_by_name_is_counted_apart(kind: DecisionKind) -> None:
    found = replaced([(a_job(), decided(kind), SUBMIT)])
    assert (found.clips, found.ordered, found.ordered_had_cost_usd) == (0, 1, Decimal("3.00"))


REDONE_IN_VAIN = replace(failed("broke"), request=REQUEST, number=2, id=2)
EDITED_IN_VAIN = replace(REDONE_IN_VAIN, request=EDITED)


@pytest.mark.parametrize(("job", "second"), [(a_job(), REDONE_IN_VAIN), (edited(), EDITED_IN_VAIN)])
def test_a_request_that_was_tried_after_the_clip_was_agreed_to_and_is_no_slip(job: Job, second: Attempt) -> None:
    found = replaced([(job, JobHistory((*FINISHED.attempts, second)), SUBMIT)])
    assert (found.clips, found.ordered) == (0, 1)


def test_values_of_the_jobs_themselves_are_one_cause_a_file() -> None:
    jobs = [edited(f"shot-{line}", Location("shots.csv", line, 5), "") for line in (2, 3, 9)]
    assert why(*jobs) == "`durationSeconds` of 3 jobs, from shots.csv:2 on"
    assert why(jobs[2]) == "`durationSeconds`, shots.csv:9"


def test_each_layer_is_a_cause_and_the_one_that_hits_most_comes_first() -> None:
    jobs = [
        edited("a", Location("film.yaml", 9, 5), 'template "hero"'),
        edited("b"),
        edited("c"),
    ]
    assert why(*jobs) == (
        "`durationSeconds` in defaults, film.yaml:4 (2 of them); "
        '`durationSeconds` in template "hero", film.yaml:9 (1 of them)'
    )


def test_a_field_that_is_not_written_any_more_has_no_place() -> None:
    assert why(edited(location=None)) == "`durationSeconds`, which was removed"


def test_no_more_than_three_causes_are_told() -> None:
    job = edited(negativePrompt="rain", personGeneration="x", resolution="4k", seed="1")
    assert why(job).endswith("; and 2 more")
