"""Rows of the ledger as values of the domain: each by its covered columns, in their order.

Source of the order: `digests.COVERED`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from batchrunner.domain.attempt import Adoption, Answer, Attempt, Outcome, RejectReason
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.storage.sqlite.request_json import read_request

Row = tuple[Any, ...]

# What a row that cannot be read raises.
UNREADABLE = (ValueError, KeyError, TypeError, ArithmeticError, RecursionError)

_MOST_USD = 10**9
_LEAST_EXPONENT = -12
_MOST_CHARACTERS = 32
_MOST_WHOLE = 2**53  # bytes of a file, and attempts: after it there is room for the next one
_MOST_TIME_S = 250_000_000_000.0  # before the year 9999

# an enumeration is slow to look a value up
_OUTCOMES = {each.value: each for each in Outcome}
_REFUSALS: dict[str | None, RejectReason | None] = {None: None, **{each.value: each for each in RejectReason}}
_STATES = {each.value: each for each in TaskState}
_ROLES = {each.value: each for each in ClipRole}


def identity(row: Row) -> JobId:
    """Whose an attempt, a mark or an adoption is."""
    manifest, profile, job, take = row[:4]
    if type(take) is not int or not (type(manifest) is type(profile) is type(job) is str):
        raise TypeError(row[:4])
    return JobId(manifest, profile, job, take)


def identity_columns(who: JobId) -> dict[str, object]:
    """The same as columns and their values."""
    return {"manifest": who.manifest, "profile": who.profile, "job": who.job, "take": who.take}


@dataclass(frozen=True, slots=True)
class Hosts:
    """The machine of each run, by its id; and of what receipts tell of, by the id of the attempt or the adoption."""

    runs: Mapping[int, str]
    receipts: Mapping[int, str]

    def of(self, id_: int, run_id: int | None) -> tuple[str, str | None]:
        """The machine that made a row, and once more where only its receipts tell of it.

        Raises:
            KeyError: neither a run nor a receipt is on record.
        """
        if run_id is None:
            return self.receipts[id_], self.receipts[id_]
        return self.runs.get(run_id, ""), None


@dataclass(frozen=True, slots=True)
class Children:
    """What followed from attempts, by their ids."""

    answers: Mapping[int, tuple[Answer, ...]]
    observations: Mapping[int, tuple[Observation, ...]]
    clips: Mapping[int, tuple[Clip, ...]]


def attempt(row: Row, children: Children, hosts: Hosts) -> Attempt:
    """An attempt, with all that followed from it; when it was settled is the last value of its row."""
    id_, run_id, number, request, output, base_url, key_digest, key_last4, usd, opened_at_s, decision = row[4:15]
    host, made_on = hosts.of(id_, run_id)
    made = Attempt(
        id=id_,
        run_id=run_id or 0,
        number=_whole(number),
        request=read_request(request),
        output=output,
        base_url=base_url,
        key_digest=key_digest,
        key_last4=key_last4,
        host=host,
        made_on=made_on,
        reserved_usd=usd_of(usd),
        opened_at_s=_time(opened_at_s),
        settled_at_s=None if row[-1] is None else _time(row[-1]),
        decision=decision,
        answers=children.answers.get(id_, ()),
        observations=children.observations.get(id_, ()),
        clips=children.clips.get(id_, ()),
    )
    if made.outcome is Outcome.REFUSED and made.is_open:
        raise ValueError("a refusal settles its attempt in the same transaction")
    return made


def adopted(row: Row, original: Attempt, clips: tuple[Clip, ...], hosts: Hosts) -> Attempt:
    """An attempt as the job sees it that took it over by this row."""
    id_, run_id, number, _, at_s = row[4:9]
    return replace(
        original,
        number=_whole(number),
        adoption=Adoption(id_, _time(at_s), original.clips),
        host=hosts.of(id_, run_id)[0],
        clips=clips,
    )


def answer(row: Row) -> Answer:
    """An answer to an attempt."""
    outcome, task_id, refusal, http_status, message, body, at_s = row[2:9]
    return Answer(_time(at_s), _OUTCOMES[outcome], task_id, _REFUSALS[refusal or None], http_status, message, body)


def observation(row: Row) -> Observation:
    """A state of a task."""
    state, word, error_class, message, expires_at_s, billed_usd, body, at_s, took_s = row[2:11]
    return Observation(
        at_s=_time(at_s),
        state=_STATES[state],
        word=word,
        failure=Failure(ErrorClass(error_class), message) if error_class else None,
        expires_at_s=None if expires_at_s is None else _time(expires_at_s),
        billed_usd=None if billed_usd is None else usd_of(billed_usd),
        body=body,
        took_s=None if took_s is None else _time(took_s),
    )


def decision(row: Row) -> Decision:
    """A decision."""
    kind, after, request, chosen, at_s, name, host = row[5:12]
    return Decision(
        at_s=_time(at_s),
        kind=DecisionKind(kind),
        after=_whole(after),
        request=read_request(request) if request else None,
        chosen=chosen,
        decision=name or "",
        host=host or "",
    )


def clip(row: Row) -> Clip:
    """A path under which a clip was put, of an attempt or of an adoption."""
    role, path, size_bytes, sha256, at_s, is_told = row[2:8]
    return Clip(_time(at_s), _ROLES[role], path, _whole(size_bytes), sha256, is_told=bool(is_told))


def usd_of(text: str) -> Decimal:
    """An amount of money.

    Raises:
        ValueError, TypeError, ArithmeticError: it is none, or is beyond all bounds.
    """
    usd = Decimal(text) if len(text) <= _MOST_CHARACTERS else Decimal("NaN")
    if not usd.is_finite() or not 0 <= usd < _MOST_USD or usd.adjusted() < _LEAST_EXPONENT:
        raise ValueError(text)
    return usd


def _time(at_s: float) -> float:
    """Unix seconds, or a length of time."""
    if not is_time(at_s):
        raise ValueError(at_s)
    return at_s


def is_time(at_s: float) -> bool:
    """Whether it can be shown as a date."""
    return 0 <= at_s < _MOST_TIME_S


def _whole(number: int) -> int:
    if type(number) is not int or not 0 <= number < _MOST_WHOLE:
        raise ValueError(number)
    return number
