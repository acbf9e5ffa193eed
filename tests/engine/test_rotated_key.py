"""A rotated key: what the old one submitted is asked for with the new one, and held only where the service refuses."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from batchrunner.domain.observation import TaskState
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import HttpAnswer
from tests.engine.audit import audit
from tests.engine.services import instead, reply
from tests.engine.wishes import blocks
from tests.moved_time import DAY_S
from tests.studio import KEY, Studio, manifest_text

NEW_KEY = "mdlx-test-0002"


@pytest.fixture
def rotated(studio: Studio) -> Studio:
    """The task of `a` runs, and the key that submitted it was replaced."""
    studio.write(manifest_text("a", "b"))
    studio.run(only=frozenset({"a"}), task_timeout_s=10)
    studio.key = NEW_KEY
    studio.asked.clear()
    return studio


def for_all_keys(answer: Responder) -> Responder:
    """A service whose keys of one team may read each other's tasks."""

    async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        found = await answer(method, target, headers, body)
        if "/tasks/" in target and found.status == 404:
            return await answer(method, target, {**headers, "authorization": f"Bearer {KEY}"}, body)
        return found

    return answered


def refusing_the_task(studio: Studio, status: int) -> Callable[[Responder], Responder]:
    """A service that refuses to tell of the old key's task, and of no other."""
    [old] = studio.known_tasks()

    def look(_method: str, path: str, _prompt: str) -> HttpAnswer | None:
        return reply(status, "no such task for you") if path.endswith(old) else None

    return instead(look)


def test_a_task_of_the_old_key_is_fetched_with_the_new_one_where_the_service_allows_it(rotated: Studio) -> None:
    rotated.way = for_all_keys

    assert rotated.run().exit_code is ExitCode.DONE

    audit(rotated)
    assert len(rotated.record().charges) == 2


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_it_is_held_where_the_service_refuses_and_the_others_go_on(rotated: Studio, status: int) -> None:
    rotated.way = refusing_the_task(rotated, status)

    ended = rotated.run()

    assert ended.exit_code is ExitCode.REFUSED
    assert rotated.statuses() == {"a": Status.RUNNING, "b": Status.DONE}
    step = next(step for who, step in ended.steps.items() if who.job == "a")
    assert step.hold_reason is HoldReason.OTHER_KEY
    assert "0001" in step.reason
    assert "mdlx-" not in step.reason
    rotated.key, rotated.way = KEY, lambda answer: answer
    assert rotated.run().exit_code is ExitCode.DONE
    assert len(rotated.record().charges) == 2


def test_one_refusal_is_enough(rotated: Studio) -> None:
    assert blocks(rotated, submits=False) == {"a": HoldReason.OTHER_KEY, "b": HoldReason.NOT_SELECTED}
    assert len(rotated.asked) == 1


def test_what_another_key_may_not_see_is_never_gone(rotated: Studio) -> None:
    for _ in range(4):
        rotated.clock_s += 8 * DAY_S
        assert blocks(rotated, submits=False)["a"] is HoldReason.OTHER_KEY

    [a, _] = rotated.seen()
    assert TaskState.GONE not in [seen.state for seen in a.history.attempts[0].observations]
    assert a.step.status is Status.RUNNING


def test_a_done_clip_of_the_old_key_that_was_deleted_is_asked_for_too(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    studio.clip("a").unlink()
    studio.key = NEW_KEY
    assert blocks(studio) == {"a": HoldReason.OTHER_KEY}
    studio.way = for_all_keys

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.submits()) == 1


def test_a_key_that_is_no_good_at_all_stops_the_submits_as_before(rotated: Studio) -> None:
    rotated.options = replace(rotated.options, key=KEY)

    assert blocks(rotated) == {"a": HoldReason.OTHER_KEY, "b": HoldReason.KEY}
