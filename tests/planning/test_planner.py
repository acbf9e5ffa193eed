"""The decider against a table that was written from the rules of money, over every combination of facts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import NamedTuple

import pytest

from batchrunner.domain.attempt import Attempt, RejectReason
from batchrunner.domain.budget import Budget
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.money import FREE, Cost
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step, total
from batchrunner.planning.inputs import FileState, PlanInputs, PlanOptions, StopReason
from batchrunner.planning.planner import next_step, plan_all
from tests.planning.histories import (
    COST,
    EARLY_S,
    EDITED,
    GONE_FOR_GOOD,
    LATE_S,
    PASTS,
    REQUEST,
    SUCCESS,
    a_job,
    accepted,
    closed,
    failed,
    put,
    refused,
)

pytestmark = pytest.mark.untraced

FOREIGN = "outputs/film/hero.mp4"
STOP = StopReason(HoldReason.DRAIN, "Ctrl-C: the same command goes on")
TASK_STOP = StopReason(HoldReason.TASK_TIMEOUT, "still open after 30 minutes")
ROOMS = {"no cap": None, "enough": Decimal("3.00"), "too little": Decimal("2.99")}


class Case(NamedTuple):
    """One combination, in words. What it says of a file or of a POST in flight only some pasts can show."""

    past: str
    file_is_there: bool = False
    in_flight: bool = False
    wanted: str = "same"  # or edited, departed
    mark: DecisionKind | None = None
    foreign: bool = False
    stop: bool = False
    task_stop: bool = False
    room: str = "no cap"
    retries: int = 0
    selection: str = "all"  # or this, others, none: what may be submitted


def combinations(past: str) -> Iterator[Case]:
    """Everything that can be true beside one past."""
    attempt = PASTS[past]
    yield from (
        Case(past, *parts)
        for parts in product(
            (False, True) if attempt and attempt.clips else (False,),
            (False, True) if past == "unanswered" else (False,),
            ("same", "edited", "departed"),
            (None, *DecisionKind),
            (False, True),
            (False, True),
            (False, True),
            ROOMS,
            (0, 1),
            ("all", "others", "none"),
        )
    )


def decide(case: Case) -> Step:
    """What the planner says."""
    attempt = PASTS[case.past]
    attempts = () if attempt is None else (attempt,)
    marks = () if case.mark is None else (Decision(EARLY_S, case.mark, after=len(attempts)),)
    job = {"same": a_job(), "edited": a_job(EDITED), "departed": None}[case.wanted]
    facts = PlanInputs(
        files=FileState(
            frozenset({1}) if case.file_is_there else frozenset(),
            FOREIGN if case.foreign else None,
        ),
        cost=COST,
        room_usd=ROOMS[case.room],
        stop=STOP if case.stop else None,
        task_stop=TASK_STOP if case.task_stop else None,
        in_flight=case.in_flight,
    )
    only = {"this": frozenset({"hero", "villain"}), "others": frozenset({"villain"})}.get(case.selection)
    options = PlanOptions(case.retries, only, submits=case.selection != "none")
    return next_step(job, JobHistory(attempts, marks), facts, options)


# The oracle: sentences of the rules, in the order in which they apply. The first that fits is what is expected.

WAITS = {"accepted", "running", "running, not found too early"}
WAITS_FOR_ITS_FILE = {
    "rendered",
    "rendered, not found too early",
    "rendered, not found once",
    "clip written down, not settled",
}
OPEN = {"unanswered", "unknown", "unknown, without a word"} | WAITS | WAITS_FOR_ITS_FILE
FAILED_TASKS = {
    "failed": "the render broke",
    "failed, without a word": "failed",
    "moderated": (
        "blocked by content moderation; an unchanged prompt will probably be refused again: "
        "blocked by the safety filter"
    ),
    "success without a video": "no video",
}
FAILURES = FAILED_TASKS | {"refused: invalid": "InvalidParameter: no such thing"}
REFUSALS = {
    "refused: key": "the API key was refused before",
    "refused: balance": "the balance was used up before",
    "refused: address": "the address or the model was refused before",
    "refused: rate": "it was refused before: too many requests",
    "refused: concurrent": "it was refused before: too many running tasks",
    "refused: not-sent": "it could not be sent before",
    "refused: by-hand": "it was not submitted, according to `resolve`",
}
LOST = {
    "never seen again",
    "rendered, lost",
    "rendered, lost by one look of an older release",
    "done, later gone",
    "among the versions, later gone",
}
PUT = {"done", "done, not found too early", "done, not found once", "done, later gone"}
KEPT = {"among the versions", "among the versions, later gone"}
PLACED = PUT | KEPT
SETTLED = {*FAILURES, *PLACED, *LOST}


@dataclass(frozen=True)
class Expected:
    action: Action
    status: Status
    reason: str
    block: HoldReason | None = None


Condition = Callable[[Case], bool]
Answering = Callable[[Case], Expected]


def hold(status: Status, reason: str, block: HoldReason) -> Answering:
    return lambda _: Expected(Action.HOLD, status, reason, block)


def does(action: Action, status: Status, reason: str) -> Answering:
    return lambda _: Expected(action, status, reason)


def status_of_task(case: Case) -> Status:
    return Status.RUNNING if case.past in WAITS else Status.RENDERED


def status_when_left(case: Case) -> Status:
    """What is told of a job that is in the manifest no more."""
    if case.past in PUT and case.file_is_there:
        return Status.DONE
    if case.past in FAILURES:
        return Status.FAILED
    if case.past in LOST:
        return Status.EXPIRED
    return Status.PENDING if case.past == "none" or case.past in REFUSALS else Status.RENDERED


NOT_OURS = f"{FOREIGN} exists but was not created by batchrunner; move it"


def needs_its_file(case: Case) -> bool:
    return case.past in WAITS_FOR_ITS_FILE or (case.past in PLACED and not case.file_is_there)


def is_asked_for(case: Case) -> bool:
    return case.past in WAITS or needs_its_file(case)


BEFORE_ANYTHING_NEW: list[tuple[Condition, Answering]] = [
    (
        lambda c: c.in_flight,
        hold(Status.PENDING, "being submitted right now", HoldReason.IN_FLIGHT),
    ),
    (
        lambda c: c.past == "unanswered",
        hold(
            Status.UNKNOWN,
            "it may have been paid: sent, but the run ended before an answer was recorded",
            HoldReason.UNKNOWN,
        ),
    ),
    (
        lambda c: c.past == "unknown",
        hold(Status.UNKNOWN, "it may have been paid: no answer in time (ReadTimeout)", HoldReason.UNKNOWN),
    ),
    (
        lambda c: c.past == "unknown, without a word",
        hold(Status.UNKNOWN, "it may have been paid", HoldReason.UNKNOWN),
    ),
    (
        lambda c: c.past in WAITS_FOR_ITS_FILE and c.file_is_there,
        does(Action.SETTLE, Status.RENDERED, "its verified file is in place"),
    ),
]

FREE_STEPS: list[tuple[Condition, Answering]] = [
    (
        lambda c: needs_its_file(c) and c.foreign,
        hold(Status.RENDERED, NOT_OURS, HoldReason.FOREIGN_FILE),
    ),
    (
        lambda c: is_asked_for(c) and c.task_stop,
        lambda c: Expected(Action.HOLD, status_of_task(c), TASK_STOP.reason, TASK_STOP.hold_reason),
    ),
    (
        lambda c: c.past in WAITS,
        does(Action.POLL, Status.RUNNING, "task task-1 is open"),
    ),
    (
        lambda c: c.past in WAITS_FOR_ITS_FILE,
        does(Action.FETCH, Status.RENDERED, "rendered, not downloaded yet"),
    ),
    (
        lambda c: c.past in PLACED and not c.file_is_there,
        does(Action.FETCH, Status.RENDERED, "its file is gone from the disk: downloaded again, free"),
    ),
]

FINISHED: list[tuple[Condition, Answering]] = [
    (
        lambda c: c.past in PUT and c.file_is_there,
        does(Action.NONE, Status.DONE, "done"),
    ),
    (
        lambda c: c.past in KEPT and c.file_is_there and c.foreign,
        hold(Status.RENDERED, NOT_OURS, HoldReason.FOREIGN_FILE),
    ),
    (
        # a disk that did not take it back stops it, as it stops a fetch
        lambda c: c.past in KEPT and c.file_is_there and c.task_stop,
        hold(Status.RENDERED, TASK_STOP.reason, TASK_STOP.hold_reason),
    ),
    (
        lambda c: c.past in KEPT and c.file_is_there,
        does(Action.RESTORE, Status.RENDERED, "paid before: its clip is in versions/"),
    ),
    (
        lambda c: c.past in LOST and c.selection == "none" and not c.task_stop and c.foreign,
        hold(Status.EXPIRED, NOT_OURS, HoldReason.FOREIGN_FILE),
    ),
    (
        # a run that submits nothing may ask once more
        lambda c: c.past in LOST and c.selection == "none" and not c.task_stop,
        does(Action.FETCH, Status.EXPIRED, "the service no longer had the result: asked for once more, free"),
    ),
    (
        lambda c: c.past in LOST,
        hold(Status.EXPIRED, "paid, and the service no longer has the result", HoldReason.EXPIRED),
    ),
    (
        lambda c: c.past in FAILURES,
        lambda c: Expected(Action.NONE, Status.FAILED, FAILURES[c.past]),
    ),
]

WHY_SUBMIT: list[tuple[Condition, Callable[[Case], str]]] = [
    (lambda c: c.past == "none", lambda _: "new"),
    (lambda c: c.wanted == "edited", lambda _: "changed: durationSeconds"),
    (
        lambda c: c.mark is DecisionKind.PAY_AGAIN,
        lambda _: "to be paid again, although the earlier submit may have been paid",
    ),
    (lambda c: c.mark is DecisionKind.REDO, lambda _: "to be paid again, as requested"),
    (lambda c: c.past in REFUSALS, lambda c: REFUSALS[c.past]),
    (lambda c: c.past in FAILURES and c.mark is DecisionKind.RETRY, lambda _: "failed, submitted again as requested"),
    (lambda c: c.past in FAILED_TASKS and c.retries > 0, lambda _: "failed, retry 1 of 1"),
]


def expected(case: Case) -> Expected:
    """What the rules say."""
    free = BEFORE_ANYTHING_NEW + (FREE_STEPS if case.past in OPEN else [])
    for applies, answer in free:
        if applies(case):
            return answer(case)
    if case.wanted == "departed":
        return Expected(Action.NONE, status_when_left(case), "no longer in the manifest")
    for applies, why in WHY_SUBMIT:
        if applies(case):
            return gated(case, why(case))
    for applies, answer in FINISHED + FREE_STEPS:
        if applies(case):
            return answer(case)
    raise AssertionError(f"the table says nothing of {case}")


def gated(case: Case, why: str) -> Expected:
    """A submit, or what stands in its way."""
    if case.selection in ("others", "none"):
        told = "not selected" if case.selection == "others" else why
        return Expected(Action.HOLD, Status.PENDING, told, HoldReason.NOT_SELECTED)
    if case.foreign:
        return Expected(Action.HOLD, Status.PENDING, NOT_OURS, HoldReason.FOREIGN_FILE)
    if case.stop:
        return Expected(Action.HOLD, Status.PENDING, STOP.reason, STOP.hold_reason)
    if case.room == "too little":
        return Expected(Action.HOLD, Status.PENDING, "the cost limit leaves no room", HoldReason.COST_LIMIT)
    return Expected(Action.SUBMIT, Status.PENDING, why)


def seen(step: Step) -> Expected:
    return Expected(step.action, step.status, step.reason, step.hold_reason)


def differences(past: str) -> dict[tuple[Expected, Expected], tuple[int, Case]]:
    """Each way in which house and table differ, with how often and the first example."""
    found: dict[tuple[Expected, Expected], tuple[int, Case]] = {}
    for case in combinations(past):
        pair = seen(decide(case)), expected(case)
        if pair[0] != pair[1]:
            times, first = found.get(pair, (0, case))
            found[pair] = times + 1, first
    return found


@pytest.mark.parametrize("past", PASTS)
def test_every_combination_is_decided_as_the_rules_say(past: str) -> None:
    told = [
        f"{case}\n  is:     {is_}\n  should: {should}\n  ({times} times)"
        for (is_, should), (times, case) in differences(past).items()
    ]
    assert not told, "\n".join(told)


def never_submits_while_something_is_open(case: Case, step: Step) -> bool:
    return step.action is not Action.SUBMIT or case.past not in OPEN


def never_pays_again_for_the_same_unasked(case: Case, step: Step) -> bool:
    is_settled = case.past in SETTLED
    asked = case.mark is not None or (case.past in FAILED_TASKS and case.retries > 0)
    return step.action is not Action.SUBMIT or case.wanted == "edited" or not is_settled or asked


def never_submits_against_a_stop_a_limit_or_a_file(case: Case, step: Step) -> bool:
    forbidden = case.stop or case.foreign or case.room == "too little" or case.selection in ("others", "none")
    return step.action is not Action.SUBMIT or not forbidden


def never_submits_what_left_the_manifest(case: Case, step: Step) -> bool:
    return step.action is not Action.SUBMIT or case.wanted != "departed"


def tells_what_holds_it(_: Case, step: Step) -> bool:
    return (step.hold_reason is not None) == (step.action is Action.HOLD)


def gives_a_reason(_: Case, step: Step) -> bool:
    is_fragment = step.reason == step.reason.strip() and step.reason[-1:] not in (".", ":", "")
    return is_fragment and "None" not in step.reason and "\n" not in step.reason


def carries_what_it_costs(_: Case, step: Step) -> bool:
    return step.cost == COST if step.action is Action.SUBMIT else step.cost in (FREE, COST)


def speaks_of_its_attempt(case: Case, step: Step) -> bool:
    return step.attempt == PASTS[case.past]


INVARIANTS = (
    never_submits_while_something_is_open,
    never_pays_again_for_the_same_unasked,
    never_submits_against_a_stop_a_limit_or_a_file,
    never_submits_what_left_the_manifest,
    tells_what_holds_it,
    gives_a_reason,
    carries_what_it_costs,
    speaks_of_its_attempt,
)


@pytest.mark.parametrize("past", PASTS)
def test_no_combination_breaks_an_invariant(past: str) -> None:
    broken: dict[str, Case] = {}
    for case in combinations(past):
        step = decide(case)
        for holds in INVARIANTS:
            if not holds(case, step):
                broken.setdefault(holds.__name__, case)
    assert broken == {}


@pytest.mark.parametrize(
    ("case", "action", "status", "block", "reason"),
    [
        # what is new
        (Case("none"), "submit", "pending", None, "new"),
        (Case("none", selection="this"), "submit", "pending", None, "new"),
        (Case("none", room="enough"), "submit", "pending", None, "new"),
        (Case("none", room="too little"), "hold", "pending", "cost-limit", "the cost limit leaves no room"),
        (Case("none", stop=True), "hold", "pending", "drain", "Ctrl-C: the same command goes on"),
        (Case("none", foreign=True), "hold", "pending", "foreign-file", NOT_OURS),
        (Case("none", selection="others"), "hold", "pending", "not-selected", "not selected"),
        (Case("none", selection="none"), "hold", "pending", "not-selected", "new"),
        # what was sent and not answered
        (Case("unanswered", in_flight=True), "hold", "pending", "in-flight", "being submitted right now"),
        (
            Case("unanswered"),
            "hold",
            "unknown",
            "unknown",
            "it may have been paid: sent, but the run ended before an answer was recorded",
        ),
        (
            Case("unknown", mark=DecisionKind.PAY_AGAIN, wanted="edited"),
            "hold",
            "unknown",
            "unknown",
            "it may have been paid: no answer in time (ReadTimeout)",
        ),
        # what was refused
        (Case("refused: invalid"), "none", "failed", None, "InvalidParameter: no such thing"),
        (Case("refused: invalid", retries=1), "none", "failed", None, "InvalidParameter: no such thing"),
        (
            Case("refused: invalid", mark=DecisionKind.RETRY),
            "submit",
            "pending",
            None,
            "failed, submitted again as requested",
        ),
        (Case("refused: invalid", wanted="edited"), "submit", "pending", None, "changed: durationSeconds"),
        (Case("refused: balance"), "submit", "pending", None, "the balance was used up before"),
        (Case("refused: not-sent"), "submit", "pending", None, "it could not be sent before"),
        # what runs
        (Case("running"), "poll", "running", None, "task task-1 is open"),
        (Case("running", wanted="edited"), "poll", "running", None, "task task-1 is open"),
        (Case("running", wanted="departed"), "poll", "running", None, "task task-1 is open"),
        (Case("running", stop=True), "poll", "running", None, "task task-1 is open"),
        (Case("running", selection="none"), "poll", "running", None, "task task-1 is open"),
        (Case("running, not found too early"), "poll", "running", None, "task task-1 is open"),
        (Case("running", task_stop=True), "hold", "running", "task-timeout", "still open after 30 minutes"),
        # what is rendered
        (Case("rendered"), "fetch", "rendered", None, "rendered, not downloaded yet"),
        (Case("rendered", foreign=True), "hold", "rendered", "foreign-file", NOT_OURS),
        (
            Case("clip written down, not settled", file_is_there=True),
            "settle",
            "rendered",
            None,
            "its verified file is in place",
        ),
        (Case("clip written down, not settled"), "fetch", "rendered", None, "rendered, not downloaded yet"),
        # what failed
        (Case("failed"), "none", "failed", None, "the render broke"),
        (Case("failed", retries=1), "submit", "pending", None, "failed, retry 1 of 1"),
        (Case("moderated", mark=DecisionKind.RETRY), "submit", "pending", None, "failed, submitted again as requested"),
        # what is done
        (Case("done", file_is_there=True), "none", "done", None, "done"),
        (Case("done", file_is_there=True, wanted="edited"), "submit", "pending", None, "changed: durationSeconds"),
        (Case("done", file_is_there=True, mark=DecisionKind.RETRY), "none", "done", None, "done"),
        (Case("done"), "fetch", "rendered", None, "its file is gone from the disk: downloaded again, free"),
        (
            Case("done, later gone"),
            "hold",
            "expired",
            "expired",
            "paid, and the service no longer has the result",
        ),
        (
            Case("done", wanted="departed", file_is_there=True),
            "none",
            "done",
            None,
            "no longer in the manifest",
        ),
        (
            Case("among the versions", file_is_there=True),
            "restore",
            "rendered",
            None,
            "paid before: its clip is in versions/",
        ),
        (Case("among the versions", file_is_there=True, foreign=True), "hold", "rendered", "foreign-file", NOT_OURS),
    ],
)
def test_what_matters_most_in_its_exact_words(
    case: Case, action: str, status: str, block: str | None, reason: str
) -> None:
    step = decide(case)
    assert (step.action, step.status, step.hold_reason, step.reason) == (action, status, block, reason)


# What one attempt cannot show: a history of several.


def next_of(*attempts: Attempt, marks: tuple[Decision, ...] = (), retries: int = 0, present: frozenset[int]) -> Step:
    facts = PlanInputs(files=FileState(present), cost=COST)
    return next_step(a_job(), JobHistory(attempts, marks), facts, PlanOptions(retries=retries))


@pytest.mark.parametrize(
    ("failures", "retries", "reason"),
    [
        (1, 0, "broke"),
        (1, 1, "failed, retry 1 of 1"),
        (2, 1, "broke"),
        (2, 3, "failed, retry 2 of 3"),
        (3, 3, "failed, retry 3 of 3"),
        (4, 3, "broke"),
    ],
)
def test_retries_are_counted_over_runs(failures: int, retries: int, reason: str) -> None:
    attempts = [failed("broke", number=number + 1) for number in range(failures)]
    assert next_of(*attempts, retries=retries, present=frozenset()).reason == reason


def test_a_person_who_retries_gives_the_settings_their_retries_anew() -> None:
    attempts = failed("broke"), failed("broke", number=2), failed("broke", number=3)
    mark = Decision(EARLY_S, DecisionKind.RETRY, after=2)
    assert next_of(*attempts, marks=(mark,), retries=1, present=frozenset()).reason == "failed, retry 1 of 1"


@pytest.mark.parametrize(("carried_out", "retries"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
def test_a_clone_counts_the_retries_of_a_machine_whose_clock_went_back_as_that_machine_does(
    carried_out: int, retries: int
) -> None:
    """There the attempts that carry out the decision are numbered before the one that it is about."""
    carrying = replace(failed("broke"), decision="d1")
    here = (failed("broke"), *(replace(carrying, number=number + 2) for number in range(carried_out)))
    there = (*(replace(carrying, number=number + 1) for number in range(carried_out)), failed("broke", number=9))
    marks = [Decision(EARLY_S, DecisionKind.RETRY, after=after, request=REQUEST, decision="d1") for after in (1, 9)]
    original, clone = (
        next_of(*attempts, marks=(mark,), retries=retries, present=frozenset())
        for attempts, mark in zip((here, there), marks, strict=True)
    )
    assert (clone.action, clone.reason) == (original.action, original.reason)
    assert clone.action is (Action.SUBMIT if carried_out <= retries else Action.NONE)


def test_a_retry_of_another_request_gives_an_edited_back_job_no_attempts_anew() -> None:
    attempts = (failed("broke"), *(replace(failed("broke", number=n), request=EDITED) for n in (2, 3)))
    mark = Decision(EARLY_S, DecisionKind.RETRY, after=2, request=EDITED)
    step = next_of(*attempts, marks=(mark,), present=frozenset())
    assert (step.action, step.status) == (Action.NONE, Status.FAILED)


def test_a_mark_is_used_up_by_the_attempt_that_follows_it() -> None:
    mark = Decision(EARLY_S, DecisionKind.RETRY, after=1)
    step = next_of(failed("broke"), failed("broke", number=2), marks=(mark,), present=frozenset())
    assert (step.action, step.status) == (Action.NONE, Status.FAILED)


GONE = closed(accepted(*GONE_FOR_GOOD), LATE_S + 300)
ASKED_IN_VAIN = replace(refused(RejectReason.BY_HAND), id=2, number=2)


@pytest.mark.parametrize("later", [ASKED_IN_VAIN, failed("broke", number=2)], ids=["refused", "failed"])
@pytest.mark.parametrize("retries", [0, 3])
def test_what_was_paid_and_is_gone_is_not_paid_again_for_what_another_machine_asked_in_vain(
    later: Attempt, retries: int
) -> None:
    step = next_of(GONE, later, retries=retries, present=frozenset())
    assert (step.action, step.hold_reason, step.attempt) == (Action.HOLD, HoldReason.EXPIRED, GONE)


@pytest.mark.parametrize("kind", [DecisionKind.REDO, DecisionKind.RETRY])
def test_what_a_person_orders_again_after_it_was_gone_stands_for_itself(kind: DecisionKind) -> None:
    ordered = replace(refused(RejectReason.RATE), id=2, number=2, decision="d1")
    mark = Decision(EARLY_S, kind, after=1, decision="d1")
    step = next_of(GONE, ordered, marks=(mark,), present=frozenset())
    assert (step.action, step.attempt) == (Action.SUBMIT, ordered)


def test_a_job_that_is_edited_back_takes_its_old_clip() -> None:
    first = closed(put(accepted(SUCCESS), ClipRole.VERSION))
    second = closed(put(accepted(SUCCESS, number=2, request=EDITED)))
    step = next_of(first, second, present=frozenset({1, 2}))
    assert (step.action, step.attempt) == (Action.RESTORE, first)


def test_an_edit_is_compared_with_the_last_attempt() -> None:
    other = replace(REQUEST, fields={**REQUEST.fields, "prompt": "She nods"})
    attempts = closed(put(accepted(SUCCESS, request=other))), closed(put(accepted(SUCCESS, number=2, request=EDITED)))
    step = next_of(*attempts, present=frozenset({1, 2}))
    assert (step.reason, step.changed) == ("changed: durationSeconds", ("durationSeconds",))


def test_a_refusal_says_so_for_each_of_its_kinds() -> None:
    assert {f"refused: {why.value}" for why in RejectReason} == {*REFUSALS, "refused: invalid"}


# Plans of many jobs, and the purse.


def test_what_one_job_would_pay_is_not_there_for_the_next() -> None:
    jobs = [(a_job(name=f"shot-{n}"), JobHistory(), PlanInputs(cost=COST)) for n in range(4)]
    steps = plan_all(jobs, PlanOptions(), Decimal("6.50"))
    assert [step.action for step in steps] == [Action.SUBMIT, Action.SUBMIT, Action.HOLD, Action.HOLD]
    assert total(steps) == Cost(Decimal("4.00"), Decimal("6.00"))


def test_a_job_that_is_held_leaves_its_money_to_the_next() -> None:
    held = PlanInputs(cost=COST, files=FileState(foreign=FOREIGN))
    jobs = [(a_job(name="held"), JobHistory(), held), (a_job(name="free"), JobHistory(), PlanInputs(cost=COST))]
    assert [s.action for s in plan_all(jobs, PlanOptions(), COST.high_usd)] == [Action.HOLD, Action.SUBMIT]


@pytest.mark.parametrize(
    ("budget", "run", "booked", "room"),
    [
        (None, None, "5", None),
        ("10", None, "0", "10"),
        (None, "10", "4", "6"),
        ("10", "7", "4", "3"),
        ("10", "20", "4", "6"),
        ("3", None, "4", "0"),
        ("0", None, "0", "0"),
    ],
)
def test_the_smaller_limit_wins(budget: str | None, run: str | None, booked: str, room: str | None) -> None:
    purse = Budget(Decimal(budget) if budget else None, Decimal(run) if run else None)
    purse.book(Decimal(booked), by_this_run=True)
    assert purse.room_usd == (Decimal(room) if room else None)


def test_a_refusal_gives_the_reservation_back() -> None:
    purse = Budget(Decimal(10), Decimal(5), lifetime_usd=Decimal(2))
    purse.book(Decimal(3), by_this_run=True)
    purse.book(Decimal(-3), by_this_run=True)
    assert (purse.room_usd, purse.lifetime_usd, purse.spent_usd) == (Decimal(5), Decimal(2), Decimal(0))


def test_what_an_earlier_run_gets_back_widens_the_budget_and_not_the_limit_of_this_run() -> None:
    purse = Budget(Decimal(10), Decimal(5), lifetime_usd=Decimal(10))
    purse.book(Decimal(-3), by_this_run=False)
    assert (purse.room_usd, purse.spent_usd) == (Decimal(3), Decimal(0))
    purse.book(Decimal(-7), by_this_run=False)
    assert purse.room_usd == Decimal(5)


def test_what_nobody_agreed_to_is_not_paid_even_if_money_is_left() -> None:
    agreed = PlanOptions(agreed=frozenset({"another"}))
    step = next_step(a_job(), JobHistory(), PlanInputs(cost=COST), agreed)
    assert (step.action, step.hold_reason) == (Action.HOLD, HoldReason.NOT_AGREED)
