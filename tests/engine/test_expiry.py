"""When a paid clip counts as gone: after several looks over minutes, by the service's clock, and never for `fetch`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate

import pytest

from batchrunner.domain.observation import TaskState
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import HttpAnswer
from tests.engine.audit import audit
from tests.engine.services import instead, reply, retold
from tests.engine.wishes import blocks
from tests.moved_time import DAY_S
from tests.studio import CTRL_C, Studio, manifest_text, send

NOT_FOUND = "NotFound: no such task"


@pytest.fixture
def lost(studio: Studio) -> Studio:
    """A clip that was done, and is deleted from the disk a day after the service had promised to keep it."""
    studio.write(manifest_text("a"))
    studio.run()
    studio.clip("a").unlink()
    studio.clock_s += 2 * DAY_S
    studio.asked.clear()
    return studio


def keep_for(studio: Studio, days: float) -> None:
    """The service keeps results for longer than it said."""
    studio.options = replace(studio.options, retention_s=days * DAY_S)


def polls(studio: Studio) -> list[float]:
    return [asked.at_s for asked in studio.asked if asked.is_poll]


def gone_at_first(looks: int) -> Callable[[Responder], Responder]:
    """A way on which the first looks at a task find nothing."""
    left = iter(range(looks))

    def look(_method: str, path: str, _prompt: str) -> HttpAnswer | None:
        return reply(404, NOT_FOUND) if "/tasks/" in path and next(left, None) is not None else None

    return instead(look)


@pytest.mark.parametrize("looks", [1, 2])
def test_a_404_or_two_after_the_retention_expire_nothing(lost: Studio, looks: int) -> None:
    keep_for(lost, 30)
    lost.way = gone_at_first(looks)

    assert lost.run().exit_code is ExitCode.DONE

    audit(lost)
    assert len(lost.submits()) == 0


def test_three_looks_over_five_minutes_expire_it(lost: Studio) -> None:
    ended = lost.run()

    assert ended.exit_code is ExitCode.PERSON_NEEDED
    assert lost.statuses() == {"a": Status.EXPIRED}
    first, *_, last = polls(lost)
    assert len(polls(lost)) == 3
    assert 300 <= last - first < 400


def test_looks_of_several_runs_count_together(lost: Studio) -> None:
    lost.run(meanwhile=send(CTRL_C, studio=lost, after_s=1))
    assert lost.statuses() == {"a": Status.RENDERED}
    lost.clock_s += 600

    assert lost.run().seconds < 60

    assert lost.statuses() == {"a": Status.EXPIRED}


def test_whoever_leaves_does_not_wait_until_it_is_certain(lost: Studio) -> None:
    ended = lost.run(meanwhile=send(CTRL_C, studio=lost, after_s=20))
    assert ended.seconds < 30
    assert ended.exit_code is ExitCode.WORK_LEFT


def test_25_hours_expire_nothing_where_the_service_never_said_how_long_it_keeps_a_result(studio: Studio) -> None:
    studio.way = retold(lambda data: data.pop("result_expires_at", None))
    studio.write(manifest_text("a"))
    studio.run()
    studio.clip("a").unlink()
    studio.clock_s += DAY_S + 3_600 + 60
    assert studio.run().exit_code is ExitCode.WORK_LEFT
    assert studio.statuses() == {"a": Status.RENDERED}
    studio.clock_s += 7 * DAY_S

    assert studio.run().exit_code is ExitCode.PERSON_NEEDED


def test_the_clock_of_the_service_decides_and_not_ours(lost: Studio) -> None:
    """Our clock is two days fast: by the date in its replies the service still keeps the clip."""
    true_s = -2 * DAY_S
    lost.way = dated(lambda: lost.asked[-1].at_s + true_s, gone_at_first(100))

    assert blocks(lost) == {"a": HoldReason.TASK_REFUSED}

    assert lost.statuses() == {"a": Status.RENDERED}
    lost.way = lambda answer: answer
    keep_for(lost, 30)
    assert lost.run().exit_code is ExitCode.DONE


def test_a_file_server_that_has_nothing_is_asked_for_five_minutes_too(lost: Studio) -> None:
    keep_for(lost, 30)
    lost.way = instead(lambda _method, path, _prompt: None if path.startswith("/api/") else reply(410, "Gone"))

    assert lost.run().exit_code is ExitCode.PERSON_NEEDED

    downloads = [asked.at_s for asked in lost.asked if asked.is_download]
    assert len(downloads) == 3
    assert downloads[-1] - downloads[0] >= 300


def test_fetch_asks_once_more_for_what_is_expired(lost: Studio) -> None:
    lost.run()
    keep_for(lost, 30)
    asked = len(lost.asked)
    assert lost.run().exit_code is ExitCode.PERSON_NEEDED
    assert len(lost.asked) == asked, "run does not ask"

    assert lost.run(submits=False, command="fetch").exit_code is ExitCode.DONE

    assert lost.statuses() == {"a": Status.DONE}
    audit(lost)


def test_fetch_of_what_is_still_gone_asks_once_and_changes_nothing(lost: Studio) -> None:
    lost.run()
    [before] = lost.seen()
    asked = len(lost.asked)

    ended = lost.run(submits=False, command="fetch")

    assert ended.exit_code is ExitCode.PERSON_NEEDED
    assert len(lost.asked) == asked + 1
    [after] = lost.seen()
    assert after.history == before.history


def test_fetch_of_a_file_that_is_still_gone_tries_once_and_changes_nothing(lost: Studio) -> None:
    keep_for(lost, 30)
    lost.way = instead(lambda _method, path, _prompt: None if path.startswith("/api/") else reply(404, "Gone"))
    lost.run()
    asked = len(lost.asked)

    assert blocks(lost, submits=False) == {"a": HoldReason.EXPIRED}

    assert len(lost.asked) == asked + 2
    lost.way = lambda answer: answer
    assert lost.run(submits=False).exit_code is ExitCode.DONE


def test_an_expired_clip_that_is_there_again_without_its_video_is_no_longer_expired(lost: Studio) -> None:
    lost.run()
    keep_for(lost, 30)
    lost.way = retold(lambda data: data.update(result={"resources": []}))

    lost.run(submits=False)

    [seen] = lost.seen()
    assert seen.history.attempts[-1].observations[-1].state is TaskState.SUCCESS
    assert lost.statuses() == {"a": Status.RENDERED}


def dated(date_s: Callable[[], float], way: Callable[[Responder], Responder]) -> Callable[[Responder], Responder]:
    """A way whose answers tell the time, as HTTP servers do."""

    def there(answer: Responder) -> Responder:
        far = way(answer)

        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            found = await far(method, target, headers, body)
            return HttpAnswer(found.status, {**found.headers, "date": formatdate(date_s(), usegmt=True)}, found.chunks)

        return answered

    return there
