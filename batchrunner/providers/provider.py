"""What a service that renders clips has to offer, and what its replies tell. Nothing here knows a wire format.

A provider never raises for what the network or the service does: the reply says it, and what to do about it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from batchrunner.domain.attempt import Outcome, RejectReason
from batchrunner.domain.observation import Failure, TaskState


class Retry(StrEnum):
    """Whether the same request may be sent again, and what has to happen before.

    `NO` also covers a submit whose outcome is unknown: it may have been paid for. `TRANSIENT`: after a backoff.
    `RATE_LIMIT`: after `after_s`, or a while. `CONCURRENCY`: when one of the account's tasks has ended.
    """

    NO = "no"
    TRANSIENT = "transient"
    RATE_LIMIT = "rate-limit"
    CONCURRENCY = "concurrency"


@dataclass(frozen=True, slots=True)
class RateLimitHeaders:
    """What a reply says of the account's rate limit: requests a minute, those left, seconds to send nothing.

    `sent_at_s` is when it was sent, in Unix seconds by the clock of the service.
    """

    per_min: int | None = None
    remaining: int | None = None
    wait_s: float | None = None
    sent_at_s: float | None = None


UNTOLD = RateLimitHeaders()


@dataclass(frozen=True, slots=True)
class KnownLimits:
    """What is published of a service's limits: the `rate_per_min` that every account has, and the largest image.

    `slots_by_rate`: tasks at once, by requests a minute: a number for each tier that has this rate.
    """

    rate_per_min: int
    slots_by_rate: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    upload_bytes: int | None = None


class ProviderReply:
    """What every reply carries: what the service said of its limits, and what to do about the reply."""

    __slots__ = ()
    limits: RateLimitHeaders

    @property
    def retry(self) -> Retry:
        """Whether the same request may be sent again."""
        return Retry.NO

    @property
    def after_s(self) -> float | None:
        """Seconds to wait before that; None where the service does not say. Against a full account none helps."""
        return self.limits.wait_s if self.retry in (Retry.TRANSIENT, Retry.RATE_LIMIT) else None


@dataclass(frozen=True, slots=True)
class SubmitReply(ProviderReply):
    """What became of a paid submit.

    `ACCEPTED` has a `task_id`, `REFUSED` a `refusal` and costs nothing; whatever is not certain is `UNKNOWN`.
    `body` and `message` hold no secrets. `http_status` is for the record: nothing is decided by it.
    """

    outcome: Outcome
    task_id: str | None = None
    refusal: RejectReason | None = None
    http_status: int | None = None
    message: str = ""
    body: str = ""
    limits: RateLimitHeaders = UNTOLD

    @property
    def retry(self) -> Retry:
        """Whether the same submit may be sent again."""
        return _AFTER_A_REFUSAL.get(self.refusal, Retry.NO)


class TaskReplyKind(StrEnum):
    """What a poll brought: a state; or nothing yet, because of what."""

    STATE = "state"
    RETRY = "again"
    RATE = "rate"
    KEY = "key"
    GONE = "gone"
    INVALID = "odd"


@dataclass(frozen=True, slots=True)
class TaskReply(ProviderReply):
    """One poll of a task.

    `state` counts where `kind` is `STATE`; `word` is the service's own. `failure` is there where it is `FAILED`, `link`
    where it is `SUCCESS` with a video: a secret, never written down. `odd_bill` is a bill that is no amount.
    """

    kind: TaskReplyKind
    state: TaskState = TaskState.WAITING
    word: str = ""
    link: str | None = field(default=None, repr=False)
    failure: Failure | None = None
    expires_at_s: float | None = None  # Unix seconds
    billed_usd: Decimal | None = None
    odd_bill: str = ""
    message: str = ""
    body: str = ""
    limits: RateLimitHeaders = UNTOLD

    @property
    def retry(self) -> Retry:
        """Whether the same poll may be sent again; a state is no reason to."""
        return _AFTER_A_POLL.get(self.kind, Retry.NO)


class UploadReplyKind(StrEnum):
    """What an upload brought."""

    TAKEN = "taken"
    REFUSED = "refused"
    KEY = "key"
    RATE = "rate"
    RETRY = "again"


@dataclass(frozen=True, slots=True)
class UploadReply(ProviderReply):
    """One try to upload; `file_id` and `url` are those of an image that was `TAKEN`."""

    kind: UploadReplyKind
    file_id: str = ""
    url: str = ""
    message: str = ""
    limits: RateLimitHeaders = UNTOLD

    @property
    def retry(self) -> Retry:
        """Whether the same upload may be sent again: it costs nothing."""
        return _AFTER_AN_UPLOAD.get(self.kind, Retry.NO)


class BalanceStatus(StrEnum):
    """What came of asking for the balance. `UNTOLD`: this service, or this key, does not tell it."""

    TOLD = "told"
    UNTOLD = "untold"
    UNANSWERED = "unanswered"
    RATE_LIMITED = "rate-limited"


@dataclass(frozen=True, slots=True)
class BalanceReply(ProviderReply):
    """What the account holds, in US dollars; None unless the status is `TOLD`."""

    status: BalanceStatus
    usd: Decimal | None = None
    limits: RateLimitHeaders = UNTOLD

    @property
    def retry(self) -> Retry:
        """Whether it may be told another time."""
        return _AFTER_A_BALANCE.get(self.status, Retry.NO)


class KeyStatus(StrEnum):
    """What the service says of a key. `UNKNOWN`: it was not asked, or did not say."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


WaitForHints = Callable[[float], Awaitable[Collection[str]]]
UploadImage = Callable[[str, bytes], Awaitable[UploadReply]]
DeleteUpload = Callable[[str], Awaitable[bool]]


class Provider(Protocol):
    """A service that renders clips, asked with one key. Only `submit` costs money."""

    @property
    def limits(self) -> KnownLimits:
        """What is published of its limits."""

    @property
    def distrust(self) -> str:
        """Why there is no point in asking on, in a sentence: whoever answers is not trusted; empty while it is."""

    @property
    def upload(self) -> UploadImage | None:
        """Sends an image by its file name and bytes, for a link that a submit may name; None where only links go."""

    @property
    def delete_upload(self) -> DeleteUpload | None:
        """Deletes an uploaded image by its file id: True where it is gone afterwards; None where that cannot be."""

    @property
    def wait_for_hints(self) -> WaitForHints | None:
        """Waits so many seconds for ids of tasks that may have ended, for free; None where no answer can wait."""

    async def submit(self, path: str, body: Mapping[str, object]) -> SubmitReply:
        """Asks for one clip, in exactly one request: the paid one. It is never repeated in here.

        `path` is that of the model, as its description gives it.
        """

    async def poll(self, task_id: str) -> TaskReply:
        """Looks at a task, for free. The id goes nowhere but to this service."""

    async def balance(self) -> BalanceReply:
        """Asks what the account holds."""

    async def check_key(self) -> KeyStatus:
        """Asks whether the key is good; silence is neither."""


_AFTER_A_REFUSAL: Mapping[RejectReason | None, Retry] = {
    RejectReason.RATE: Retry.RATE_LIMIT,
    RejectReason.CONCURRENT: Retry.CONCURRENCY,
    RejectReason.NOT_SENT: Retry.TRANSIENT,
}
_AFTER_A_POLL: Mapping[TaskReplyKind, Retry] = {
    TaskReplyKind.RATE: Retry.RATE_LIMIT,
    TaskReplyKind.RETRY: Retry.TRANSIENT,
}
_AFTER_AN_UPLOAD: Mapping[UploadReplyKind, Retry] = {
    UploadReplyKind.RATE: Retry.RATE_LIMIT,
    UploadReplyKind.RETRY: Retry.TRANSIENT,
}
_AFTER_A_BALANCE: Mapping[BalanceStatus, Retry] = {
    BalanceStatus.RATE_LIMITED: Retry.RATE_LIMIT,
    BalanceStatus.UNANSWERED: Retry.TRANSIENT,
}
