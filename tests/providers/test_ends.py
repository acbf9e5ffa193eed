"""Hints from the wire: an answer that waited names tasks that may have ended, and whatever else it says is left out."""

import json

import pytest

from batchrunner.io.http import Reply
from batchrunner.providers.modellix import wire


def ends(content: object, status: int = 200) -> tuple[tuple[str, ...], int | None]:
    return wire.ends(Reply(status, {}, json.dumps(content).encode()))


def test_the_tasks_that_are_named_and_the_moment_until_which_are_heard() -> None:
    assert ends({"data": {"task_ids": ["task-1", "task-2"], "until": 1_795_456_800_000}}) == (
        ("task-1", "task-2"),
        1_795_456_800_000,
    )


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"task_ids": "task-1"},
        {"task_ids": {"task-1": 1}},
        {"task_ids": [None, 3, "", "a b", "x" * 600, ["task-1"]]},
        {"until": "1795456800000"},
        {"until": True},
        {"until": -1},
        {"until": 10**30},
        {"until": 1.5},
    ],
)
def test_what_is_no_id_and_no_moment_is_left_out(data: object) -> None:
    assert ends({"data": data}) == ((), None)


@pytest.mark.parametrize("status", [204, 400, 404, 429, 500])
def test_a_refusal_names_nothing(status: int) -> None:
    assert ends({"data": {"task_ids": ["task-1"], "until": 5}}, status) == ((), None)


def test_so_many_ids_are_read_and_no_more() -> None:
    named, _ = ends({"data": {"task_ids": [f"task-{number}" for number in range(5000)]}})
    assert len(named) == 1000
