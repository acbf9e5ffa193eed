"""What may hold a submit back."""

from typing import Protocol

from batchrunner.domain.attempt import Answer
from batchrunner.domain.job import Job


class SubmitGuard(Protocol):
    """Asked before each submit, one job at a time, and given each answer."""

    @property
    def reason(self) -> str:
        """What submits wait for, in words for people; empty where they do not."""

    @property
    def exclusive(self) -> bool:
        """Whether the next submit goes alone: no other leaves before it is answered and `after` has returned."""

    @property
    def is_open(self) -> bool:
        """False where an answer came since `before` returned that holds submits back: it has to be asked again."""

    async def before(self, job: Job) -> None:
        """Returns when this job may be submitted as far as this guard is concerned, or when it is stopped."""

    def record(self, job: Job, answer: Answer) -> None:
        """A submit was answered: what that means for all others."""

    async def after(self, job: Job, answer: Answer) -> None:
        """The submit that went alone because of this guard was answered, and `record` has been called."""


class PassiveGuard:
    """A guard that holds nothing back unless a part of it is overridden."""

    @property
    def reason(self) -> str:
        """Nothing is waited for."""
        return ""

    @property
    def exclusive(self) -> bool:
        """Submits need not go alone."""
        return False

    @property
    def is_open(self) -> bool:
        """No answer changes that."""
        return True

    async def before(self, job: Job) -> None:
        """Every job may go."""

    def record(self, job: Job, answer: Answer) -> None:
        """Nothing follows from an answer."""

    async def after(self, job: Job, answer: Answer) -> None:
        """Nothing is left to do."""
