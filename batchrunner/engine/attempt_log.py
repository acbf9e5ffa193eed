"""What a run writes down of its attempts: the ledger first, then the receipts, then the budget."""

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal

from batchrunner.domain.attempt import Answer, Attempt, Outcome
from batchrunner.domain.budget import Budget
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.observation import Observation
from batchrunner.domain.step import HoldReason, Step
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.stops import Stops
from batchrunner.errors import LedgerError
from batchrunner.io.clock import Clock
from batchrunner.planning.planner import settles
from batchrunner.providers.credentials import Credentials
from batchrunner.storage.interface import Ledger
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.receipts import ReceiptsWriter
from batchrunner.storage.records import Claim

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0


@dataclass(slots=True, kw_only=True, eq=False)
class AttemptLog:
    """The attempts of one run on record. `credentials` are those with which it submits."""

    run_id: int
    credentials: Credentials
    ledger: Ledger
    receipts: ReceiptsWriter
    budget: Budget
    stats: RunStats
    stops: Stops
    wakeup: Wakeup
    clock: Clock
    events: EventSink

    def claim(self, job: Job, step: Step, project: ProjectPaths, newest: int | None) -> tuple[int, Claim]:
        """Commits the attempt with its reservation, before its POST leaves; gives its number and what was claimed.

        Raises:
            ClaimConflict: somebody else came first since this was decided.
            LedgerError: it could not be written; nothing is reserved.
        """
        history = self.ledger.history(job.identity)
        claim = Claim(
            identity=job.identity,
            number=history.next_number,
            run_id=self.run_id,
            request=job.request,
            output=project.written(project.output(job.output)),
            base_url=self.credentials.base_url,
            key_digest=self.credentials.key_digest,
            key_last4=self.credentials.key_last4,
            reserved_usd=step.cost.high_usd,
            at_s=self.clock.wall_s(),
            decision=history.decision_for(job.request),
            newest=newest,
        )
        attempt_id = self.ledger.claim(claim)
        # whatever happens from here on, other machines know that it was sent
        self.write_receipt(job.identity, attempt_id)
        self._book(claim.reserved_usd, self.run_id)
        return attempt_id, claim

    async def record_answer(self, attempt_id: int, answer: Answer, claim: Claim) -> Answer:
        """Writes an answer down, and gives it as it was written.

        A task id was paid for: its write is repeated until it succeeds or the process ends. Any other answer is not
        worth that: without it the attempt is unknown, which is true.
        """
        answer = await self._written(attempt_id, answer, claim.identity)
        self.write_receipt(claim.identity, attempt_id)
        if answer.outcome is Outcome.REFUSED:
            self._book(-claim.reserved_usd, self.run_id)
        return answer

    async def _written(self, attempt_id: int, answer: Answer, identity: JobId) -> Answer:
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                return self.ledger.record_answer(attempt_id, answer)
            except LedgerError as error:
                self.stops.stop(HoldReason.LEDGER, str(error))
                if answer.task_id is None:
                    return replace(answer, outcome=Outcome.UNKNOWN, reject_reason=None)
                alarm = f"task {answer.task_id} is paid and could not be written to the ledger: {error}"
                self.events.emit(EventKind.ALARM, alarm, identity.name)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    def retract_task(self, attempt: Attempt, why: str) -> None:
        """A task that a person named does not exist: what became of the submit is as unknown as before."""
        self.ledger.record_answer(attempt.id, Answer(self.clock.wall_s(), Outcome.UNKNOWN, message=why))

    def observe(self, attempt: Attempt, seen: Observation) -> Attempt:
        """Writes a new state down; the facts decide whether that ends the attempt. Gives the attempt as it is then."""
        after = with_observation(attempt, seen)
        self.ledger.observe(attempt, seen, settles=settles(after))
        self._book(after.booked_usd - attempt.booked_usd, attempt.run_id)
        if seen.took_s is not None:
            self.stats.render_times_s.append(seen.took_s)
        return after

    def settle(self, attempt: Attempt) -> None:
        """The attempt is over."""
        self.ledger.settle(attempt.id, self.clock.wall_s())

    def adopt(self, identity: JobId, attempt: Attempt) -> None:
        """A clip that was paid for under another name is this job's, too, from now on."""
        number = self.ledger.history(identity).next_number
        self.ledger.adopt(identity, number, attempt.id, self.run_id, self.clock.wall_s())

    def write_receipt(self, identity: JobId, attempt_id: int) -> None:
        """Other machines learn how the attempt stands."""
        self.receipts.submit(identity, attempt_id)

    def _book(self, change_usd: Decimal, run_id: int) -> None:
        self.budget.book(change_usd, by_this_run=run_id == self.run_id)
        if change_usd < 0:
            self.wakeup.notify_all()  # somebody may wait for this money


def with_observation(attempt: Attempt, seen: Observation) -> Attempt:
    """The attempt as it will be once this is on record."""
    return replace(attempt, observations=(*attempt.observations, seen))
