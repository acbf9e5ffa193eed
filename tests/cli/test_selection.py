"""What `--select`, `--exclude` and `--limit` mean."""

from pathlib import Path

import pytest

from batchrunner.app.selection import Selection, names
from batchrunner.errors import UsageError
from batchrunner.planning.batch import JobState
from tests.studio import Studio

MANIFEST = """\
version: 1
name: batch
model: google/veo-3.1-i2v
defaults: {image: https://example.com/a.jpg, durationSeconds: 8}
jobs:
  - {id: hero-wave, prompt: She waves, tags: [hero, wide]}
  - {id: hero-turn, prompt: She turns, tags: [hero], takes: 2}
  - {id: kettle, prompt: Steam rises, model: google/veo-3.1-fast-i2v}
"""
ALL = {"hero-wave", "hero-turn", "hero-turn.2", "kettle"}


@pytest.fixture
def seen(tmp_path: Path) -> list[JobState]:
    studio = Studio(tmp_path)
    studio.write(MANIFEST)
    return studio.seen()


@pytest.mark.parametrize(
    ("select", "exclude", "limit", "chosen"),
    [
        (["hero-wave"], [], None, {"hero-wave"}),
        (["hero-turn"], [], None, {"hero-turn", "hero-turn.2"}),
        (["hero-turn.2"], [], None, {"hero-turn.2"}),
        (["hero-*"], [], None, ALL - {"kettle"}),
        (["kettle, hero-wave"], [], None, {"kettle", "hero-wave"}),
        (["tag:hero", "tag:wide"], [], None, {"hero-wave"}),
        (["model:*fast*"], [], None, {"kettle"}),
        (["status:pending"], [], None, ALL),
        ([], ["tag:hero"], None, {"kettle"}),
        (["tag:hero"], ["*.2"], None, {"hero-wave", "hero-turn"}),
        ([], [], 2, {"hero-wave", "hero-turn"}),
        (["tag:hero"], [], 1, {"hero-wave"}),
    ],
)
def test_a_selection_chooses(
    seen: list[JobState], select: list[str], exclude: list[str], limit: int | None, chosen: set[str]
) -> None:
    assert names(Selection(select, exclude, limit), seen) == frozenset(chosen)


def test_who_chooses_nothing_means_all(seen: list[JobState]) -> None:
    assert names(Selection(), seen) is None


def test_a_file_of_ids_is_one_id_a_line(seen: list[JobState], tmp_path: Path) -> None:
    listed = tmp_path / "again.txt"
    listed.write_text("kettle\n\n  hero-wave\n", encoding="utf-8")
    assert names(Selection([f"@{listed}"]), seen) == frozenset({"kettle", "hero-wave"})


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("hero-wve", "there is no job hero-wve: did you mean hero-wave?"),
        ("kettle,nobody", "there is no job nobody"),
        ("tag:none", "no job is selected"),
        ("status:ready", "there is no status ready"),
        ("colour:red", "`colour:red` selects nothing"),
        ("@missing.txt", "cannot read ids from missing.txt"),
    ],
)
def test_what_selects_nothing_is_a_sentence(seen: list[JobState], select: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        names(Selection([select]), seen)


def test_only_failures_of_one_class_can_be_chosen(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    studio.write(MANIFEST)
    with pytest.raises(UsageError, match="no job is selected"):
        names(Selection(["class:moderation"]), studio.seen())


def test_a_limit_counts_jobs_that_have_something_to_do(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    studio.write(MANIFEST)
    studio.run(only=frozenset({"hero-wave"}))

    assert names(Selection(limit=1), studio.seen()) == frozenset({"hero-turn"})
