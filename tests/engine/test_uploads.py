"""Local pictures: uploaded once per content, when their job's turn comes, for free; and what becomes of the others."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from batchrunner.cli.group import group
from batchrunner.domain.event import Progress
from batchrunner.domain.job import JobId
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.domain.uploaded_image import UPLOAD_LIFE_S
from batchrunner.errors import ExitCode, NotConfirmed
from batchrunner.io.http import Answered, Responder
from batchrunner.manifest.load import load
from batchrunner.sandbox import HttpAnswer, record
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import find_project
from tests.engine.audit import audit
from tests.engine.services import raw, reply
from tests.io.test_images import png
from tests.moved_time import DAY_S, EVENING_S
from tests.studio import CTRL_C, FILES, Asked, Studio

UPLOAD = "/api/v1/media/files"
HEAD = "version: 1\nname: batch\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8, resolution: 720p}\njobs:\n"

# Looks at the number of an upload, counted from 1, and its body; None lets the sandbox answer.
Instead = Callable[[int, bytes], HttpAnswer | None]


def text(**images: str) -> str:
    """A manifest with one job an id, each with its picture."""
    return HEAD + "".join(f"  - {{id: {name}, prompt: Job {name}, image: {image}}}\n" for name, image in images.items())


def draw(studio: Studio, *names: str) -> None:
    """Pictures, each with bytes of its own."""
    for name in names:
        path = studio.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(16, 9) + name.encode())


def uploads(studio: Studio) -> list[Asked]:
    return [asked for asked in studio.asked if asked.is_submit and asked.path == UPLOAD]


def paid(studio: Studio) -> list[Asked]:
    return [asked for asked in studio.asked if asked.is_submit and asked.path != UPLOAD]


def uploads_answered(instead: Instead) -> Callable[[Responder], Responder]:
    """A way on which some uploads are answered in the sandbox's stead."""
    count = Counter[str]()

    def way(answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            if method == "POST" and target == UPLOAD:
                count["uploads"] += 1
                return instead(count["uploads"], body) or await answer(method, target, headers, body)
            return await answer(method, target, headers, body)

        return answered

    return way


def names(steps: Mapping[JobId, Step]) -> dict[str, Step]:
    return {identity.name: step for identity, step in steps.items()}


# Once per content


def test_a_picture_goes_to_the_service_and_its_address_into_the_request(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))

    assert studio.run().exit_code is ExitCode.DONE

    [upload], [charge] = studio.record().uploads, studio.record().charges
    assert charge.body["image"] == f"{FILES}/uploads/{upload.file_id}.png"
    assert (upload.filename, upload.size_bytes) == ("a.png", (studio.folder / "a.png").stat().st_size)
    audit(studio)


def test_one_content_under_two_names_is_uploaded_once(studio: Studio) -> None:
    draw(studio, "a.png")
    (studio.folder / "b.png").write_bytes((studio.folder / "a.png").read_bytes())
    studio.write(text(a="a.png", b="b.png", c="./a.png"))

    studio.run(concurrency=10)

    assert len(uploads(studio)) == 1
    assert len({charge.body["image"] for charge in studio.record().charges}) == 1
    assert len(studio.record().charges) == 3


def test_every_picture_of_a_request_is_uploaded(studio: Studio) -> None:
    draw(studio, "a.png", "b.png", "c.png")
    studio.write(
        HEAD + "  - {id: a, prompt: A, image: a.png, lastFrame: b.png}\n"
        "  - {id: b, prompt: B, referenceImages: [c.png, 'https://example.com/x.jpg', a.png]}\n"
    )

    studio.run(concurrency=1)

    assert len(uploads(studio)) == 3
    first, second = (charge.body for charge in studio.record().charges)
    assert second["referenceImages"][1] == "https://example.com/x.jpg"
    assert second["referenceImages"][2] == first["image"]
    assert all(url.startswith(f"{FILES}/uploads/") for url in (first["lastFrame"], second["referenceImages"][0]))


def test_an_upload_is_remembered_by_the_next_run(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))
    studio.run()

    studio.write(text(a="a.png", b="a.png"))
    studio.run()

    assert len(uploads(studio)) == 1
    assert len(studio.record().charges) == 2


def test_an_upload_whose_life_is_over_is_made_again(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))
    studio.run()
    studio.clock_s += 7 * DAY_S

    studio.write(text(a="a.png", b="a.png"))
    studio.run()

    assert studio.statuses() == {"a": Status.DONE, "b": Status.DONE}
    assert len(uploads(studio)) == 2


@pytest.mark.parametrize(("after_s", "count"), [(UPLOAD_LIFE_S - 600, 1), (UPLOAD_LIFE_S + 1, 2)])
def test_a_day_before_the_service_forgets_it_a_picture_is_uploaded_again(
    studio: Studio, after_s: float, count: int
) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))
    studio.run()
    studio.clock_s += after_s

    studio.write(text(a="a.png", b="a.png"))
    studio.run()

    assert len(uploads(studio)) == count


def test_another_key_uploads_for_itself(studio: Studio) -> None:
    """What one team uploaded another may not read."""
    draw(studio, "a.png")
    studio.write(text(a="a.png"))
    studio.run()
    studio.key = "mdlx-test-0002"

    studio.write(text(a="a.png", b="a.png"))
    studio.run()

    assert len(uploads(studio)) == 2


# What counts as the same request


def test_a_request_knows_a_picture_by_its_bytes_alone(studio: Studio) -> None:
    draw(studio, "a.png")
    first = studio.write(text(a="a.png")).jobs[0].request
    (studio.folder / "sub").mkdir()
    (studio.folder / "a.png").rename(studio.folder / "sub" / "other name.png")

    second = studio.write(text(a="'sub/other name.png'")).jobs[0].request

    assert second == first
    assert second.fingerprint == first.fingerprint
    assert str(first.fields["image"]).startswith("sha256:")


def test_a_renamed_picture_pays_nothing_again(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))
    studio.run()
    (studio.folder / "a.png").rename(studio.folder / "z.png")

    studio.write(text(a="z.png"))

    assert [seen.step.action for seen in studio.seen()] == [Action.NONE]
    studio.run()
    assert (len(uploads(studio)), len(studio.record().charges)) == (1, 1)


def test_other_bytes_under_the_same_name_are_another_wish(studio: Studio) -> None:
    draw(studio, "a.png", "b.png")
    studio.write(text(a="a.png", b="b.png"))
    studio.run()

    (studio.folder / "a.png").write_bytes(png(32, 18))

    first, second = studio.seen()
    assert (first.step.action, first.step.changed) == (Action.SUBMIT, ("image",))
    assert second.step.action is Action.NONE
    studio.run()
    assert len(studio.record().charges) == 3


# When


def test_a_picture_is_uploaded_only_when_its_job_has_a_slot(studio: Studio) -> None:
    images = {f"j{number}": f"{number}.png" for number in range(6)}
    draw(studio, *images.values())
    studio.write(text(**images))

    studio.run(concurrency=2)

    order = ["upload" if asked.path == UPLOAD else "submit" for asked in studio.asked if asked.is_submit]
    ahead = [order[:end].count("upload") - order[:end].count("submit") for end in range(1, len(order) + 1)]
    assert max(ahead) <= 2
    third = uploads(studio)[2]
    assert third.at_s - paid(studio)[0].at_s >= studio.options.latency_s


def test_pictures_of_jobs_that_are_not_submitted_stay_here(studio: Studio) -> None:
    draw(studio, "a.png", "b.png", "c.png")
    studio.write(text(a="a.png", b="b.png", c="c.png"))

    studio.run(only=frozenset({"b"}))

    assert [upload.filename for upload in studio.record().uploads] == ["b.png"]


def test_nothing_is_uploaded_for_money_that_is_not_there(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))

    assert studio.run(run_usd=1).exit_code is ExitCode.COST_LIMIT

    assert uploads(studio) == []


def test_nothing_is_uploaded_without_consent(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))

    result = CliRunner().invoke(group, ["run", str(studio.manifest), "--sandbox"])

    assert isinstance(result.exception, NotConfirmed)
    state = find_project(studio.manifest, sandbox=True).folder / "service.jsonl"
    assert record(state).uploads == ()
    assert record(state).charges == ()


def test_uploads_count_against_the_pace(studio: Studio) -> None:
    images = {f"j{number}": f"{number}.png" for number in range(8)}
    draw(studio, *images.values())
    studio.options = replace(studio.options, rate_per_min=10)
    studio.write(text(**images))

    ended = studio.run(concurrency=8, rate_per_min=10)

    assert ended.exit_code is ExitCode.DONE
    assert ended.stats.refused_429 == 0
    asked_s = [asked.at_s for asked in studio.asked if asked.is_api]
    assert max(sum(start <= at_s < start + 60 for at_s in asked_s) for start in asked_s) <= 10


# What goes wrong


def assert_waits_for_its_picture(step: Step, *words: str) -> None:
    assert (step.status, step.hold_reason) == (Status.PENDING, HoldReason.UPLOAD)
    for word in words:
        assert word in step.reason


def test_a_picture_that_was_changed_meanwhile_stops_its_job_and_pays_nothing(studio: Studio) -> None:
    draw(studio, "a.png", "b.png")
    studio.write(text(a="a.png", b="b.png"))

    def change(_number: int, _body: bytes) -> None:
        (studio.folder / "b.png").write_bytes(png(32, 18))

    studio.way = uploads_answered(change)
    ended = studio.run(concurrency=1)

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert_waits_for_its_picture(names(ended.steps)["b"], "b.png was changed during the run", "run again")
    assert len(studio.record().charges) == len(uploads(studio)) == 1

    studio.way = lambda answer: answer
    studio.run()
    assert studio.statuses() == {"a": Status.DONE, "b": Status.DONE}


@pytest.mark.untraced
@pytest.mark.parametrize("failure", ["503", "429"])
def test_an_outage_of_ten_minutes_holds_the_pictures_up_and_throws_no_job_out(studio: Studio, failure: str) -> None:
    pictures = {f"job{number:02}": f"{number:02}.png" for number in range(30)}
    draw(studio, *pictures.values())
    busy = {f"web{number:02}": f"https://example.com/{number}.jpg" for number in range(60)}
    studio.write(text(**dict(sorted({**pictures, **busy}.items(), key=lambda job: job[0][-2:]))))  # one by one
    until_s = EVENING_S + 600
    studio.way = uploads_answered(lambda *_: FAILURES[failure]() if studio.asked[-1].at_s < until_s else None)

    ended = studio.run(concurrency=8)

    assert ended.exit_code is ExitCode.DONE
    assert len(paid(studio)) == 90
    waits = {event.waits_for for event in studio.events if isinstance(event, Progress)}
    assert "an image upload failed; retrying" in waits


def test_a_picture_that_was_given_up_is_not_said_to_be_tried_again(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.options = replace(studio.options, latency_s=5_000)
    studio.write(text(a="a.png", b="https://example.com/b.jpg"))
    studio.way = uploads_answered(lambda *_: FAILURES["503"]())

    studio.run(task_timeout_s=7_200)

    waits = [event.waits_for for event in studio.events if isinstance(event, Progress)]
    assert waits[10] == "an image upload failed; retrying"
    assert waits[-1] == ""


def test_a_picture_that_vanished_meanwhile_stops_its_job_alone(studio: Studio) -> None:
    draw(studio, "a.png", "b.png", "c.png")
    studio.write(text(a="a.png", b="b.png", c="c.png"))

    studio.way = uploads_answered(lambda *_: (studio.folder / "b.png").unlink(missing_ok=True))
    ended = studio.run(concurrency=1)

    assert_waits_for_its_picture(names(ended.steps)["b"], "b.png cannot be read", "No such file")
    assert {name: step.status for name, step in names(ended.steps).items() if name != "b"} == {
        "a": Status.DONE,
        "c": Status.DONE,
    }


def cut(*_: object) -> HttpAnswer:
    raise ConnectionResetError("cut for this test")


FAILURES: dict[str, Callable[[], HttpAnswer]] = {
    "500": lambda: reply(500, "InternalError: for this test"),
    "503": lambda: reply(503, "ServiceUnavailable: for this test"),
    "429": lambda: reply(429, "RateLimit: too many requests", {"retry-after": "7"}),
    "a web page": lambda: raw(200, b"<html>One moment, please</html>"),
    "no address": lambda: raw(200, b'{"code": 0, "data": {"file_id": "file-1"}}'),
    "an address that is none": lambda: raw(200, b'{"code": 0, "data": {"file_id": "f", "url": "file:///etc/passwd"}}'),
    "a cut": cut,
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("times", [1, 4])
def test_an_upload_that_fails_is_made_again_and_costs_nothing(
    studio: Studio, failure: Callable[[], HttpAnswer], times: int
) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))
    studio.way = uploads_answered(lambda number, _: failure() if number <= times else None)

    assert studio.run().exit_code is ExitCode.DONE

    assert len(uploads(studio)) == times + 1
    assert len(studio.record().charges) == 1
    gaps = [later.at_s - earlier.at_s for earlier, later in zip(uploads(studio), uploads(studio)[1:], strict=False)]
    assert min(gaps) >= 0.5
    audit(studio)


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_an_upload_that_keeps_failing_is_given_up_for_this_run(
    studio: Studio, failure: Callable[[], HttpAnswer]
) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png", b="https://example.com/b.jpg"))
    studio.way = uploads_answered(lambda *_: failure())

    ended = studio.run()

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert_waits_for_its_picture(names(ended.steps)["a"], "a.png could not be uploaded")
    assert names(ended.steps)["b"].status is Status.DONE
    assert 20 <= len(uploads(studio)) <= 30
    assert 1_000 < ended.seconds < 3_600
    assert studio.booked_usd() == studio.record().spent_usd


REFUSALS = {
    "413": (413, "PayloadTooLarge: a file may have at most 16 MiB", "at most 16 MiB"),
    "415": (415, "UnsupportedMediaType: a file must be PNG, JPEG or WebP", "UnsupportedMediaType"),
    "400": (400, "InvalidParameter: for this test", "for this test"),
}


@pytest.mark.parametrize(("status", "message", "words"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_picture_stops_its_job_and_the_others_go_on(
    studio: Studio, status: int, message: str, words: str
) -> None:
    draw(studio, "a.png", "b.png")
    studio.write(text(a="a.png", b="b.png", c="https://example.com/c.jpg"))
    studio.way = uploads_answered(lambda _, body: reply(status, message) if b"a.png" in body else None)

    ended = studio.run(concurrency=3)

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert_waits_for_its_picture(names(ended.steps)["a"], "the service refuses", "a.png", words)
    assert len(uploads(studio)) == 2
    assert studio.statuses() == {"a": Status.PENDING, "b": Status.DONE, "c": Status.DONE}


def test_a_full_quota_is_told_with_what_makes_room(studio: Studio) -> None:
    draw(studio, "a.png", "b.png")
    studio.options = replace(studio.options, file_quota=1)
    studio.write(text(a="a.png", b="b.png"))

    ended = studio.run(concurrency=1)

    assert_waits_for_its_picture(names(ended.steps)["b"], "QuotaExceeded", "batchrunner uploads --prune")
    assert names(ended.steps)["a"].status is Status.DONE


def test_a_key_that_is_refused_at_an_upload_stops_the_run(studio: Studio) -> None:
    draw(studio, "a.png", "b.png", "c.png")
    studio.options = replace(studio.options, key="mdlx-another")
    studio.write(text(a="a.png", b="b.png", c="c.png"))

    ended = studio.run(concurrency=1)

    assert ended.exit_code is ExitCode.REFUSED
    assert {step.hold_reason for step in ended.steps.values()} == {HoldReason.KEY}
    assert (len(uploads(studio)), len(paid(studio))) == (1, 0)


def test_a_drain_ends_the_tries_of_an_upload(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))

    def fail(number: int, _body: bytes) -> HttpAnswer:
        if number == 2 and studio.shutdown is not None:
            studio.shutdown.request(CTRL_C)
        return reply(503, "ServiceUnavailable: for this test")

    studio.way = uploads_answered(fail)
    ended = studio.run()

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert names(ended.steps)["a"].hold_reason is HoldReason.DRAIN
    assert len(uploads(studio)) <= 3
    assert paid(studio) == []


def test_an_upload_is_on_record_before_its_job_is_paid(studio: Studio) -> None:
    """Whatever happens to the submit, the picture is not sent a second time."""
    draw(studio, "a.png")
    studio.write(text(a="a.png"))

    def way(answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            if method == "POST" and target != UPLOAD:
                return reply(400, "InvalidParameter: for this test")
            return await answer(method, target, headers, body)

        return answered

    studio.way = way
    studio.run()
    with read_ledger(studio.project.ledger) as ledger:
        [known] = ledger.uploads.all()
    assert known.file_id == studio.record().uploads[0].file_id


def test_the_key_travels_only_to_the_api(studio: Studio) -> None:
    draw(studio, "a.png")
    studio.write(text(a="a.png"))
    studio.run()
    assert studio.record().leaks == ()


def test_a_manifest_elsewhere_uploads_its_own_pictures(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw(studio, "frames/a.png")
    studio.write(text(a="frames/a.png"))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert load(studio.manifest).errors == ()

    assert studio.run().exit_code is ExitCode.DONE

    assert Path(studio.record().uploads[0].filename).name == "a.png"
