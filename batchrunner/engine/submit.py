"""The paid step: slot, patience, pace; then the attempt is committed, and only then the POST leaves."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from batchrunner.domain.attempt import Answer, Outcome, RejectReason
from batchrunner.domain.event import EventKind, RunEvent
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.observation import ErrorClass, Failure
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.domain.text import duration
from batchrunner.engine.guards.canary import admit, heed_failure, is_admitted
from batchrunner.engine.guards.price import BalanceBefore, balance_before, compare_balance, end_suspicion, read_balance
from batchrunner.engine.run import Run
from batchrunner.engine.scheduling.poll_policy import RunningTask
from batchrunner.engine.scheduling.rate_limiter import MOST_UNKNOWNS
from batchrunner.engine.upload import sendable
from batchrunner.errors import ClaimConflict, LedgerError
from batchrunner.planning.batch import renewed
from batchrunner.providers.modellix import SubmitReply
from batchrunner.storage.records import Claim

# How often an account that is used up is looked at.
_TOP_UP_S = 60.0
# An account that is full of other tasks for so long is worth a person's look.
_LONG_FULL_S = 900.0


async def submit(run: Run, identity: JobId, _: Step) -> None:
    """Submits a job once, and records what became of it; or comes back with nothing done."""
    job = run.batch.jobs[identity]
    end_suspicion(run, identity)  # where it comes again, its first clip ended
    await admit(run, job)
    await run.slots.acquire(identity)
    body = await sendable(run, job, lambda: _may_go(run, job)) if _may_go(run, job) else None
    if body is None:
        run.slots.release(identity)
        return
    async with run.in_flight_submits:
        post = await _begin(run, job, body)
        if post is not None:
            await asyncio.shield(post)


def _may_go(run: Run, job: Job) -> bool:
    """Whether nothing has come between a job and its submit while it waited."""
    return run.stop_of(job) is None and is_admitted(run, job)


async def _begin(run: Run, job: Job, body: Mapping[str, object]) -> asyncio.Task[Outcome] | None:
    """Through the door one at a time: wait, decide again, commit. Gives the POST that is on its way.

    While caution holds, while the balance was used up, and for the first clip of a run, the door stays shut until the
    POST is answered.
    """
    async with run.submit_lock:
        await _patience(run, job)
        before = await _right(run, job)
        # everything may have moved while it waited: memory, caps, stops, the disk, the clock of a machine that slept
        run.heed_deadline()
        step = run.decide(job.identity)
        if step.action is not Action.SUBMIT or not is_admitted(run, job) or not run.slots.has_room(job.identity):
            run.slots.release(job.identity)
            return None
        was_broke = run.is_broke
        post = _commit(run, job, body, step)
        if post is not None and (run.outage.is_on or was_broke or before is not None):
            is_accepted = await asyncio.shield(post) is Outcome.ACCEPTED
            if is_accepted and was_broke:
                run.is_broke = False
                run.say("the balance was topped up: the run goes on")
            if is_accepted and before is not None:
                await compare_balance(run, job.identity, before, step.cost.high_usd)
        return post


async def _patience(run: Run, job: Job) -> None:
    """Waits for money and for caution; a stop ends it at once."""
    answered = can_pay = False
    while run.stop_of(job) is None:
        wait_s = run.outage.wait_s(run.clock.monotonic_s())
        if run.suspected_overcharge:
            await run.wakeup.wait()
        elif run.is_broke and not can_pay:
            can_pay = await _may_pay(run, job)
        elif wait_s > 0:
            await run.wakeup.wait_for(wait_s)
        elif run.outage.is_on and not answered:
            answered = await _is_answering(run, job)
        else:
            return


async def _right(run: Run, job: Job) -> BalanceBefore | None:
    """Waits for the right to send. Gives what the account held just before, if this clip is to be weighed."""
    if run.stop_of(job) is not None:
        return None
    is_weighed = run.checks_left > 0 and not run.outage.is_on
    before = await balance_before(run, lambda: _may_go(run, job)) if is_weighed else None
    await run.gate.acquire(lambda: _may_go(run, job) and run.slots.has_room(job.identity))
    return before


async def _may_pay(run: Run, job: Job) -> bool:
    """Whether the account holds enough, after a while; a refusal is free, so where it does not say, it is tried."""
    await run.wakeup.sleep_unless(_TOP_UP_S, lambda: run.stop_of(job) is None)
    if run.stop_of(job) is not None:
        return False
    reply = await read_balance(run, lambda: run.stop_of(job) is None)
    return reply.usd is None or reply.usd >= run.batch.cost(job).high_usd


async def _is_answering(run: Run, job: Job) -> bool:
    """Whether a free request is answered just now: asked before money follows money that vanished."""
    reply = await read_balance(run, lambda: run.stop_of(job) is None)
    if reply.is_trouble:
        run.outage.record_failure(run.clock.monotonic_s())
    return not reply.is_trouble


def _commit(run: Run, job: Job, body: Mapping[str, object], step: Step) -> asyncio.Task[Outcome] | None:
    """Writes the attempt down with its reservation, and sends the POST as a unit of its own that nothing cancels."""
    memory = run.ledger.history(job.identity)
    claim = Claim(
        identity=job.identity,
        number=memory.next_number,
        run_id=run.run_id,
        request=job.request,
        output=run.batch.project.written(run.batch.project.output(job.output)),
        base_url=run.access.base_url,
        key_digest=run.access.key_digest,
        key_last4=run.access.key_last4,
        reserved_usd=step.cost.high_usd,
        at_s=run.clock.wall_s(),
        decision=memory.decision_for(job.request),
        newest=run.batch.rivals.newest,
    )
    try:
        attempt_id = run.ledger.claim(claim)
    except ClaimConflict as error:
        run.tell(RunEvent(EventKind.NOTE, str(error), job.name))
        run.batch = renewed(run.batch, run.ledger)  # the next decision knows what came first
        return None
    run.receipts.submit(job.identity, attempt_id)  # whatever happens from here on, other machines know that it was sent
    run.book(claim.reserved_usd, run.run_id)
    run.stats.submits += 1
    run.slots.sent(job.identity)
    post = asyncio.create_task(_post(run, job, body, attempt_id, claim))
    run.posts.add(post)
    post.add_done_callback(lambda _: _is_over(run, post))
    return post


def _is_over(run: Run, post: asyncio.Task[Outcome]) -> None:
    run.posts.discard(post)
    run.nudge()


async def _post(run: Run, job: Job, body: Mapping[str, object], attempt_id: int, claim: Claim) -> Outcome:
    sent_at_s = run.clock.monotonic_s()
    reply = await run.service.submit(job.request.model, body)
    answer = Answer(
        run.clock.wall_s(),
        reply.outcome,
        reply.task_id,
        reply.refusal,
        reply.http_status,
        reply.message,
        reply.body,
    )
    answer = await _recorded(run, job, attempt_id, answer)
    run.receipts.submit(job.identity, attempt_id)
    if answer.outcome is Outcome.REFUSED:
        run.book(-claim.reserved_usd, run.run_id)
    _occupy(run, job, answer, attempt_id, sent_at_s)
    _react(run, job, answer, reply)
    return answer.outcome


def _occupy(run: Run, job: Job, answer: Answer, attempt_id: int, sent_at_s: float) -> None:
    """What an answer means for the job's slot, and for what is known of all slots."""
    if answer.outcome is Outcome.ACCEPTED:
        task = RunningTask(run.latencies.of(job.request), sent_at_s, sent_at_s)
        run.keep_watch(attempt_id, task)
        run.slots.accepted(job.identity, task)
    elif answer.reject_reason is RejectReason.CONCURRENT:
        run.slots.refused(job.identity, sent_at_s, run.clock.monotonic_s())
    else:
        run.slots.release(job.identity)


async def _recorded(run: Run, job: Job, attempt_id: int, answer: Answer) -> Answer:
    """Writes an answer down, and gives it as it was written.

    A task id was paid for: its write is repeated until it succeeds or the process ends. Any other answer is not
    worth that: without it the attempt is unknown, which is true.
    """
    wait_s = 1.0
    while True:
        try:
            return run.ledger.record_answer(attempt_id, answer)
        except LedgerError as error:
            run.stop(HoldReason.LEDGER, str(error))
            if answer.task_id is None:
                return replace(answer, outcome=Outcome.UNKNOWN, reject_reason=None)
            alarm = f"task {answer.task_id} is paid and could not be written to the ledger: {error}"
            run.tell(RunEvent(EventKind.ALARM, alarm, job.name))
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, 30.0)


def _react(run: Run, job: Job, answer: Answer, reply: SubmitReply) -> None:
    """What an answer to one job means for all the others."""
    refused_429 = answer.reject_reason in (RejectReason.RATE, RejectReason.CONCURRENT)
    if answer.reject_reason is RejectReason.CONCURRENT:
        run.stats.refused_429 += 1
    else:
        run.heed(reply.limits, refused=refused_429)
    match answer.outcome:
        case Outcome.ACCEPTED:
            run.outage.record_success()
            run.tell(RunEvent(EventKind.ACCEPTED, f"task {answer.task_id}", job.name))
        case Outcome.UNKNOWN:
            run.outage.record_unknown(run.clock.monotonic_s())
            run.tell(RunEvent(EventKind.UNKNOWN, answer.message, job.name))
            if run.outage.is_over:
                run.stop(HoldReason.HALT, f"{MOST_UNKNOWNS} submits in a row have an unknown outcome")
        case Outcome.REFUSED if answer.reject_reason is not None:
            _REACTIONS[answer.reject_reason](run, job, answer)


def _invalid(run: Run, job: Job, answer: Answer) -> None:
    run.tell(RunEvent(EventKind.FAILED, answer.message, job.name))
    heed_failure(run, job.identity, job.request.model, Failure(ErrorClass.INVALID, answer.message))


def _broke(run: Run, _: Job, answer: Answer) -> None:
    message = answer.message
    if not run.limits.waits_for_balance:
        run.stop(HoldReason.BALANCE, f"the balance is used up: {message}")
    elif not run.is_broke:
        run.is_broke = True
        run.tell(RunEvent(EventKind.WAIT, f"the balance is used up, waiting for a top-up: {message}"))


def _unreached(run: Run, _: Job, answer: Answer) -> None:
    if not run.outage.is_on:
        run.say(f"{run.access.base_url} cannot be reached: {answer.message}")
    run.outage.record_failure(run.clock.monotonic_s())


def _full(run: Run, _: Job, _answer: Answer) -> None:
    full_s = run.slots.all_elsewhere_s(run.clock.monotonic_s())
    if full_s < _LONG_FULL_S:
        run.is_long_full = False
    elif not run.is_long_full:
        run.is_long_full = True
        ours = sum(step.hold_reason is HoldReason.TASK_TIMEOUT for step in run.steps.values())
        given_up = f", {ours} of them this run's own that it waits for no longer" if ours else ""
        who = f"the account's slots are full of other tasks{given_up}"
        run.tell(RunEvent(EventKind.WAIT, f"nothing could be submitted for {duration(full_s)}: {who}; it is tried on"))


def _nothing(_run: Run, _job: Job, _answer: Answer) -> None:
    """The pace was told already."""


_REACTIONS: Mapping[RejectReason, Callable[[Run, Job, Answer], None]] = {
    RejectReason.INVALID: _invalid,
    RejectReason.KEY: lambda run, _, a: run.stop(HoldReason.KEY, f"the service refuses the key: {a.message}"),
    RejectReason.BALANCE: _broke,
    RejectReason.ADDRESS: lambda run, job, a: run.stop_model(
        job.request.model, HoldReason.ADDRESS, f"the service refuses: {a.message}"
    ),
    RejectReason.RATE: _nothing,
    RejectReason.CONCURRENT: _full,
    RejectReason.NOT_SENT: _unreached,
    RejectReason.BY_HAND: _nothing,
}
