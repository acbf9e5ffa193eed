"""What a run says of itself beside its lock: small, whole, and believed only as far as it can be true."""

import json
import os
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.event import Progress
from batchrunner.storage.run_beat import beat_path, read_beat, write_beat
from batchrunner.storage.run_lock import LockOwner, lock_owner, run_lock

PROGRESS = Progress(
    {}, Decimal(3), 60.0, "a slot\x1b[2J", 12.5, waits_s=4.0, limit_usd=Decimal("9.50"), slots_used=1, slots_known=2
)
SINCE = "2026-11-23T18:00:00Z"


@pytest.fixture
def owner(tmp_path: Path) -> LockOwner:
    """A run that has told how it stands, and then was killed."""
    with run_lock(tmp_path, "film", SINCE):
        owner = lock_owner(tmp_path, "film")
    write_beat(tmp_path, "film", PROGRESS, 100.0)
    assert owner is not None
    return owner


def test_it_says_what_no_ledger_holds(tmp_path: Path, owner: LockOwner) -> None:
    beat = read_beat(tmp_path, "film", owner)
    assert beat is not None
    found = asdict(beat)
    assert found.pop("user")
    assert found == {
        "at_s": 100.0,
        "waits_for": "a slot\\x1b[2J",
        "waits_s": 4.0,
        "left_s": 12.5,
        "limit_usd": Decimal("9.50"),
        "slots_used": 1,
        "slots_known": 2,
    }


def test_a_run_takes_it_away_when_it_ends(tmp_path: Path) -> None:
    with run_lock(tmp_path, "film", SINCE):
        write_beat(tmp_path, "film", PROGRESS, 100.0)
        assert beat_path(tmp_path, "film").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.lock"]


def test_what_another_process_said_is_not_believed(tmp_path: Path, owner: LockOwner) -> None:
    assert read_beat(tmp_path, "film", replace(owner, pid=os.getpid() + 1)) is None
    assert read_beat(tmp_path, "film", replace(owner, host="elsewhere")) is None
    assert read_beat(tmp_path, "trailer", owner) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("user", 5),
        ("waits_for", "x" * 401),
        ("waits_s", float("nan")),
        ("waits_s", -1),
        ("waits_s", True),
        ("at_s", 1e300),
        ("left_s", "soon"),
        ("limit_usd", "NaN"),
        ("limit_usd", "1e99"),
        ("limit_usd", 5),
        ("slots_used", float("inf")),
        ("slots_known", [1]),
        ("pid", None),
    ],
)
def test_what_cannot_be_ours_is_nothing(tmp_path: Path, owner: LockOwner, key: str, value: Any) -> None:
    path = beat_path(tmp_path, "film")
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {key: value}), encoding="utf-8")
    assert read_beat(tmp_path, "film", owner) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 4000, "{}" + " " * 10_000_000])
def test_what_is_no_note_is_nothing(tmp_path: Path, owner: LockOwner, text: str) -> None:
    beat_path(tmp_path, "film").write_text(text, encoding="utf-8")
    assert read_beat(tmp_path, "film", owner) is None


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "precious.txt"
    target.write_text("precious", encoding="utf-8")
    beat_path(tmp_path, "film").symlink_to(target)
    with pytest.raises(OSError, match="is a link"):
        write_beat(tmp_path, "film", PROGRESS, 100.0)
    assert target.read_text(encoding="utf-8") == "precious"
