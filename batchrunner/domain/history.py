"""What a ledger remembers of one job: facts in the order in which they happened, never a status."""

from dataclasses import dataclass

from batchrunner.domain.attempt import Attempt, Outcome
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import TaskState
from batchrunner.domain.request import Request


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
        decision = next(
            (m for m in reversed(self.decisions) if m.kind is DecisionKind.ACCEPT and m.request == request), None
        )
        if decision is None or any(a.request == request and _is_since(a, decision) for a in self.attempts):
            return None
        return self.chosen_by(decision)

    def chosen_by(self, decision: Decision) -> Attempt | None:
        """The attempt whose clip is kept by a decision; None where that decision keeps none."""
        if decision.kind is not DecisionKind.ACCEPT:
            return None
        if decision.chosen is None:
            return self.newest_clip(decision.after)
        return next((a for a in self.attempts if a.number == decision.chosen), None)

    def newest_clip(self, upto: int) -> Attempt | None:
        """The last attempt up to this number that gave a file."""
        return next((a for a in reversed(self.attempts) if a.number <= upto and a.clips), None)

    def last_decision(self, request: Request, *kinds: DecisionKind) -> Decision | None:
        """The last decision of these kinds about this request, carried out or not."""
        return next((m for m in reversed(self.decisions) if m.kind in kinds and m.applies_to(request)), None)

    def open_decision(self, request: Request) -> Decision | None:
        """The last decision to submit this request again, if no attempt has followed it yet."""
        decision = self.last_decision(request, DecisionKind.RETRY, DecisionKind.REDO, DecisionKind.PAY_AGAIN)
        if decision is None or self.attempts_of(decision):
            return None
        asked = (a for a in self.attempts if decision.request is None or a.request == request)
        return None if any(_is_since(a, decision) for a in asked) else decision

    def attempts_of(self, decision: Decision) -> tuple[Attempt, ...]:
        """The attempts that carry out a decision: several where one was refused, or failed and is retried."""
        return tuple(a for a in self.attempts if a.decision and a.decision == decision.decision)

    def failures_since_decision(self, request: Request) -> int:
        """How often the request has failed since a person last decided to submit it again.

        What carries out the decision came after it, even where a clock that was set back numbered it before.
        """
        decisions = [d for d in self.decisions if d.kind is not DecisionKind.ACCEPT and d.applies_to(request)]
        since = max((decision.after for decision in decisions), default=0)
        name = decisions[-1].decision if decisions else ""
        failed = (a for a in self.attempts if a.request == request and a.task is TaskState.FAILED)
        return sum(1 for a in failed if a.number > since or (name and a.decision == name))

    def decision_for(self, request: Request) -> str | None:
        """The name of the decision that a new attempt at this request carries out, or goes on carrying out."""
        decision = self.open_decision(request)
        last = self.of_request(request)
        return decision.decision if decision else last.decision if last else None


def _is_since(attempt: Attempt, decision: Decision) -> bool:
    """Whether an attempt followed a decision; of another machine's, which may be heard of late, its time tells."""
    return attempt.number > decision.after and (attempt.made_on is None or attempt.opened_at_s > decision.at_s)


NO_MEMORY = JobHistory()
