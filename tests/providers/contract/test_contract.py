"""What every provider has to keep, whoever is behind it. A further one is a line in `providers.py`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.attempt import Outcome, RejectReason
from batchrunner.domain.observation import TaskState
from batchrunner.io.http import Answered
from batchrunner.providers.provider import (
    BalanceStatus,
    KeyStatus,
    Provider,
    ProviderReply,
    Retry,
    SubmitReply,
    TaskReplyKind,
    UploadReplyKind,
)
from batchrunner.providers.provider_registry import PROVIDERS
from tests.io.test_images import png
from tests.moved_time import MovedClock, in_moved_time
from tests.providers.contract.providers import RENDER_S, STARTS, Start, World, answered_by

MODEL = "google/veo-3.1-i2v"
PATH = "google/veo-3.1-i2v/async"
BODY = {"prompt": "She waves", "image": "https://example.com/a.jpg", "durationSeconds": "8", "resolution": "720p"}

Talk = Callable[[Provider], Awaitable[Any]]
Ask = Callable[..., Any]


@pytest.fixture(params=STARTS)
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Ask:
    """Has a talk with a provider whose service is in a certain state, and gives what came of it."""
    start: Start = STARTS[request.param]

    def asked(talk: Talk, **wanted: Any) -> Any:
        async def talked(clock: MovedClock) -> Any:
            async with start(World(**wanted), clock, tmp_path) as provider:
                return await talk(provider)

        return in_moved_time(talked)

    return asked


def test_every_provider_of_the_registry_keeps_the_contract() -> None:
    assert set(PROVIDERS) <= set(STARTS)


def test_a_good_request_becomes_a_task_that_ends_with_a_link_nobody_prints(ask: Ask) -> None:
    async def talk(provider: Provider) -> None:
        said = await provider.submit(PATH, BODY)
        assert (said.outcome, said.refusal, said.retry) == (Outcome.ACCEPTED, None, Retry.NO)
        assert said.task_id
        first = await provider.poll(said.task_id)
        assert (first.kind, first.state, first.link) == (TaskReplyKind.STATE, TaskState.WAITING, None)
        await asyncio.sleep(RENDER_S + 1)
        last = await provider.poll(said.task_id)
        assert (last.kind, last.state, last.failure, last.retry) == (
            TaskReplyKind.STATE,
            TaskState.SUCCESS,
            None,
            Retry.NO,
        )
        assert last.link
        assert last.link not in repr(last)
        assert last.link not in last.body

    ask(talk)


def test_every_submit_is_a_task_of_its_own(ask: Ask) -> None:
    async def talk(provider: Provider) -> set[str | None]:
        return {(await provider.submit(PATH, BODY)).task_id for _ in range(3)}

    assert len(ask(talk) - {None}) == 3


def test_a_failed_task_says_why_and_is_no_reason_to_send_anything_again(ask: Ask) -> None:
    async def talk(provider: Provider) -> None:
        task_id = (await provider.submit(PATH, BODY)).task_id or ""
        await asyncio.sleep(RENDER_S + 1)
        seen = await provider.poll(task_id)
        assert (seen.state, seen.link, seen.retry) == (TaskState.FAILED, None, Retry.NO)
        assert seen.failure
        assert seen.failure.message

    ask(talk, renders=False)


def test_a_bad_request_is_refused_with_a_reason_and_not_to_be_sent_again(ask: Ask) -> None:
    said = ask(lambda provider: provider.submit(PATH, {"prompt": ""}))
    assert (said.outcome, said.refusal, said.task_id) == (Outcome.REFUSED, RejectReason.INVALID, None)
    assert (said.retry, said.after_s) == (Retry.NO, None)
    assert said.message


def test_a_full_account_is_told_from_a_rate_limit_and_no_wait_helps(ask: Ask) -> None:
    async def talk(provider: Provider) -> SubmitReply:
        await provider.submit(PATH, BODY)
        return await provider.submit(PATH, BODY)

    said = ask(talk, slots=1)
    assert (said.outcome, said.retry, said.after_s) == (Outcome.REFUSED, Retry.CONCURRENCY, None)


def test_a_rate_limit_says_how_long_nothing_is_to_be_sent(ask: Ask) -> None:
    async def talk(provider: Provider) -> list[ProviderReply]:
        await provider.poll("task-none")
        return [await provider.submit(PATH, BODY), await provider.poll("task-none")]

    for said in ask(talk, rate_per_min=1):
        assert said.retry is Retry.RATE_LIMIT
        assert 0 < said.after_s <= 60


def test_a_task_that_is_not_there_is_gone_and_nothing_else_is_said_of_it(ask: Ask) -> None:
    seen = ask(lambda provider: provider.poll("task-none"))
    assert (seen.kind, seen.state, seen.link, seen.retry) == (TaskReplyKind.GONE, TaskState.WAITING, None, Retry.NO)


def test_the_balance_and_the_key_are_free_to_ask_for(ask: Ask) -> None:
    held = ask(lambda provider: provider.balance())
    assert (held.status, held.usd, held.retry) == (BalanceStatus.TOLD, 1000, Retry.NO)
    assert ask(lambda provider: provider.check_key()) is KeyStatus.ACCEPTED
    assert ask(lambda provider: provider.check_key(), key="mdlx-invalid") is KeyStatus.REFUSED


def test_an_image_is_uploaded_for_a_link_and_deleted_by_its_id_where_that_can_be(ask: Ask) -> None:
    async def talk(provider: Provider) -> None:
        assert (provider.upload is None) == (provider.delete_upload is None) == (provider.limits.upload_bytes is None)
        if provider.upload is None or provider.delete_upload is None:
            return
        taken = await provider.upload("a.png", png(16, 9))
        assert (taken.kind, taken.retry) == (UploadReplyKind.TAKEN, Retry.NO)
        assert (await provider.submit(PATH, {**BODY, "image": taken.url})).outcome is Outcome.ACCEPTED
        assert [await provider.delete_upload(taken.file_id) for _ in range(2)] == [True, True]

    ask(talk)


def test_what_is_published_of_the_limits_can_be_kept(ask: Ask) -> None:
    async def talk(provider: Provider) -> None:
        assert provider.limits.rate_per_min > 0
        assert all(published and min(published) > 0 for published in provider.limits.slots_by_rate.values())
        assert provider.distrust == ""

    ask(talk)


@pytest.mark.parametrize(
    ("error", "outcome", "retry"),
    [
        (ConnectionRefusedError(), Outcome.REFUSED, Retry.TRANSIENT),
        (ConnectionResetError(), Outcome.UNKNOWN, Retry.NO),
        (TimeoutError(), Outcome.UNKNOWN, Retry.NO),
    ],
)
def test_nothing_raises_and_only_a_submit_that_never_left_may_be_sent_again(
    error: Exception, outcome: Outcome, retry: Retry
) -> None:
    """What the network does to a provider that has one."""

    async def answer(_method: str, _target: str, _headers: Mapping[str, str], _body: bytes) -> Answered:
        raise error

    async def talk(clock: MovedClock) -> None:
        async with answered_by(answer, "mdlx-good", clock) as provider:
            said = await provider.submit(PATH, BODY)
            assert (said.outcome, said.retry) == (outcome, retry)
            assert (await provider.poll("task-1")).retry is Retry.TRANSIENT
            assert (await provider.balance()).retry is Retry.TRANSIENT
            assert await provider.check_key() is KeyStatus.UNKNOWN
            assert provider.upload
            assert (await provider.upload("a.png", png(16, 9))).retry is Retry.TRANSIENT
            assert provider.delete_upload
            assert await provider.delete_upload("file-1") is False

    in_moved_time(talk)
