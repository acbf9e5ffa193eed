"""What `--select`, `--exclude` and `--limit` mean."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.app.selection import Selection, names
from batchrunner.catalog import shipped
from batchrunner.errors import UsageError
from batchrunner.planning.batch import JobState
from batchrunner.sandbox import Behaviour, Fault
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
    assert names(Selection(select, exclude, limit), seen, shipped()) == frozenset(chosen)


def test_who_chooses_nothing_means_all(seen: list[JobState]) -> None:
    assert names(Selection(), seen, shipped()) is None


def test_a_file_of_ids_is_one_id_a_line(seen: list[JobState], tmp_path: Path) -> None:
    listed = tmp_path / "again.txt"
    listed.write_text("kettle\n\n  hero-wave\n", encoding="utf-8")
    assert names(Selection([f"@{listed}"]), seen, shipped()) == frozenset({"kettle", "hero-wave"})


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("hero-wve", "there is no job hero-wve: did you mean hero-wave?"),
        ("kettle,nobody", "there is no job nobody"),
        ("tag:none", "no job is selected"),
        ("tag:heros", "no job is selected: did you mean tag:hero?"),
        ("model:google/veo-3.1-fats-i2v", "no job is selected: did you mean model:google/veo-3.1-fast-i2v?"),
        ("status:ready", "there is no status ready"),
        ("class:moderated", "there is no error class moderated; use one of auth, balance"),
        ("changed:resolutoin", "there is no field resolutoin in any job: did you mean resolution?"),
        ("changed:resolution", "no job is selected"),
        ("colour:red", "`colour:red` selects nothing"),
        ("@missing.txt", "cannot read ids from missing.txt"),
    ],
)
def test_what_selects_nothing_is_a_sentence(seen: list[JobState], select: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        names(Selection([select]), seen, shipped())


@pytest.mark.parametrize(
    ("behaviour", "classes"),
    [
        (
            Behaviour(latency_s=60, faults={Fault.TASK_MODERATED: 1.0}),
            {"moderation", "mod*"},
        ),
        (Behaviour(latency_s=60, balance_usd=Decimal(0)), {"balance"}),
    ],
)
def test_failures_are_chosen_by_the_class_that_reports_show(
    tmp_path: Path, behaviour: Behaviour, classes: set[str]
) -> None:
    studio = Studio(tmp_path, behaviour)
    studio.write(MANIFEST)
    with pytest.raises(UsageError, match="no job is selected"):
        chosen(studio, "class:*")
    studio.run(only=frozenset({"kettle"}))
    for each in classes:
        assert chosen(studio, f"class:{each}") == {"kettle"}


def chosen(studio: Studio, *select: str) -> set[str]:
    return set(names(Selection(select), studio.seen(), shipped()) or ())


@pytest.mark.parametrize(
    ("select", "meant"),
    [
        ("changed:*", {"hero-wave", "hero-turn", "hero-turn.2"}),
        ("changed:resolution", {"hero-turn", "hero-turn.2"}),
        ("changed:res*", {"hero-turn", "hero-turn.2"}),
        ("changed:prompt", {"hero-wave"}),
        ("changed:resolution,changed:prompt", {"hero-wave", "hero-turn", "hero-turn.2"}),
        ("changed:durationSeconds", {"hero-turn", "hero-turn.2"}),
        ("changed:duration", {"hero-turn", "hero-turn.2"}),
    ],
)
def test_jobs_are_chosen_by_the_fields_that_their_plan_calls_changed(
    edited: Studio, select: str, meant: set[str]
) -> None:
    """By a model's own name for a field, and by the word for what it is for."""
    assert chosen(edited, select) == meant


@pytest.fixture
def edited(tmp_path: Path) -> Studio:
    """Two jobs are edited since all were rendered, and one is not."""
    studio = Studio(tmp_path)
    studio.write(MANIFEST)
    studio.run()
    turned = MANIFEST.replace("takes: 2", "takes: 2, resolution: 720p, durationSeconds: 4")
    studio.write(turned.replace("She waves", "She waves twice"))
    return studio


@pytest.mark.parametrize(
    ("jobs", "meant"),
    [
        (["hero-turn"], {"hero-turn"}),
        (["hero-turn.2", "kettle"], {"hero-turn.2", "kettle"}),
        (["hero-turn.2,kettle"], {"hero-turn.2", "kettle"}),
        (["hero-t*"], {"hero-turn", "hero-turn.2"}),
        (["tag:wide", "model:*fast*"], {"hero-wave", "kettle"}),
        (["status:pending"], ALL),
    ],
)
def test_arguments_take_the_same_words_and_each_adds_what_it_means(
    seen: list[JobState], jobs: list[str], meant: set[str]
) -> None:
    """But for a plain id: whoever decides about `hero-turn` decides about that one clip."""
    assert names(Selection(jobs=jobs), seen, shipped()) == frozenset(meant)
    others = names(Selection(exclude=["hero-turn"], jobs=[*jobs, "kettle"]), seen, shipped())
    assert others == frozenset((meant | {"kettle"}) - {"hero-turn", "hero-turn.2"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("hero-tunr", "there is no job hero-tunr: did you mean hero-turn?"),
        ("tag:wde", "no job matches tag:wde: did you mean tag:wide?"),
        ("x*", "no job matches x*"),
        ("status:done", "no job matches status:done"),
    ],
)
def test_each_argument_means_some_job(seen: list[JobState], words: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        names(Selection(jobs=["kettle", words]), seen, shipped())


def test_a_file_of_ids_is_read_within_bounds(seen: list[JobState], tmp_path: Path) -> None:
    listed = tmp_path / "again.txt"
    listed.write_bytes(b"kettle\n" * (1 << 18))
    with pytest.raises(UsageError, match="it has more than 1 MiB"):
        names(Selection([f"@{listed}"]), seen, shipped())


def test_a_limit_counts_jobs_that_have_something_to_do(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    studio.write(MANIFEST)
    studio.run(only=frozenset({"hero-wave"}))

    assert names(Selection(limit=1), studio.seen(), shipped()) == frozenset({"hero-turn"})
