"""What a ledger remembers of one job: facts in the order in which they happened, never a status."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from batchrunner.domain.job import JobId
from batchrunner.domain.money import NOTHING
from batchrunner.domain.request import Request

# How long a result is kept at least, and at most, when the service does not say.
# Source: Modellix docs up to July 2026, and those of later.
RETENTION_S = 24 * 3600.0
LONGEST_RETENTION_S = 7 * 24 * 3600.0

# One 404 may be a hiccup: it takes so many, over so much time, to believe that a paid result is gone.
_GONE_LOOKS = 3
_GONE_FOR_S = 300.0
FILE_GONE = "file "  # before the file server's status, in the word of an observation


class Outcome(StrEnum):
    """What became of an attempt."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class RejectReason(StrEnum):
    """Why an attempt was refused. Source: the table of answers in the service's error documentation."""

    INVALID = "invalid"
    KEY = "key"
    BALANCE = "balance"
    ADDRESS = "address"
    RATE = "rate"
    CONCURRENT = "concurrent"
    NOT_SENT = "not-sent"
    BY_HAND = "by-hand"


class ErrorClass(StrEnum):
    """What kind of failure a job had, for programs."""

    INVALID = "invalid"
    AUTH = "auth"
    BALANCE = "balance"
    MODERATION = "moderation"
    PROVIDER = "provider"
    TIMEOUT = "timeout"
    EXPIRED = "expired"
    LOCAL = "local"


class TaskState(StrEnum):
    """The service's words for a task, folded to those that make a difference."""

    WAITING = "waiting"
    SUCCESS = "success"
    FAILED = "failed"
    GONE = "gone"


class ClipRole(StrEnum):
    """Under which kind of name a clip was put: its final one, or one of an older version."""

    FINAL = "final"
    VERSION = "version"


class DecisionKind(StrEnum):
    """What a person decided about a job."""

    RETRY = "retry"
    REDO = "redo"
    ACCEPT = "accept"
    PAY_AGAIN = "pay-again"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something did not succeed, with the service's own words where there are any."""

    error_class: ErrorClass
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was learnt of an attempt: from the service, or later from a person."""

    at_s: float
    outcome: Outcome
    task_id: str | None = None
    reject_reason: RejectReason | None = None
    http_status: int | None = None
    message: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """A state in which a task was seen; `word` is the service's own, `expires_at_s` what it says of the result.

    `took_s` is how long its render took, in seconds; None where nobody was there to see it.
    """

    at_s: float
    state: TaskState
    word: str
    failure: Failure | None = None
    expires_at_s: float | None = None
    billed_usd: Decimal | None = None
    body: str = ""
    took_s: float | None = None

    @property
    def is_of_file(self) -> bool:
        """Whether the file server said it: what the API says of the task is another matter."""
        return self.word.startswith(FILE_GONE)


@dataclass(frozen=True, slots=True)
class Clip:
    """A verified file, written down before it got this path; paths are relative to the ledger's project.

    `is_told`: only a receipt says so; nobody has looked into that file on this machine.
    """

    at_s: float
    role: ClipRole
    path: str
    size_bytes: int
    sha256: str
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision about a wish, when `after` was the number of the job's last attempt.

    `request` is that wish; ledgers of version 1 have none with `retry` and `redo`. `chosen` is, of `accept`, the
    number of the attempt whose clip is kept for it. `decision` is its name, the same on every machine and shared by the
    jobs of one command (empty until it is recorded); `host` is where it was made, empty where that is not known.
    """

    at_s: float
    kind: DecisionKind
    after: int
    request: Request | None = None
    chosen: int | None = None
    decision: str = ""
    host: str = ""

    def applies_to(self, request: Request) -> bool:
        """Whether it is about this wish."""
        return self.request is None or self.request == request


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to submit, and all that followed from it. `settled_at_s` is None while it is open.

    A job that took over another's attempt sees it as its own: then `adoption_id` is set, `clips` are its own copies,
    `sources` those of the others, and it costs nothing. `host` is the machine that sent it (or took it over), and
    `made_on` names that of one that a receipt told of. `decision` names the mark that it carries out.
    """

    id: int
    run_id: int
    number: int
    request: Request
    output: str
    base_url: str
    key_digest: str
    reserved_usd: Decimal
    opened_at_s: float
    settled_at_s: float | None = None
    answers: tuple[Answer, ...] = ()
    observations: tuple[Observation, ...] = ()
    clips: tuple[Clip, ...] = ()
    adoption_id: int | None = None
    sources: tuple[Clip, ...] = ()
    key_last4: str = ""
    made_on: str | None = None
    decision: str | None = None
    host: str = ""
    adopted_at_s: float | None = None

    @property
    def is_adopted(self) -> bool:
        """Whether another job paid for it."""
        return self.adoption_id is not None

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it."""
        return self.settled_at_s is None

    @property
    def answer(self) -> Answer | None:
        """The last word on it; None while nobody has said anything."""
        return self.answers[-1] if self.answers else None

    @property
    def outcome(self) -> Outcome | None:
        """What became of it; None while it is unanswered."""
        return self.answer.outcome if self.answer else None

    @property
    def task_id(self) -> str | None:
        """The service's name for what it accepted."""
        return self.answer.task_id if self.answer else None

    @property
    def is_named_by_hand(self) -> bool:
        """Whether a person named its task: only a person has another word on what is unknown."""
        return self.outcome is Outcome.ACCEPTED and len(self.answers) > 1

    @property
    def task(self) -> TaskState:
        """The last state seen, but a 404 after a success or failure does not take that back."""
        seen = [o.state for o in self.observations if o.state is not TaskState.GONE]
        return seen[-1] if seen else TaskState.WAITING

    @property
    def rendered_at_s(self) -> float | None:
        """When its success was first seen."""
        return next((o.at_s for o in self.observations if o.state is TaskState.SUCCESS), None)

    @property
    def took_s(self) -> float | None:
        """How long its render took, as this machine saw it; None where it did not see that."""
        return None if self.is_adopted else next((o.took_s for o in self.observations if o.took_s is not None), None)

    @property
    def keeps_until_s(self) -> float:
        """Until when the service keeps the result at least, by its own word or else by its documentation."""
        return self._kept_until_s(RETENTION_S)

    @property
    def is_over_at_s(self) -> float:
        """From when on the service may have deleted the result, by its own word or else by its documentation."""
        return self._kept_until_s(LONGEST_RETENTION_S)

    def _kept_until_s(self, untold_s: float) -> float:
        told = [o.expires_at_s for o in self.observations if o.expires_at_s is not None]
        return told[-1] if told else (self.rendered_at_s or self.opened_at_s) + untold_s

    @property
    def is_gone(self) -> bool:
        """Whether the service itself said, again and again after its retention, that it no longer has the result.

        It is not gone any more where it was seen again. Older releases closed an attempt after one look.
        """
        gone = self._not_found()
        if any(o.at_s == self.settled_at_s and o.at_s >= self.keeps_until_s for o in gone):
            return True
        late_s = [o.at_s for o in gone if o.at_s >= self.is_over_at_s]
        return len(late_s) >= _GONE_LOOKS and max(late_s) - min(late_s) >= _GONE_FOR_S

    def _not_found(self) -> list[Observation]:
        """The looks that found nothing since the task was seen last; those for its file are not taken back by that."""
        seen = [number for number, o in enumerate(self.observations) if o.state is not TaskState.GONE]
        since = seen[-1] if seen else -1
        gone = enumerate(self.observations)
        return [o for number, o in gone if o.state is TaskState.GONE and (number > since or o.is_of_file)]

    @property
    def failure(self) -> Failure | None:
        """Why it did not give a clip, where that is known."""
        return next((o.failure for o in reversed(self.observations) if o.failure), None)

    @property
    def clip(self) -> Clip | None:
        """Where its file was last put, or was about to be put."""
        return self.clips[-1] if self.clips else None

    @property
    def billed_usd(self) -> Decimal | None:
        """What the service says that it cost; None where it says nothing."""
        return next((o.billed_usd for o in reversed(self.observations) if o.billed_usd is not None), None)

    @property
    def booked_usd(self) -> Decimal:
        """What it counts against a budget: reserved until answered, released by a refusal, else what is billed."""
        if self.outcome is Outcome.REFUSED or self.is_adopted:
            return NOTHING
        return self.reserved_usd if self.billed_usd is None else self.billed_usd


@dataclass(frozen=True, slots=True)
class Damage:
    """A row of the ledger that is not as it was written, or that cannot be what it should be.

    `jobs` are those whose row it is, as far as that can be told; `owner` is the digest of the identity that it was
    written for, where it was for one. Of an attempt it says what may be left of its request.
    """

    table: str
    row: int
    jobs: frozenset[JobId] = frozenset()
    owner: str = ""
    fingerprint: str | None = None
    request: Request | None = None

    def may_be_of(self, identity: JobId) -> bool:
        """Whether it is a row of this job, or was."""
        return identity in self.jobs or identity.digest == self.owner

    def may_ask_for(self, request: Request) -> bool:
        """Whether it is an attempt at this request, by what is left of it."""
        return self.request == request or self.fingerprint == request.fingerprint


@dataclass(frozen=True, slots=True)
class JobHistory:
    """All facts about one identity, oldest first. `damage`: its rows that cannot be read, of which nothing is known."""

    attempts: tuple[Attempt, ...] = ()
    decisions: tuple[Decision, ...] = ()
    damage: tuple[Damage, ...] = ()

    @property
    def open_attempt(self) -> Attempt | None:
        """The one that must come to its end before anything new is submitted."""
        return next((a for a in self.attempts if a.is_open), None)

    @property
    def next_number(self) -> int:
        """The number that a new attempt must have; a claim with another one is refused."""
        return self.attempts[-1].number + 1 if self.attempts else 1

    def of_request(self, request: Request) -> Attempt | None:
        """The last attempt at exactly this request."""
        return next((a for a in reversed(self.attempts) if a.request == request), None)

    def has_asked_for(self, request: Request) -> bool:
        """Whether an attempt at exactly this request was not refused: somebody else's clip is not needed then."""
        return any(a.request == request and a.outcome is not Outcome.REFUSED for a in self.attempts)

    def accepted_for(self, request: Request) -> Attempt | None:
        """The attempt whose clip a person keeps for this request; None where the request was asked for since then."""
        mark = next(
            (m for m in reversed(self.decisions) if m.kind is DecisionKind.ACCEPT and m.request == request), None
        )
        if mark is None or any(a.request == request and _is_since(a, mark) for a in self.attempts):
            return None
        return self.chosen_by(mark)

    def chosen_by(self, mark: Decision) -> Attempt | None:
        """The attempt whose clip is kept by a decision; None where that decision keeps none."""
        if mark.kind is not DecisionKind.ACCEPT:
            return None
        if mark.chosen is None:
            return self.newest_clip(mark.after)
        return next((a for a in self.attempts if a.number == mark.chosen), None)

    def newest_clip(self, upto: int) -> Attempt | None:
        """The last attempt up to this number that gave a file."""
        return next((a for a in reversed(self.attempts) if a.number <= upto and a.clips), None)

    def last_decision(self, request: Request, *kinds: DecisionKind) -> Decision | None:
        """The last decision of these kinds about this request, carried out or not."""
        return next((m for m in reversed(self.decisions) if m.kind in kinds and m.applies_to(request)), None)

    def open_decision(self, request: Request) -> Decision | None:
        """The last decision to submit this request again, if no attempt has followed it yet."""
        mark = self.last_decision(request, DecisionKind.RETRY, DecisionKind.REDO, DecisionKind.PAY_AGAIN)
        if mark is None or self.attempts_of(mark):
            return None
        asked = (a for a in self.attempts if mark.request is None or a.request == request)
        return None if any(_is_since(a, mark) for a in asked) else mark

    def attempts_of(self, mark: Decision) -> tuple[Attempt, ...]:
        """The attempts that carry out a decision: several where one was refused, or failed and is retried."""
        return tuple(a for a in self.attempts if a.decision and a.decision == mark.decision)

    def decision_for(self, request: Request) -> str | None:
        """The name of the decision that a new attempt at this request carries out, or goes on carrying out."""
        mark = self.open_decision(request)
        last = self.of_request(request)
        return mark.decision if mark else last.decision if last else None


def _is_since(attempt: Attempt, mark: Decision) -> bool:
    """Whether an attempt followed a decision; of another machine's, which may be heard of late, its time tells."""
    return attempt.number > mark.after and (attempt.made_on is None or attempt.opened_at_s > mark.at_s)


NO_MEMORY = JobHistory()
