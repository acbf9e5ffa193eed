"""Answers that end the submits: a key or a model that the service does not accept."""

from batchrunner.domain.attempt import Answer, RejectReason
from batchrunner.domain.job import Job
from batchrunner.domain.step import HoldReason
from batchrunner.engine.guards.submit_guard import PassiveGuard
from batchrunner.engine.stops import Stops


class RejectionGuard(PassiveGuard):
    """What was refused once for a reason that lies beyond the job would be refused again."""

    def __init__(self, stops: Stops) -> None:
        self._stops = stops

    def record(self, job: Job, answer: Answer) -> None:
        """A refused key ends all submits, a refused model those to this model."""
        if answer.reject_reason is RejectReason.KEY:
            self._stops.stop(HoldReason.KEY, f"the service refuses the API key: {answer.message}")
        elif answer.reject_reason is RejectReason.ADDRESS:
            self._stops.stop_model(job.request.model, HoldReason.ADDRESS, f"the service refuses: {answer.message}")
