"""Each way in which the service goes wrong, alone and certain: what it costs, and what is on record after it."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.domain.attempt import Attempt, Outcome, RejectReason
from batchrunner.domain.event import EventKind
from batchrunner.domain.observation import ErrorClass
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.engine.executor import RunResult
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault, HttpAnswer
from batchrunner.sandbox.faults import AFTER_ACCEPTING, BEFORE_ACCEPTING, DOWNLOADING, POLLING
from tests.engine.audit import audit
from tests.engine.services import instead, raw, refusing, reply
from tests.engine.wishes import PRICE_USD
from tests.moved_time import MovedClock
from tests.studio import Studio, manifest_text

pytestmark = pytest.mark.untraced


def studio_with(folder: Path, fault: Fault, rate: float = 1.0, *, jobs: int = 1, seed: int = 0) -> Studio:
    options = SandboxOptions(latency_s=60, balance_usd=Decimal(1000), faults={fault: rate}, seed=seed)
    studio = Studio(folder, options)
    studio.write(manifest_text(*(f"job{number}" for number in range(jobs))))
    return studio


def only_attempt(studio: Studio) -> Attempt:
    [seen] = studio.seen()
    [attempt] = seen.history.attempts
    return attempt


def only_block(ended: RunResult) -> HoldReason | None:
    [step] = ended.steps.values()
    return step.hold_reason


# submits


@pytest.mark.parametrize("fault", [*BEFORE_ACCEPTING, *AFTER_ACCEPTING])
def test_a_submit_without_a_clear_answer_is_unknown_and_stays_held(tmp_path: Path, fault: Fault) -> None:
    studio = studio_with(tmp_path, fault)

    first = studio.run()
    second = studio.run()

    assert (only_block(first), only_block(second)) == (HoldReason.UNKNOWN, HoldReason.UNKNOWN)
    assert first.exit_code is ExitCode.PERSON_NEEDED
    assert studio.statuses() == {"job0": Status.UNKNOWN}
    assert only_attempt(studio).outcome is Outcome.UNKNOWN
    assert studio.booked_usd() == PRICE_USD
    assert len(studio.submits()) == 1
    assert len(studio.record().charges) == (fault in AFTER_ACCEPTING)
    audit(studio)


@pytest.mark.parametrize("fault", [Fault.SUBMIT_HANG_BEFORE, Fault.SUBMIT_HANG_AFTER])
def test_a_submit_that_hangs_is_given_up_after_two_minutes(tmp_path: Path, fault: Fault) -> None:
    ended = studio_with(tmp_path, fault).run()

    assert 120 <= ended.seconds < 125


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"code": 0}',
        b'{"code": 0, "data": {"task_id": ""}}',
        b'{"code": 0, "data": {"task_id": 7}}',
        b'{"code": 0, "data": {"task_id": "../../etc"',
        b'{"code": 0, "data": {"task_id": "two words"}}',
        b'{"code": 500, "message": "InternalError: no", "data": {}}',
    ],
)
def test_a_200_without_a_usable_task_id_is_unknown(studio: Studio, body: bytes) -> None:
    studio.way = instead(lambda method, _path, _prompt: raw(200, body) if method == "POST" else None)
    studio.write(manifest_text("a"))

    studio.run()

    assert studio.statuses() == {"a": Status.UNKNOWN}
    assert studio.known_tasks() == frozenset()


def test_a_task_id_that_is_on_record_already_is_unknown(studio: Studio) -> None:
    body = b'{"code": 0, "data": {"task_id": "task-of-a"}}'
    studio.way = instead(lambda method, _path, _prompt: raw(200, body) if method == "POST" else None)
    studio.write(manifest_text("a", "b"))

    studio.run(concurrency=1, task_timeout_s=600)

    assert studio.statuses() == {"a": Status.RUNNING, "b": Status.UNKNOWN}
    assert studio.known_tasks() == {"task-of-a"}


@pytest.mark.parametrize("status", [301, 302, 307, 308, 408, 409, 418, 425, 500, 502, 503, 504, 520])
def test_a_status_that_says_nothing_certain_is_unknown(studio: Studio, status: int) -> None:
    studio.way = refusing(status=status)
    studio.write(manifest_text("a"))

    ended = studio.run()

    assert only_block(ended) is HoldReason.UNKNOWN
    assert len(studio.submits()) == 1


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_an_invalid_request_fails_its_job_alone_with_the_words_of_the_service(studio: Studio, status: int) -> None:
    studio.way = refusing("a", status=status, message="InvalidParameter: a finger too many")
    studio.write(manifest_text("a", "b"))

    ended = studio.run()

    assert studio.statuses() == {"a": Status.FAILED, "b": Status.DONE}
    assert ended.exit_code is ExitCode.FAILED
    assert "a finger too many" in studio.seen()[0].step.reason
    assert studio.booked_usd() == PRICE_USD
    assert studio.run().exit_code is ExitCode.FAILED
    assert len(studio.submits()) == 2


@pytest.mark.parametrize(
    ("status", "block", "refusal", "code"),
    [
        (401, HoldReason.KEY, RejectReason.KEY, ExitCode.REFUSED),
        (403, HoldReason.KEY, RejectReason.KEY, ExitCode.REFUSED),
        (402, HoldReason.BALANCE, RejectReason.BALANCE, ExitCode.REFUSED),
    ],
)
def test_a_refusal_that_holds_for_all_stops_the_submits_and_leaves_the_jobs_pending(
    studio: Studio, status: int, block: HoldReason, refusal: RejectReason, code: ExitCode
) -> None:
    studio.way = refusing("b", "c", "d", status=status)
    studio.write(manifest_text("a", "b", "c", "d"))

    ended = studio.run(concurrency=1)

    assert studio.statuses() == {"a": Status.DONE, "b": Status.PENDING, "c": Status.PENDING, "d": Status.PENDING}
    assert [step.hold_reason for step in ended.steps.values()] == [None, block, block, block]
    assert ended.exit_code is code
    [refused] = studio.seen()[1].history.attempts
    assert (refused.answer and refused.answer.reject_reason) is refusal
    assert len(studio.submits()) == 2
    assert studio.booked_usd() == PRICE_USD


def test_an_empty_balance_leaves_what_runs_to_be_fetched(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, balance_usd=2 * PRICE_USD))
    studio.write(manifest_text("a", "b", "c", "d"))

    ended = studio.run()

    assert studio.statuses() == {"a": Status.DONE, "b": Status.DONE, "c": Status.PENDING, "d": Status.PENDING}
    assert ended.exit_code is ExitCode.REFUSED
    audit(studio)


@pytest.mark.parametrize("status", [404, 405])
def test_an_address_that_is_not_there_stops_its_model_alone(studio: Studio, status: int) -> None:
    def look(_method: str, path: str, _prompt: str) -> HttpAnswer | None:
        return reply(status, "NotFound: no such model") if "fast" in path else None

    studio.way = instead(look)
    fast = "".join(manifest_text("f1", "f2", "f3").partition("jobs:\n")[2]).replace(
        "    prompt", "    model: google/veo-3.1-fast-i2v\n    prompt"
    )
    studio.write(manifest_text("a", "b") + fast)

    ended = studio.run(concurrency=1)

    assert studio.statuses() == {"a": Status.DONE, "b": Status.DONE} | dict.fromkeys(("f1", "f2", "f3"), Status.PENDING)
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert len([asked for asked in studio.submits() if "fast" in asked.path]) == 1
    assert studio.booked_usd() == 2 * PRICE_USD


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.CONCURRENT_LIMITED])
@pytest.mark.parametrize("rate", [0.3, 0.7])
def test_a_429_of_either_kind_is_waited_out_and_nothing_is_unknown(tmp_path: Path, fault: Fault, rate: float) -> None:
    studio = studio_with(tmp_path, fault, rate, jobs=6)

    ended = studio.run(concurrency=3)

    assert set(studio.statuses().values()) == {Status.DONE}
    assert ended.stats.refused_429 > 0
    assert len(studio.record().charges) == 6
    audit(studio)


def test_an_account_with_fewer_slots_than_wished_renders_everything_in_its_turn(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, concurrency=1, balance_usd=Decimal(100)))
    studio.write(manifest_text("a", "b", "c"))

    studio.run(concurrency=3)

    assert set(studio.statuses().values()) == {Status.DONE}
    audit(studio)


def test_a_get_result_address_abroad_is_never_asked(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Fault.FOREIGN_GET_RESULT)

    studio.run()

    assert studio.statuses() == {"job0": Status.DONE}
    assert studio.record().leaks == ()


# polls


@pytest.mark.parametrize("fault", POLLING)
def test_a_failing_poll_is_asked_again_and_the_job_is_done(tmp_path: Path, fault: Fault) -> None:
    studio = studio_with(tmp_path, fault, 0.6, jobs=3, seed=2)

    studio.run()

    assert set(studio.statuses().values()) == {Status.DONE}
    assert len(studio.submits()) == 3
    audit(studio)


@pytest.mark.parametrize("fault", POLLING)
def test_polls_that_always_fail_leave_the_task_running_for_the_next_run(tmp_path: Path, fault: Fault) -> None:
    studio = studio_with(tmp_path, fault)

    ended = studio.run()

    assert only_block(ended) is HoldReason.TASK_TIMEOUT
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert studio.statuses() == {"job0": Status.RUNNING}
    studio.options = SandboxOptions()
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_while_polling_stops_the_asking_and_the_submits(studio: Studio, status: int) -> None:
    studio.way = instead(
        lambda _method, path, _prompt: reply(status, "Unauthorized: no") if "/tasks/" in path else None
    )
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=1)

    assert ended.exit_code is ExitCode.REFUSED
    assert studio.statuses() == {"a": Status.RUNNING, "b": Status.PENDING}
    assert len([asked for asked in studio.asked if asked.is_poll]) == 1


@pytest.mark.parametrize("status", [400, 404, 405, 410, 415, 422])
def test_a_task_that_cannot_be_asked_for_is_kept_and_never_submitted_again(studio: Studio, status: int) -> None:
    studio.way = instead(
        lambda _method, path, _prompt: reply(status, "NotFound: no such task") if "/tasks/" in path else None
    )
    studio.write(manifest_text("a"))

    ended = studio.run()
    studio.run()

    assert only_block(ended) is HoldReason.TASK_REFUSED
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert "no such task" in next(iter(ended.steps.values())).reason
    assert studio.statuses() == {"a": Status.RUNNING}
    assert len(studio.submits()) == 1


def test_an_answer_about_another_task_is_not_believed(studio: Studio) -> None:
    other = b'{"code": 0, "data": {"task_id": "task-of-another", "status": "failed", "error": "no"}}'
    studio.way = instead(lambda _method, path, _prompt: raw(200, other) if "/tasks/" in path else None)
    studio.write(manifest_text("a"))

    studio.run(task_timeout_s=300)

    assert studio.statuses() == {"a": Status.RUNNING}


def test_a_word_that_nobody_knows_is_polled_on(studio: Studio) -> None:
    def look(_method: str, path: str, _prompt: str) -> HttpAnswer | None:
        task_id = path.rpartition("/")[2]
        body = f'{{"code": 0, "data": {{"task_id": "{task_id}", "status": "simmering"}}}}'
        return raw(200, body.encode()) if "/tasks/" in path else None

    studio.way = instead(look)
    studio.write(manifest_text("a"))

    studio.run(task_timeout_s=300)

    assert studio.statuses() == {"a": Status.RUNNING}
    assert [seen.word for seen in only_attempt(studio).observations] == ["simmering"]


# tasks


@pytest.mark.parametrize(
    ("fault", "error_class", "booked_usd"),
    [
        (Fault.TASK_FAILED, ErrorClass.PROVIDER, PRICE_USD),
        (Fault.TASK_MODERATED, ErrorClass.MODERATION, Decimal(0)),
    ],
)
def test_a_failed_task_has_its_class_and_stays_booked_unless_the_service_says_0(
    tmp_path: Path, fault: Fault, error_class: ErrorClass, booked_usd: Decimal
) -> None:
    studio = studio_with(tmp_path, fault)

    ended = studio.run()

    assert studio.statuses() == {"job0": Status.FAILED}
    assert ended.exit_code is ExitCode.FAILED
    failure = only_attempt(studio).failure
    assert failure is not None
    assert failure.error_class is error_class
    assert studio.booked_usd() == booked_usd == studio.record().spent_usd
    assert studio.run().exit_code is ExitCode.FAILED
    assert len(studio.submits()) == 1


def test_a_failed_task_is_submitted_again_as_often_as_the_settings_say_and_each_is_booked(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Fault.TASK_FAILED)

    studio.run(retries=2)
    studio.run(retries=2)

    assert len(studio.record().charges) == 3
    assert studio.booked_usd() == 3 * PRICE_USD
    assert studio.statuses() == {"job0": Status.FAILED}


def test_a_cover_before_the_video_is_not_taken_for_it(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Fault.COVER_FIRST)

    studio.run()

    assert studio.statuses() == {"job0": Status.DONE}
    audit(studio)


# downloads


@pytest.mark.parametrize("fault", DOWNLOADING)
def test_a_failing_download_is_tried_again_without_a_submit(tmp_path: Path, fault: Fault) -> None:
    studio = studio_with(tmp_path, fault, 0.5, jobs=4, seed=3)

    studio.run()

    assert set(studio.statuses().values()) == {Status.DONE}
    assert len(studio.submits()) == 4
    assert len([asked for asked in studio.asked if asked.is_download]) > 4
    audit(studio)


@pytest.mark.parametrize("fault", DOWNLOADING)
def test_a_download_that_never_succeeds_leaves_the_job_rendered_and_nothing_under_its_name(
    tmp_path: Path, fault: Fault
) -> None:
    studio = studio_with(tmp_path, fault)

    async def watch(_clock: MovedClock) -> None:
        for _ in range(24 * 3600):
            await asyncio.sleep(1)
            assert not studio.clip("job0").exists()

    ended = studio.run(meanwhile=watch)

    assert only_block(ended) is HoldReason.FETCH_FAILED
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert studio.statuses() == {"job0": Status.RENDERED}
    assert not studio.clip("job0").exists()
    # what came whole and is no film lies beside, for a person to look at
    kept = [path.name for path in studio.clip("job0").parent.iterdir()]
    assert kept == (["job0.odd.mp4"] if fault is Fault.DOWNLOAD_SHORT else [])
    studio.options = SandboxOptions()
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1
    audit(studio)


def test_a_link_that_is_over_is_asked_anew_by_one_look(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Fault.LINK_EXPIRED, 0.5, seed=6)

    studio.run()

    assert studio.statuses() == {"job0": Status.DONE}
    after = [asked for asked in studio.asked if asked.at_s > studio.record().charges[0].at_s + 60]
    assert ["GET" if asked.is_poll else "file" for asked in after if not asked.is_balance] == ["GET", "file"] * 2


def test_links_that_are_all_over_end_the_fetching_of_this_run(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Fault.LINK_EXPIRED)

    ended = studio.run()

    assert only_block(ended) is HoldReason.FETCH_FAILED
    assert studio.statuses() == {"job0": Status.RENDERED}
    assert len([asked for asked in studio.asked if asked.is_download]) <= 6


def test_a_clip_on_a_third_host_is_fetched_without_the_key(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Fault.FOREIGN_DOWNLOAD)

    studio.run()

    assert studio.statuses() == {"job0": Status.DONE}
    assert studio.record().leaks == ()
    audit(studio)


def test_a_clip_over_plain_http_is_not_fetched(tmp_path: Path) -> None:
    options = SandboxOptions(faults={Fault.FOREIGN_DOWNLOAD: 1.0}, foreign_url="http://elsewhere.test")
    studio = Studio(tmp_path, options)
    studio.write(manifest_text("a"))

    ended = studio.run()

    assert only_block(ended) is HoldReason.FETCH_FAILED
    assert not [asked for asked in studio.asked if asked.is_download]
    assert studio.statuses() == {"a": Status.RENDERED}


def test_no_ledger_holds_a_signed_link_or_the_key(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Fault.COVER_FIRST, jobs=2)

    studio.run()

    content = b"".join(path.read_bytes() for path in studio.project.folder.iterdir())
    assert b"signature=" not in content
    assert studio.key.encode() not in content
    assert not [event for event in studio.told(EventKind.NOTE) if "signature" in event.text]
