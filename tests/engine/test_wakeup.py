"""Who is woken by what: a job that waits for money looks again when an answer came, and not for each poll of others."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from batchrunner.domain.job import JobId
from batchrunner.domain.status import Status
from batchrunner.domain.step import Step
from batchrunner.engine.decider import Decider
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.io.http import Answered, Responder
from tests.engine.audit import counts
from tests.moved_time import MovedClock, in_moved_time
from tests.studio import Studio, manifest_text

PAID = 8
WAITING = 60
CLIP_USD = Decimal("2.576")  # 8 s of google/veo-3.1-i2v at 720p


def slow_submits(answer: Responder) -> Responder:
    async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        if method == "POST":
            await asyncio.sleep(20)
        return await answer(method, target, headers, body)

    return answered


def test_jobs_that_wait_for_money_look_again_after_answers_and_not_after_polls(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[JobId] = []
    decide = Decider.decide

    def counting(self: Decider, identity: JobId) -> Step:
        decided.append(identity)
        return decide(self, identity)

    monkeypatch.setattr(Decider, "decide", counting)
    studio.options = replace(studio.options, latency_s=15, latency_spread_s=10, concurrency=4)
    studio.write(manifest_text(*(f"job{number:02}" for number in range(PAID + WAITING))))
    studio.way = slow_submits

    studio.run(run_usd=CLIP_USD * PAID)

    assert counts(studio) == {Status.DONE: PAID, Status.PENDING: WAITING}
    polls = sum(asked.is_poll for asked in studio.asked)
    held = [identity for identity in decided if identity.name >= f"job{PAID:02}"]
    # at the start and at the end, and for each answer to a submit; there are many more polls
    assert len(held) <= WAITING * (3 + len(studio.submits()))
    assert polls > 3 * len(studio.submits())


def test_a_wakeup_passes_on_and_is_not_woken_by_what_it_passes_on_to() -> None:
    async def both(_clock: MovedClock) -> tuple[list[str], list[str]]:
        few = Wakeup()
        everyone = Wakeup(few)
        woken: list[str] = []

        async def wait(who: str, wakeup: Wakeup) -> None:
            await wakeup.wait()
            woken.append(who)

        waiting = [asyncio.create_task(wait("few", few)), asyncio.create_task(wait("everyone", everyone))]
        await asyncio.sleep(1)
        few.notify_all()
        await asyncio.sleep(1)
        first = list(woken)
        waiting.append(asyncio.create_task(wait("few", few)))
        await asyncio.sleep(1)
        everyone.notify_all()
        await asyncio.gather(*waiting)
        return first, sorted(woken)

    assert in_moved_time(both) == (["few"], ["everyone", "few", "few"])
