"""The history of one job in sentences, oldest first, and what would happen to it next."""

from collections.abc import Iterable, Iterator, Mapping

from batchrunner.catalog import Catalog
from batchrunner.domain.attempt import Answer, Attempt, Outcome
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.money import dollars
from batchrunner.domain.observation import Observation
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, Step
from batchrunner.domain.text import Lines, in_lines, printable, stacked, utc
from batchrunner.reports.request_difference import request_lines
from batchrunner.reports.resolve_help import what_to_look_for

_Event = tuple[float, str]

_DECISIONS: Mapping[DecisionKind, str] = {
    DecisionKind.RETRY: "submit again after the failure",
    DecisionKind.REDO: "pay for a new clip",
    DecisionKind.ACCEPT: "keep the clip for the job as it was written then",
    DecisionKind.PAY_AGAIN: "pay again, although the earlier submit may have been paid",
}


def history(identity: JobId, memory: JobHistory, step: Step, catalog: Catalog) -> Lines:
    """All that is known of a job, a line each with its time, and the next step with its reason.

    Each attempt has its prompt and settings; after another one only what is different from it. `catalog` tells which
    field is the prompt.
    """
    events = sorted(_all(memory, catalog), key=lambda event: event[0])
    lines = [f"{utc(at_s)}  {text}" for at_s, text in events] or ["nothing submitted yet"]
    lines = [f"{identity.name}: {step.status.words}", *lines, _next(step)]
    if step.status is not Status.UNKNOWN or step.attempt is None:
        return in_lines(*lines)
    prompt = catalog.prompt_of(step.attempt.request)
    look = what_to_look_for(identity.name, step.attempt, prompt, "look in the web console for ")
    return stacked(in_lines(*lines), look)


def _next(step: Step) -> str:
    match step.action:
        case Action.NONE:
            return f"nothing left to do ({step.reason})"
        case Action.HOLD:
            return f"on hold: {step.reason}"
        case _:
            return f"next: {step.action.value}, {step.reason}"


def _all(memory: JobHistory, catalog: Catalog) -> Iterator[_Event]:
    requests = (None, *(attempt.request for attempt in memory.attempts))
    for before, attempt in zip(requests, memory.attempts, strict=False):
        yield from _attempt(attempt, request_lines(before, attempt.request, catalog))
    yield from ((decision.at_s, _decision(decision)) for decision in memory.decisions)


def _attempt(attempt: Attempt, asked: Iterable[str]) -> Iterator[_Event]:
    name = f"attempt {attempt.number}"
    if attempt.is_adopted:
        yield attempt.opened_at_s, f"{name}: paid for under another name and taken over, free"
        yield from ((attempt.opened_at_s, f"{name}: {line}") for line in asked)
    else:
        yield attempt.opened_at_s, f"{name}: {attempt.request.model}, {dollars(attempt.reserved_usd)} reserved"
        yield from ((attempt.opened_at_s, f"{name}: {line}") for line in asked)
        yield from ((answer.at_s, f"{name}: {_answer(answer)}") for answer in attempt.answers)
        yield from ((seen.at_s, f"{name}: {_observation(seen)}") for seen in attempt.observations)
    yield from ((clip.at_s, f"{name}: {_clip(clip)}") for clip in attempt.clips)


def _answer(answer: Answer) -> str:
    match answer.outcome:
        case Outcome.ACCEPTED:
            return f"accepted as {answer.task_id}"
        case Outcome.UNKNOWN:
            return f"no answer, may be paid: {printable(answer.message)}"
        case Outcome.REFUSED:
            return f"refused ({answer.reject_reason or 'no reason'}): {printable(answer.message)}"


def _observation(seen: Observation) -> str:
    why = f": {printable(seen.failure.explained(is_free=seen.billed_usd == 0))}" if seen.failure else ""
    billed = f", billed {dollars(seen.billed_usd)}" if seen.billed_usd is not None else ""
    return f"the service reports {printable(seen.word) or seen.state.value}{why}{billed}"


def _clip(clip: Clip) -> str:
    where = "verified and saved as" if clip.role is ClipRole.FINAL else "moved to"
    return f"{where} {clip.path} ({clip.size_bytes:,} bytes, sha256 {clip.sha256[:12]}…)"


def _decision(decision: Decision) -> str:
    which = f" (the one of attempt {decision.chosen})" if decision.chosen is not None else ""
    return f"decided: {_DECISIONS[decision.kind]}{which}"
