"""What was seen of a task of the service: its state, and why it failed."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

# `content_moderated: ContentModerated: ` before the sentence
_ERROR_CODES = re.compile(r"^(?:\w+: )+")

FILE_GONE = "file "  # before the file server's status, in the word of an observation


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


def without_codes(message: str) -> str:
    """The service's words without the codes before them."""
    return _ERROR_CODES.sub("", message)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something did not succeed, with the service's own words where there are any."""

    error_class: ErrorClass
    message: str

    def explained(self, *, is_free: bool) -> str:
        """The message for people: of moderation, what follows from it, and the service's words without their codes.

        `is_free`: the service has said that it charges nothing for it.
        """
        if self.error_class is not ErrorClass.MODERATION:
            return self.message
        price = ", not charged" if is_free else ""
        return f"blocked by content moderation{price}; an unchanged prompt will probably be refused again: {self.said}"

    @property
    def said(self) -> str:
        """The service's own words without their codes."""
        return without_codes(self.message)


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
