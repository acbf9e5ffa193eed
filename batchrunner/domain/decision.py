"""What a person decided about a job: to retry it, to render it again, to keep a clip."""

from dataclasses import dataclass
from enum import StrEnum

from batchrunner.domain.request import Request


class DecisionKind(StrEnum):
    """What a person decided about a job."""

    RETRY = "retry"
    REDO = "redo"
    ACCEPT = "accept"
    PAY_AGAIN = "pay-again"


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision about a request, when `after` was the number of the job's last attempt.

    `request` is that request; ledgers of version 1 have none with `retry` and `redo`. `chosen` is, of `accept`, the
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
        """Whether it is about this request."""
        return self.request is None or self.request == request
