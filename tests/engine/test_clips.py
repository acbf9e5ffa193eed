"""What becomes of a clip: its takes, its versions, its place on the disk, its end at the service."""

import asyncio
import errno
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.io.download import DownloadedFile
from batchrunner.io.http import Responder
from batchrunner.sandbox import Fault, HttpAnswer
from tests.engine.audit import audit
from tests.engine.services import instead, reply
from tests.engine.wishes import blocks, edited
from tests.moved_time import DAY_S, EVENING_S, MovedClock
from tests.studio import CTRL_C, Studio, manifest_text, send


def test_more_takes_pay_only_the_new_ones(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run()

    studio.write(manifest_text("a", "b").replace("  - id: a\n", "  - id: a\n    takes: 3\n"))
    studio.run()

    assert studio.statuses() == dict.fromkeys(("a", "a.2", "a.3", "b"), Status.DONE)
    assert len(studio.record().charges) == 4
    assert len({studio.clip(name).read_bytes() for name in studio.statuses()}) == 4


def test_an_edited_job_keeps_its_old_clip_among_the_versions(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    old = studio.clip("a").read_bytes()

    studio.write(edited(text))
    studio.run()

    assert studio.clip("a").read_bytes() != old
    assert (studio.clip("a").parent / "versions" / "a.v1.mp4").read_bytes() == old
    assert len(studio.submits()) == 2


def test_taking_an_edit_back_brings_the_old_clip_back_for_nothing(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    old = studio.clip("a").read_bytes()
    studio.write(edited(text))
    studio.run()
    new = studio.clip("a").read_bytes()

    for wanted, clip in [(text, old), (edited(text), new), (text, old)]:
        studio.write(wanted)
        asked = len(studio.asked)
        assert studio.run().exit_code is ExitCode.DONE
        assert studio.clip("a").read_bytes() == clip
        assert len(studio.asked) == asked

    assert len(studio.record().charges) == 2


def test_a_file_that_is_not_ours_holds_its_job_and_is_left_alone(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.clip("a").parent.mkdir(parents=True)
    studio.clip("a").write_bytes(b"my holiday")

    ended = studio.run()

    assert studio.clip("a").read_bytes() == b"my holiday"
    assert [step.hold_reason for step in ended.steps.values()] == [HoldReason.FOREIGN_FILE, None]
    assert ended.exit_code is ExitCode.PERSON_NEEDED
    assert len(studio.submits()) == 1
    studio.clip("a").unlink()
    assert studio.run().exit_code is ExitCode.DONE


def test_a_file_that_comes_to_lie_there_during_the_render_is_not_overwritten(studio: Studio) -> None:
    studio.write(manifest_text("a"))

    async def somebody_saves_a_file(_clock: MovedClock) -> None:
        await asyncio.sleep(30)
        studio.clip("a").parent.mkdir(parents=True)
        studio.clip("a").write_bytes(b"my holiday")

    ended = studio.run(meanwhile=somebody_saves_a_file)

    assert studio.clip("a").read_bytes() == b"my holiday"
    assert [step.hold_reason for step in ended.steps.values()] == [HoldReason.FOREIGN_FILE]
    assert studio.statuses() == {"a": Status.RENDERED}
    studio.clip("a").unlink()
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1
    audit(studio)


def test_rendered_clips_come_before_any_submit(studio: Studio) -> None:
    studio.options = replace(studio.options, faults={Fault.DOWNLOAD_CUT: 1.0})
    studio.write(manifest_text("a"))
    studio.run()
    studio.options = replace(studio.options, faults={})
    studio.write(manifest_text("x", "a", "y"))
    asked = len(studio.asked)

    studio.run()

    first = studio.asked[asked:][:2]
    assert [each.is_poll for each in first] == [True, False]
    assert first[1].is_download
    assert not any(each.is_submit for each in first)


def test_a_clip_that_was_deleted_is_fetched_again_for_nothing(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    clip = studio.clip("a").read_bytes()
    studio.clip("a").unlink()
    assert studio.statuses() == {"a": Status.RENDERED}

    studio.run()

    assert studio.clip("a").read_bytes() == clip
    assert len(studio.submits()) == 1


def test_a_clip_that_lost_its_end_is_no_longer_done_and_not_ours_to_overwrite(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    damaged = studio.clip("a").read_bytes()[:-1]
    studio.clip("a").write_bytes(damaged)

    assert blocks(studio) == {"a": HoldReason.FOREIGN_FILE}
    assert studio.clip("a").read_bytes() == damaged
    studio.clip("a").unlink()
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1
    audit(studio)


def test_a_deleted_clip_is_expired_once_the_service_says_that_it_is_gone(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    studio.clip("a").unlink()
    studio.clock_s += 2 * DAY_S
    assert studio.statuses() == {"a": Status.RENDERED}, "a clock alone expires nothing"

    ended = studio.run()

    assert studio.statuses() == {"a": Status.EXPIRED}
    assert ended.exit_code is ExitCode.PERSON_NEEDED
    assert len(studio.submits()) == 1
    asked = len(studio.asked)
    studio.run()
    assert len(studio.asked) == asked, "what is gone is not asked for again"


def test_a_service_that_keeps_clips_longer_than_it_said_is_believed(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    studio.clip("a").unlink()
    studio.clock_s += 2 * DAY_S
    studio.options = replace(studio.options, retention_s=30 * DAY_S)

    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1


def test_a_404_before_the_retention_is_over_expires_nothing(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    studio.clip("a").unlink()
    studio.options = replace(studio.options, retention_s=1.0)

    studio.run()

    assert studio.statuses() == {"a": Status.RENDERED}
    studio.options = replace(studio.options, retention_s=30 * DAY_S)
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1


def test_another_output_leaves_what_is_done_where_it_is(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()

    studio.write(manifest_text("a", head="settings: {output: 'elsewhere/${job.id}.mp4'}\n"))

    assert studio.run().exit_code is ExitCode.DONE
    assert studio.clip("a").exists()
    assert not (studio.folder / "elsewhere").exists()
    assert len(studio.submits()) == 1


def downloads_cut_until(studio: Studio, at_s: float) -> Callable[[Responder], Responder]:
    """A way on which the file server cannot be reached before a moment."""

    def look(_method: str, path: str, _prompt: str) -> HttpAnswer | None:
        if not path.startswith("/api") and studio.asked[-1].at_s < at_s:
            raise ConnectionResetError
        return None

    return instead(look)


@pytest.mark.untraced
@pytest.mark.parametrize("jobs", [1, 60])
def test_an_outage_of_the_file_server_is_waited_for_and_told_once_a_clip(studio: Studio, jobs: int) -> None:
    studio.write(manifest_text(*(f"job{number:02}" for number in range(jobs))))
    studio.way = downloads_cut_until(studio, EVENING_S + 900)

    ended = studio.run(concurrency=4)

    assert ended.exit_code is ExitCode.DONE
    told = Counter(event.job for event in studio.told(EventKind.NOTE) if event.text.startswith("download: "))
    assert set(told.values()) == {1}
    audit(studio)


def test_whoever_wants_to_leave_does_not_wait_for_a_file_server_that_is_away(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.way = downloads_cut_until(studio, EVENING_S + DAY_S)

    ended = studio.run(meanwhile=send(CTRL_C, studio=studio, after_s=300))

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert ended.seconds < 310
    assert studio.statuses() == dict.fromkeys("ab", Status.RENDERED)


def test_links_are_asked_for_until_the_pace_allows_it(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.way = downloads_cut_until(studio, EVENING_S + DAY_S)
    studio.run()
    assert studio.statuses() == dict.fromkeys("ab", Status.RENDERED)
    morning_s = studio.clock_s
    too_many = reply(429, "RateLimit: too many requests")
    studio.way = instead(
        lambda _method, path, _: too_many if "/tasks/" in path and studio.asked[-1].at_s < morning_s + 300 else None
    )

    assert studio.run().exit_code is ExitCode.DONE
    assert studio.statuses() == dict.fromkeys("ab", Status.DONE)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_no_more_clips_ends_the_submits_and_loses_nothing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    studio.write(manifest_text(*(f"job{number:02}" for number in range(12))))

    async def full(*_: object, **__: object) -> DownloadedFile:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as disk:
        disk.setattr("batchrunner.engine.downloader.download", full)
        ended = studio.run(concurrency=2)

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert len(studio.submits()) <= 4
    [told] = studio.told(EventKind.HALT)
    assert f"cannot write clips to {studio.clip('a').parent}: {os.strerror(number)}" in told.text
    assert studio.run().exit_code is ExitCode.DONE
    audit(studio)
