"""An attempt: one submit of a job, its answer, and all that followed from it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from batchrunner.domain.clip import Clip
from batchrunner.domain.money import NOTHING
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.domain.request import Request

# How long a result is kept at least, and at most, when the service does not say.
# Source: Modellix docs up to July 2026, and those of later.
RETENTION_S = 24 * 3600.0
LONGEST_RETENTION_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a result is kept where the service does not say: at least, and at most, from when it was rendered.

    A task may wait for `wait_s` after its submit before anybody renders it.
    """

    least_s: float = RETENTION_S
    most_s: float = LONGEST_RETENTION_S
    wait_s: float = 0.0


USUAL_RETENTION = Retention()

# One 404 may be a hiccup: it takes so many, over so much time, to believe that a paid result is gone.
_GONE_POLLS = 3
_GONE_FOR_S = 300.0


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
class Adoption:
    """A job took over the attempt of another: the ledger's number of that, when, and the clips of the one that paid."""

    id: int
    at_s: float
    sources: tuple[Clip, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to submit, and all that followed from it. `settled_at_s` is None while it is open.

    A job that took over another's attempt sees it as its own: then there is an `adoption`, `clips` are its own copies,
    and it costs nothing. `host` is the machine that sent it (or took it over), and
    `made_on` names that of one that a receipt told of. `decision` names the decision that it carries out. `retention`
    is its model's, where that is known; no ledger keeps it.
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
    adoption: Adoption | None = None
    key_last4: str = ""
    made_on: str | None = None
    decision: str | None = None
    host: str = ""
    retention: Retention = USUAL_RETENTION

    @property
    def is_adopted(self) -> bool:
        """Whether another job paid for it."""
        return self.adoption is not None

    @property
    def adoption_id(self) -> int | None:
        """Which of the ledger's adoptions it is; None where it is none."""
        return self.adoption.id if self.adoption else None

    @property
    def sources(self) -> tuple[Clip, ...]:
        """The clips of the job that paid for it."""
        return self.adoption.sources if self.adoption else ()

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
        return self._kept_until_s(self.retention.least_s, 0.0)

    @property
    def is_over_at_s(self) -> float:
        """From when on the service may have deleted the result, by its own word or else by its documentation."""
        return self._kept_until_s(self.retention.most_s, self.retention.wait_s)

    def _kept_until_s(self, untold_s: float, wait_s: float) -> float:
        told = [o.expires_at_s for o in self.observations if o.expires_at_s is not None]
        return told[-1] if told else (self.rendered_at_s or self.opened_at_s + wait_s) + untold_s

    @property
    def is_gone(self) -> bool:
        """Whether the service itself said, again and again after its retention, that it no longer has the result.

        It is not gone any more where it was seen again. Older releases closed an attempt after one look.
        """
        gone = self._not_found()
        if any(o.at_s == self.settled_at_s and o.at_s >= self.keeps_until_s for o in gone):
            return True
        late_s = [o.at_s for o in gone if o.at_s >= self.is_over_at_s]
        return len(late_s) >= _GONE_POLLS and max(late_s) - min(late_s) >= _GONE_FOR_S

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
    def error_class(self) -> ErrorClass | None:
        """What kind of failure that is; None where there is none."""
        if self.failure:
            return self.failure.error_class
        is_invalid = self.answer is not None and self.answer.reject_reason is RejectReason.INVALID
        return ErrorClass.INVALID if is_invalid else None

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
