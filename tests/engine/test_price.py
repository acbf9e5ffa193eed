"""What clips really cost: weighed with the first one, compared with every bill, and waited for where it runs out."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.attempt import Answer, Outcome
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import JobId
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.engine.executor import RunResult
from batchrunner.errors import ExitCode
from batchrunner.io.http import Answered, Responder
from batchrunner.manifest.load import load
from batchrunner.providers.credentials import Credentials
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.sandbox import HttpAnswer as SandboxAnswer
from batchrunner.sandbox.exchange import pieces
from batchrunner.storage.open import open_ledger, read_ledger
from batchrunner.storage.records import Claim, NewRun
from tests.engine.audit import audit, counts
from tests.engine.services import instead, refusing, reply, retold
from tests.engine.wishes import PRICE_USD
from tests.moved_time import EVENING_S
from tests.studio import CTRL_C, JOB, Studio, manifest_text, send

DEARER = Decimal("1.06")


def studio_with(folder: Path, jobs: int = 6, **options: Any) -> Studio:
    studio = Studio(folder, SandboxOptions(**{"latency_s": 60, **options}))
    studio.write(manifest_text(*(f"job{number}" for number in range(jobs))))
    return studio


def notes(studio: Studio) -> str:
    return "\n".join(
        event.text for event in studio.told(EventKind.NOTE, EventKind.HALT, EventKind.WAIT, EventKind.ALARM)
    )


def blocks(ended: RunResult) -> list[HoldReason | None]:
    return [step.hold_reason for step in ended.steps.values()]


def test_a_first_clip_that_is_billed_dearer_ends_the_submits(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, price_factor=DEARER)

    ended = studio.run(concurrency=4)

    assert len(studio.record().charges) == 1, "the first clip goes alone until its price is known"
    assert counts(studio) == {Status.DONE: 1, Status.PENDING: 5}
    assert ended.exit_code is ExitCode.COST_LIMIT
    assert blocks(ended) == [None, *[HoldReason.PRICE] * 5]
    assert "a clip was billed $2.73" in notes(studio)
    assert [halt.text.partition(":")[0] for halt in studio.told(EventKind.HALT)] == ["no more submits"]
    assert "was estimated at $2.58" in notes(studio)
    assert "--prices" in notes(studio)


def test_a_first_clip_that_no_bill_speaks_of_is_weighed_by_a_second_one_before_it_ends_the_submits(
    tmp_path: Path,
) -> None:
    studio = studio_with(tmp_path, price_factor=DEARER, tells_billing=False)

    ended = studio.run(concurrency=4)

    assert len(studio.record().charges) == 2, "the second goes alone, too"
    assert ended.exit_code is ExitCode.COST_LIMIT
    assert blocks(ended) == [None, None, *[HoldReason.PRICE] * 4]
    first, second = studio.submits()
    assert second.at_s - first.at_s >= 60, "the bill of the first is waited for"
    said = notes(studio)
    assert "the account lost $2.73 by the first clip" in said
    assert "something else may have been paid" in said
    [halt] = studio.told(EventKind.HALT)
    assert "suspected" in halt.text


@pytest.mark.parametrize("factor", ["1.05", "1", "0.5"])
def test_a_price_within_five_percent_holds_nobody_up(tmp_path: Path, factor: str) -> None:
    studio = studio_with(tmp_path, price_factor=Decimal(factor))
    assert studio.run(concurrency=4).exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 6


def test_a_price_that_rises_later_ends_the_submits_with_the_next_bill(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=8)

    studio.run(concurrency=2, run_usd=PRICE_USD * 2)
    studio.options = replace(studio.options, price_factor=DEARER, tells_balance=False)

    ended = studio.run(concurrency=2)

    assert ended.exit_code is ExitCode.COST_LIMIT
    assert 3 <= len(studio.record().charges) <= 5, "no balance is told: it is seen with the first bill"
    audit(studio)


def test_where_the_account_says_nothing_the_submits_go_on(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, tells_balance=False, tells_billing=False)
    assert studio.run().exit_code is ExitCode.DONE


def test_somebody_else_who_pays_at_that_moment_is_only_a_doubt(tmp_path: Path) -> None:
    """The account loses more than one clip's price, but the bill of the first clip is as estimated."""
    studio = studio_with(tmp_path, jobs=4, top_ups=((EVENING_S + 0.15, Decimal(-50)),))

    ended = studio.run(concurrency=2)

    assert ended.exit_code is ExitCode.DONE
    assert "the account lost $52.58 by the first clip" in notes(studio)
    first, second, *_ = studio.submits()
    assert second.at_s - first.at_s >= 60, "the second waits for the first one's bill"


def test_a_doubt_that_no_bill_settles_ends_the_submits_and_not_the_run(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=4, price_factor=Decimal(2), latency_s=7_200)
    ended = studio.run(task_timeout_s=600)
    assert ended.exit_code is ExitCode.COST_LIMIT
    assert counts(studio) == {Status.RUNNING: 2, Status.PENDING: 2}


def paying_elsewhere(*after_s: float, usd: str = "50") -> dict[str, Any]:
    """Somebody else pays from this account at these moments, and no clip of ours is billed."""
    return {"top_ups": tuple((EVENING_S + each, -Decimal(usd)) for each in after_s), "tells_billing": False}


def test_somebody_else_who_pays_once_holds_nobody_up_where_nothing_is_billed(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=4, **paying_elsewhere(0.15))

    assert studio.run(concurrency=2).exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 4
    assert "the account lost $52.58 by the first clip" in notes(studio)
    assert not studio.told(EventKind.HALT)


def test_somebody_else_who_pays_all_the_time_is_no_proof_against_our_price(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=8, **paying_elsewhere(0.15, *range(1, 7_200), usd="0.50"))

    assert studio.run(concurrency=2).exit_code is ExitCode.DONE

    assert notes(studio).count("could not be checked") == 1
    assert "something else is paid from this account" in notes(studio)


def test_what_another_run_of_this_ledger_pays_meanwhile_is_no_doubt(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=4, **paying_elsewhere(0.15, usd=str(PRICE_USD)))
    studio.way = meanwhile_another_run_submits(studio, PRICE_USD)

    assert studio.run(concurrency=2).exit_code is ExitCode.DONE

    assert "the account lost" not in notes(studio)
    first, second, *_ = studio.submits()
    assert second.at_s - first.at_s < 5


def test_what_another_run_pays_hides_no_price_of_ours(tmp_path: Path) -> None:
    elsewhere = paying_elsewhere(0.15, usd=str(PRICE_USD))
    studio = studio_with(tmp_path, jobs=4, price_factor=DEARER, **elsewhere)
    studio.way = meanwhile_another_run_submits(studio, PRICE_USD)

    assert studio.run(concurrency=2).exit_code is ExitCode.COST_LIMIT

    assert "the account lost $2.73 by the first clip" in notes(studio)


def meanwhile_another_run_submits(studio: Studio, usd: Decimal) -> Callable[[Responder], Responder]:
    """While our first submit is on the wire, a run of another manifest writes down one of its own."""

    def way(answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            if method == "POST" and len(studio.submits()) == 1:
                submit_elsewhere(studio, usd)
            return await answer(method, target, headers, body)

        return answered

    return way


def submit_elsewhere(studio: Studio, usd: Decimal) -> None:
    manifest = load(studio.manifest)
    access, at_s = Credentials(studio.api, studio.key), studio.asked[-1].at_s
    with open_ledger(studio.project.ledger) as ledger:
        run_id = ledger.begin_run(NewRun("other", "", "run", "", studio.api, "here", 1, "0", [], at_s))
        who = JobId("other", "", "shot", 1)
        request = manifest.jobs[0].request
        claim = Claim(who, 1, run_id, request, "shot.mp4", studio.api, access.key_digest, access.key_last4, usd, at_s)
        ledger.record_answer(ledger.claim(claim), Answer(at_s, Outcome.ACCEPTED, "task-elsewhere"))


def billing(usd: str) -> Callable[[dict[str, Any]], None]:
    """What the service says that finished tasks cost."""

    def edit(data: dict[str, Any]) -> None:
        if "billing" in data:
            data["billing"] = {"amount": float(usd)}

    return edit


def test_a_bill_far_above_the_estimate_is_told_although_it_comes_with_the_last_job(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=2, tells_balance=False)
    studio.way = retold(billing("1000"))

    ended = studio.run(concurrency=2)

    assert ended.exit_code is ExitCode.COST_LIMIT
    assert counts(studio) == {Status.DONE: 2}
    assert "a clip was billed $1,000.00, but was estimated at $2.58" in notes(studio)
    assert "2 clips were billed $2,000.00, but were estimated at $5.15" in notes(studio)


def test_a_bill_that_fetch_sees_is_told_and_in_its_exit_code(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=1)
    studio.run(task_timeout_s=10)
    studio.way = retold(billing("1000"))

    assert studio.run(submits=False, command="fetch").exit_code is ExitCode.COST_LIMIT

    assert "a clip was billed $1,000.00" in notes(studio)
    assert studio.run(submits=False, command="fetch").exit_code is ExitCode.DONE, "told once"


def test_a_bill_of_an_earlier_run_ends_the_submits_of_this_one(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=4, tells_balance=False)
    studio.run(task_timeout_s=10, only=frozenset({"job0"}))
    studio.clock_s += 600
    studio.way = retold(billing("1000"))

    ended = studio.run(concurrency=1)

    assert ended.exit_code is ExitCode.COST_LIMIT
    assert len(studio.submits()) == 1


def test_a_bill_that_comes_after_its_success_is_booked_and_weighed(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=1, tells_balance=False)
    studio.way = retold(billed_late(studio, EVENING_S + 90, billing("1000")))
    studio.run()
    assert studio.booked_usd() == PRICE_USD
    studio.clip("job0").unlink()
    studio.clock_s = EVENING_S + 600

    assert studio.run(submits=False).exit_code is ExitCode.COST_LIMIT

    assert studio.booked_usd() == 1000


def billed_late(
    studio: Studio, from_s: float, edit: Callable[[dict[str, Any]], None]
) -> Callable[[dict[str, Any]], None]:
    def late(data: dict[str, Any]) -> None:
        if studio.asked[-1].at_s < from_s:
            data.pop("billing", None)
        edit(data)

    return late


def test_a_retry_of_the_first_clip_does_not_wait_for_its_own_bill(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 3, price_factor=Decimal(2), tells_billing=False, faults={Fault.TASK_FAILED: 1.0})

    ended = studio.run(retries=1)

    assert ended.exit_code is ExitCode.COST_LIMIT
    assert ended.seconds < 180
    assert len(studio.submits()) == 2


@pytest.mark.parametrize("which", [1, 2])
def test_a_hiccup_of_the_balance_puts_off_the_weighing_to_the_next_clip(tmp_path: Path, which: int) -> None:
    studio = studio_with(tmp_path, 30, price_factor=Decimal(2), tells_billing=False)
    studio.way = balance_that(lambda look: reply(503, "ServiceUnavailable: once") if look == which else None)

    studio.run(concurrency=4)

    assert len(studio.record().charges) == 3
    assert "the account lost" in notes(studio)


def test_a_model_that_is_refused_while_one_of_its_clips_waits_to_be_compared_spares_no_other_model(
    tmp_path: Path,
) -> None:
    """The first balance is not answered: so the second clip is to be compared, and waits for the first one's answer."""
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, price_factor=Decimal(2), tells_billing=False))
    refused = "".join(f"{JOB.format(id=each)}    model: google/veo-3.1-fast-i2v\n" for each in ("fast0", "fast1"))
    studio.write(f"{manifest_text()}{refused}{''.join(JOB.format(id=f'job{number}') for number in range(6))}")
    hiccup = balance_that(lambda look: reply(503, "ServiceUnavailable: once") if look == 1 else None)
    studio.way = lambda answer: hiccup(refusing("fast0", "fast1", status=404)(answer))

    ended = studio.run(concurrency=4)

    assert "no more submits to google/veo-3.1-fast-i2v" in notes(studio)
    assert "the account lost" in notes(studio)
    assert ended.exit_code is ExitCode.COST_LIMIT
    assert len(studio.record().charges) == 2


def test_a_balance_that_is_never_answered_keeps_nobody_from_rendering_and_is_told(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 12)
    studio.way = balance_that(lambda _: reply(503, "ServiceUnavailable: always"))

    ended = studio.run(concurrency=4)

    assert ended.exit_code is ExitCode.DONE
    assert notes(studio).count("what the first clips cost could not be checked") == 1
    assert len([asked for asked in studio.asked if asked.path.endswith("/balance")]) == 5 + 1


def test_a_pause_that_is_asked_for_with_the_balance_holds_for_the_submit(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 3)
    wait = {"retry-after": "600"}
    studio.way = balance_that(lambda look: reply(429, "RateLimit: wait", wait) if look == 1 else None)
    studio.run()
    assert studio.submits()[0].at_s > EVENING_S + 600


def balance_that(answers: Callable[[int], SandboxAnswer | None]) -> Callable[[Responder], Responder]:
    """A service whose balance is answered by somebody else, who gets the number of the look."""
    looks = itertools.count(1)
    return instead(lambda _method, path, _prompt: answers(next(looks)) if path.endswith("/balance") else None)


def test_a_first_clip_that_fails_and_is_given_back_is_no_proof_of_a_price(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=3, faults={Fault.TASK_MODERATED: 1.0})
    assert studio.run().exit_code is ExitCode.FAILED
    assert len(studio.record().charges) == 3


def test_what_the_account_held_is_on_record_before_after_and_at_the_end(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, jobs=3)
    ended = studio.run()
    with read_ledger(studio.project.ledger) as ledger:
        balances = ledger.account.balances(ended.run_id)
    assert balances == (Decimal(1000), 1000 - PRICE_USD, 1000 - 3 * PRICE_USD)


def test_a_run_that_pays_nothing_asks_for_no_balance(tmp_path: Path) -> None:
    studio = studio_with(tmp_path)
    studio.run()
    asked = len(studio.asked)
    studio.run()
    assert len(studio.asked) == asked


def test_a_run_that_waits_for_the_balance_goes_on_after_a_top_up(tmp_path: Path) -> None:
    an_hour_later = EVENING_S + 3_600
    studio = studio_with(tmp_path, balance_usd=PRICE_USD * 2, top_ups=((an_hour_later, Decimal(100)),))

    ended = studio.run(waits_for_balance=True)

    assert ended.exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 6
    late = [asked for asked in studio.submits() if asked.at_s > EVENING_S + 120]
    assert min(asked.at_s for asked in late) - an_hour_later < 120
    (wait,) = studio.told(EventKind.WAIT)
    assert "waiting for a top-up" in wait.text
    assert not studio.told(EventKind.HALT)
    assert "the balance was topped up: submitting continues" in notes(studio)
    audit(studio)


def test_while_the_balance_is_waited_for_little_is_asked(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, balance_usd=PRICE_USD, top_ups=((EVENING_S + 36_000, Decimal(100)),))
    studio.run(waits_for_balance=True)
    hour = [asked for asked in studio.asked if EVENING_S + 3_600 < asked.at_s <= EVENING_S + 7_200]
    assert len(hour) <= 61
    assert all(asked.is_balance for asked in hour)


def test_a_balance_that_is_not_told_is_tried_now_and_then(tmp_path: Path) -> None:
    studio = studio_with(
        tmp_path, jobs=2, balance_usd=PRICE_USD, top_ups=((EVENING_S + 1_200, Decimal(9)),), tells_balance=False
    )
    assert studio.run(waits_for_balance=True).exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 2
    assert len(studio.submits()) < 30


@pytest.mark.parametrize("tells_balance", [True, False])
def test_an_account_that_holds_enough_and_still_refuses_is_tried_once_a_minute_and_told_once(
    tmp_path: Path, *, tells_balance: bool
) -> None:
    studio = studio_with(tmp_path, jobs=10, tells_balance=tells_balance)
    studio.way = refusing_to_be_paid

    ended = studio.run(waits_for_balance=True, deadline_s=EVENING_S + 1_800, concurrency=4)

    assert ended.exit_code is ExitCode.DEADLINE
    assert len(studio.submits()) <= 30 + 4
    assert len(studio.told(EventKind.WAIT)) == 1
    assert "topped up" not in notes(studio)
    assert counts(studio) == {Status.PENDING: 10}


def refusing_to_be_paid(answer: Responder) -> Responder:
    async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        if method == "POST":
            refusal = b'{"code": 402, "message": "insufficient balance"}'
            return SandboxAnswer(402, {"content-type": "application/json"}, pieces(refusal))
        return await answer(method, target, headers, body)

    return answered


def test_whoever_waits_for_the_balance_can_still_be_drained(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, balance_usd=PRICE_USD)

    ended = studio.run(waits_for_balance=True, meanwhile=send(CTRL_C, studio=studio, after_s=600))

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert counts(studio) == {Status.DONE: 1, Status.PENDING: 5}


def test_without_the_wish_to_wait_a_balance_that_is_used_up_ends_the_submits(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, balance_usd=PRICE_USD * 2)
    ended = studio.run()
    assert ended.exit_code is ExitCode.REFUSED
    assert counts(studio) == {Status.DONE: 2, Status.PENDING: 4}


MIXED = """version: 1
models: [cheap.yaml]
defaults: {prompt: She waves, image: "https://example.com/a.jpg", durationSeconds: 8, resolution: 720p}
jobs:
  - {id: standard-1, model: google/veo-3.1-i2v}
  - {id: standard-2, model: google/veo-3.1-i2v}
  - {id: fast-1, model: google/veo-3.1-fast-i2v}
  - {id: fast-2, model: google/veo-3.1-fast-i2v}
  - {id: fast-3, model: google/veo-3.1-fast-i2v}
"""
CHEAP = """slug: google/veo-3.1-fast-i2v
like: google/veo-3.1-fast-i2v
path: google/veo-3.1-fast-i2v/async
source: {page: a page of mine, read: 2026-11-01, confidence: doc}
price: {read: 2026-11-01, rows: [{usd_per_second: 0.001}]}
"""


@pytest.mark.parametrize("tells_billing", [True, False])
def test_the_first_clip_of_each_model_is_weighed_whatever_came_before_it(
    tmp_path: Path, *, tells_billing: bool
) -> None:
    """A description, which anybody may have written, promises a hundredth of the price of one of two models."""
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, tells_billing=tells_billing))
    (tmp_path / "cheap.yaml").write_text(CHEAP, encoding="utf-8")
    studio.write(MIXED)

    ended = studio.run(concurrency=4)

    charged = [charge.model for charge in studio.record().charges]
    assert charged.count("google/veo-3.1-fast-i2v") == (1 if tells_billing else 2)
    assert ended.exit_code is ExitCode.COST_LIMIT
    assert "was estimated at $0.01" in notes(studio)
