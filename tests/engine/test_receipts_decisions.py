"""Receipts carry what people decided and what failed: a clone plans as the original does."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchrunner.catalog import shipped_prices
from batchrunner.cli.main import outcome
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action
from batchrunner.errors import ExitCode
from batchrunner.manifest.load import load
from batchrunner.planning.batch import load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.job_records import JobSet
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.open import open_ledger, trust_ledger
from batchrunner.storage.paths import find_project
from batchrunner.storage.receipts import ReceiptsWriter, read_receipts, receipts_path
from tests.engine.services import refusing
from tests.engine.test_decisions import accept, decide
from tests.engine.test_receipts import NAME, cloned, lines, read, write
from tests.engine.wishes import edited
from tests.ledgers.make import HERE
from tests.moved_time import EVENING_S
from tests.studio import Studio, manifest_text

FAILING = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
LOSING = SandboxOptions(latency_s=60, faults={Fault.SUBMIT_503_AFTER: 1.0})
WELL = SandboxOptions(latency_s=60)

Stands = list[tuple[str, Action, Status, tuple[str, ...]]]


def stands(studio: Studio) -> Stands:
    return [(s.identity.name, s.step.action, s.step.status, s.step.changed) for s in studio.seen()]


@pytest.fixture
def clone(studio: Studio, tmp_path: Path) -> Callable[[], Studio]:
    """The manifest and its receipts, and nothing else, on another machine."""

    def made() -> Studio:
        write(studio)
        other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
        read(other)
        return other

    return made


def beside(studio: Studio, name: str) -> Path:
    return studio.folder.with_name(f"{studio.folder.name}-{name}")


def without_clips(studio: Studio) -> Studio:
    """After `git clean -fdx`, but for the ledger."""
    shutil.rmtree(studio.folder / "outputs", ignore_errors=True)
    return studio


# Old ledgers have every kind of job


def _film(folder: Path) -> tuple[Sequence[object], dict[str, Decimal]]:
    """What is planned with each job of a ledger in `tests/ledgers`, and what each has cost."""
    manifest, project = load(folder / "film.yaml"), find_project(folder / "film.yaml")
    with open_ledger(project.ledger) as ledger:
        ledger.import_receipts(read_receipts(project))
        wanted = JobSet(manifest.name, manifest.profile, manifest.jobs)
        batch = load_batch(project, wanted, ledger, shipped_prices(), EVENING_S)
        seen = batch.first_steps(PlanOptions(), None)
        ReceiptsWriter(project, ledger, pytest.fail).whole("film")
    booked = {s.identity.name: sum((a.booked_usd for a in s.history.attempts), Decimal(0)) for s in seen}
    steps = [
        (s.identity.name, s.step.action, s.step.status, s.step.hold_reason, s.step.changed, s.step.cost) for s in seen
    ]
    return steps, booked


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("v*.db")))
def test_a_clone_plans_as_the_original_whatever_its_ledger_holds(tmp_path: Path, name: str) -> None:
    first, second, third = (tmp_path / each for each in ("first", "second", "third"))
    for folder in (first, second, third):
        folder.mkdir()
        shutil.copy(HERE / "film.yaml", folder)
    (first / ".batchrunner").mkdir()
    with trust_ledger(Path(shutil.copy(HERE / name, first / ".batchrunner" / "ledger.db"))):
        pass
    planned = _film(first)
    for one, next_one in ((first, second), (second, third)):
        shutil.copy(one / "film.receipts.jsonl", next_one)
        assert _film(next_one) == planned
    assert (third / "film.receipts.jsonl").read_bytes() == (first / "film.receipts.jsonl").read_bytes()


# What was decided


def test_an_accepted_job_stays_accepted_after_everything_else_was_cleaned_away(
    studio: Studio, clone: Callable[[], Studio]
) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run()
    studio.write(edited(manifest_text("a", "b")))
    accept(studio, "a")
    first = studio.clip("a").read_bytes()

    other = clone()

    assert stands(other) == stands(without_clips(studio))
    assert other.run().stats.submits == 0
    assert other.clip("a").read_bytes() == first


def test_a_version_that_was_picked_is_not_undone_by_the_run_of_a_colleague(
    studio: Studio, clone: Callable[[], Studio]
) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    first = studio.clip("a").read_bytes()
    decide(studio, DecisionKind.REDO, "a")
    assert outcome(["pick", str(studio.manifest), "a", "v1"]) == ExitCode.DONE

    other = clone()

    assert other.run().stats.submits == 0
    assert other.clip("a").read_bytes() == first
    assert other.run().stats.submits == 0
    assert other.clip("a").read_bytes() == first


def test_a_choice_is_written_at_once_by_the_command_that_makes_it(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    decide(studio, DecisionKind.REDO, "a")
    assert outcome(["pick", str(studio.manifest), "a", "v1"]) == ExitCode.DONE
    chosen = [line for line in lines(studio) if line.get("decided") == "accept"]
    assert [line["chosen"] for line in chosen] == [studio.record().charges[0].task_id]


def test_a_choice_can_be_made_of_a_clip_that_only_receipts_tell_of(studio: Studio, clone: Callable[[], Studio]) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    write(studio)
    other = cloned(studio, beside(studio, "other"))
    other.write(edited(manifest_text("a")))
    assert outcome(["accept", str(other.manifest), "a"]) == ExitCode.DONE
    assert other.run().stats.submits == 0


def test_a_redo_that_is_still_open_is_open_on_a_clone_and_one_that_was_done_is_done(
    studio: Studio, clone: Callable[[], Studio]
) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run()
    decide(studio, DecisionKind.REDO, "b")
    studio.way = refusing("a", status=401)
    decide(studio, DecisionKind.REDO, "a")

    other = clone()

    assert [stand[:2] for stand in stands(other)] == [("a", Action.SUBMIT), ("b", Action.FETCH)]
    assert other.run().stats.submits == 1


def test_what_failed_has_failed_on_a_clone_and_a_retry_is_carried_over(
    studio: Studio, clone: Callable[[], Studio]
) -> None:
    studio.write(manifest_text("a", "b"))
    studio.options = FAILING
    studio.run()
    studio.options = WELL
    decide(studio, DecisionKind.RETRY, "b")

    other = clone()

    assert stands(other) == stands(without_clips(studio))
    assert other.statuses() == {"a": Status.FAILED, "b": Status.RENDERED}
    assert other.run().stats.submits == 0
    assert other.booked_usd() == studio.booked_usd()


def test_what_is_unknown_is_unknown_on_a_clone_until_somebody_resolves_it(
    studio: Studio, clone: Callable[[], Studio]
) -> None:
    studio.write(manifest_text("a"))
    studio.options = LOSING
    studio.run()
    other = clone()
    assert other.statuses() == {"a": Status.UNKNOWN}
    assert other.run().stats.submits == 0
    assert other.booked_usd() == studio.booked_usd()


RESOLVED = {"--not-submitted": Status.PENDING, "--pay-again": Status.PENDING, "--task": Status.RUNNING}


@pytest.mark.parametrize("word", RESOLVED)
def test_a_submit_that_was_resolved_on_one_machine_is_resolved_on_the_others(
    studio: Studio, clone: Callable[[], Studio], word: str
) -> None:
    """On the one that had sent it, too, whichever of them it was resolved on."""
    studio.write(manifest_text("a"))
    studio.options = LOSING
    studio.run()
    studio.options = WELL
    other = clone()
    task = [studio.record().charges[0].task_id] if word == "--task" else []
    assert outcome(["resolve", str(other.manifest), "a", word, *task]) == ExitCode.DONE
    assert other.statuses() == {"a": RESOLVED[word]}

    shutil.copy(receipts_path(other.project, NAME), studio.folder)
    assert read(studio) > 0

    assert studio.statuses() == {"a": RESOLVED[word]}
    assert studio.booked_usd() == other.booked_usd()
    third = cloned(other, beside(studio, "third"))
    read(third)
    assert third.statuses() == {"a": RESOLVED[word]}
    assert third.booked_usd() == other.booked_usd()


def test_a_task_that_does_not_exist_is_unknown_again_and_stays_so(studio: Studio, clone: Callable[[], Studio]) -> None:
    studio.write(manifest_text("a"))
    studio.options = SandboxOptions(latency_s=60, faults={Fault.SUBMIT_503_BEFORE: 1.0})
    studio.run()
    studio.options = WELL
    outcome(["resolve", str(studio.manifest), "a", "--task", "task-that-is-none"])
    before = receipts_path(studio.project, NAME).read_text(encoding="utf-8")
    studio.run()
    assert studio.statuses() == {"a": Status.UNKNOWN}
    write(studio)
    with receipts_path(studio.project, NAME).open("a", encoding="utf-8") as merged:
        merged.write(before)

    assert read(studio) == 0
    assert studio.statuses() == {"a": Status.UNKNOWN}


def test_a_clip_that_was_taken_over_is_taken_over_on_a_clone(studio: Studio, clone: Callable[[], Studio]) -> None:
    """Even if its own wish was edited since, and a person keeps it: no clip of that wish exists."""
    studio.write(manifest_text("a"))
    studio.run()
    studio.write(manifest_text("a").replace("id: a", "id: b"))
    studio.run()
    studio.write(edited(manifest_text("a")).replace("id: a", "id: b"))
    accept(studio, "b")

    other = clone()

    assert stands(other) == stands(without_clips(studio))
    assert other.run().stats.submits == 0
    assert len(other.record().charges) == 1


def test_receipts_tell_what_was_billed_and_not_what_was_reserved(studio: Studio, clone: Callable[[], Studio]) -> None:
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_MODERATED: 1.0})
    studio.write(manifest_text("a"))
    studio.run()
    write(studio)
    (line,) = lines(studio)
    assert (line["cost_usd"], line["reserved_usd"], line["billed_usd"]) == ("0.0", "2.576", "0.0")
    assert clone().booked_usd() == 0


def test_a_refused_submit_is_closed_on_a_clone(studio: Studio, clone: Callable[[], Studio]) -> None:
    studio.write(manifest_text("a"))
    studio.way = refusing("a", status=402)
    studio.run()
    assert clone().statuses() == {"a": Status.PENDING}


# Merging


@cache
def _both_sides() -> tuple[str, tuple[str, ...]]:
    """A manifest, and every line of two machines that did all kinds of things."""
    with TemporaryDirectory() as folder:
        studio = Studio(Path(folder) / "first")
        studio.folder.mkdir()
        text = manifest_text("a", "b", "c", "d", "e")
        studio.write(text)
        studio.options = FAILING
        studio.run(only=frozenset({"d"}))
        studio.options = LOSING
        studio.run(only=frozenset({"b", "c"}))
        studio.options = WELL
        early = write(studio).read_text(encoding="utf-8")
        studio.run(only=frozenset({"a"}))
        other = cloned(studio, Path(folder) / "second")
        read(other)
        outcome(["resolve", str(other.manifest), "b", "--pay-again"])
        other.run(only=frozenset({"b", "e"}))
        decide(other, DecisionKind.RETRY, "d")
        decide(studio, DecisionKind.REDO, "a")
        outcome(["resolve", str(studio.manifest), "c", "--not-submitted"])
        outcome(["pick", str(studio.manifest), "a", "v1"])
        texts = [early, *(write(each).read_text(encoding="utf-8") for each in (studio, other))]
        return text, tuple(line for each in texts for line in each.splitlines())


def _of_lines(told: list[str]) -> tuple[Stands, Decimal, bytes]:
    with TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        studio.write(_both_sides()[0])
        path = receipts_path(studio.project, NAME)
        path.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
        read(studio)
        write(studio)
        assert read(studio) == 0
        return stands(studio), studio.booked_usd(), path.read_bytes()


@given(st.randoms(use_true_random=False))
def test_lines_of_two_sides_mean_the_same_in_any_order_and_any_number(chance: object) -> None:
    told = list(_both_sides()[1])
    once = _of_lines(told)
    chance.shuffle(told)  # type: ignore[attr-defined]
    assert _of_lines([*told, *told[: len(told) // 2]]) == once


def test_a_choice_is_not_undone_by_a_receipt_that_comes_late(studio: Studio, tmp_path: Path) -> None:
    """Both machines paid; a person chose before the receipts met."""
    studio.write(manifest_text("a"))
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    other.clock_s += 1
    studio.run()
    first = studio.clip("a").read_bytes()
    other.options = SandboxOptions(latency_s=60, seed=7)
    other.run()
    studio.clock_s = other.clock_s = max(studio.clock_s, other.clock_s) + 60
    assert outcome(["accept", str(studio.manifest), "a"]) == ExitCode.DONE
    merged = "".join(write(each).read_text(encoding="utf-8") for each in (studio, other))
    for each in (studio, other):
        receipts_path(each.project, NAME).write_text(merged, encoding="utf-8")
        read(each)

    assert studio.run().stats.submits == 0
    assert studio.clip("a").read_bytes() == first


def test_where_two_machines_paid_the_clip_that_lies_there_is_done_when_the_others_is_gone(
    studio: Studio, tmp_path: Path
) -> None:
    studio.write(manifest_text("a"))
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    other.options = SandboxOptions(latency_s=60, seed=7)
    both = (studio, other)
    for each in both:
        each.run()
    clips = [each.clip("a").read_bytes() for each in both]
    merged = "".join(write(each).read_text(encoding="utf-8") for each in both)
    for each, clip in zip(both, clips, strict=True):
        receipts_path(each.project, NAME).write_text(merged, encoding="utf-8")
        read(each)
        each.clock_s += 3 * 24 * 3600
        for _ in ("once", "and again"):
            assert each.run().exit_code is ExitCode.DONE
            assert each.statuses() == {"a": Status.DONE}
            assert each.clip("a").read_bytes() == clip
        assert each.booked_usd() == 2 * Decimal("2.576")
        assert len(each.seen()[0].history.attempts) == 2


@pytest.mark.parametrize("trouble", [FAILING, SandboxOptions(faults={Fault.SUBMIT_503_BEFORE: 1.0})])
def test_what_another_machine_asked_for_in_vain_does_not_undo_what_was_paid_here(
    studio: Studio, tmp_path: Path, trouble: SandboxOptions
) -> None:
    studio.write(manifest_text("a"))
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    other.options = replace(trouble, seed=7)
    other.run()
    outcome(["resolve", str(other.manifest), "a", "--not-submitted"])
    studio.run()
    with receipts_path(studio.project, NAME).open("a", encoding="utf-8") as merged:
        merged.write(write(other).read_text(encoding="utf-8"))
    read(studio)
    assert studio.statuses() == {"a": Status.DONE}
    assert studio.run().stats.submits == 0


def test_an_unknown_that_has_to_wait_stays_in_the_file(studio: Studio, tmp_path: Path) -> None:
    """Of one job one submit is open at a time: the other one is heard of once that is closed."""
    studio.write(manifest_text("a"))
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    other.options = LOSING
    other.run()
    studio.run(task_timeout_s=5)
    theirs = write(other).read_text(encoding="utf-8")
    with receipts_path(studio.project, NAME).open("a", encoding="utf-8") as merged:
        merged.write(theirs)

    assert read(studio) == 0
    write(studio)
    assert [line["outcome"] for line in lines(studio)] == ["accepted", "unknown"]
    assert studio.run().stats.submits == 0
    assert read(studio) == 1
    assert studio.statuses() == {"a": Status.UNKNOWN}


def test_what_was_pulled_while_a_run_went_on_is_not_lost_at_its_end(studio: Studio, tmp_path: Path) -> None:
    studio.write(manifest_text("a", "b"))
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    other.options = SandboxOptions(latency_s=60, seed=7)
    other.run(only=frozenset({"b"}))
    theirs = write(other).read_text(encoding="utf-8")
    studio.run(only=frozenset({"a"}))
    with receipts_path(studio.project, NAME).open("a", encoding="utf-8") as pulled:
        pulled.write(theirs)
    write(studio)
    assert [line["id"] for line in lines(studio)] == ["a", "b"]


def test_receipts_with_a_bad_line_are_not_written_over(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    path = write(studio)
    text = path.read_text(encoding="utf-8") + ">>>>>>> theirs\n"
    path.write_text(text, encoding="utf-8")
    said: list[str] = []
    with open_ledger(studio.project.ledger) as ledger:
        ReceiptsWriter(studio.project, ledger, said.append).whole(NAME)
    assert path.read_text(encoding="utf-8") == text
    assert "jsonl:2: this line is not a receipt" in said[0]


def test_receipts_of_the_first_release_are_read_as_before(studio: Studio, clone: Callable[[], Studio]) -> None:
    """Its lines have no outcome, and nothing but what was paid."""
    studio.write(manifest_text("a"))
    studio.run()
    write(studio)
    old = [
        *("id", "take", "profile", "fingerprint", "request", "task_id", "base_url", "key_digest", "key_last4"),
        *("cost_usd", "submitted_at_s", "rendered_at_s", "done_at_s", "output", "file", "size_bytes", "sha256", "host"),
    ]
    path = receipts_path(studio.project, NAME)
    path.write_text(json.dumps({name: lines(studio)[0][name] for name in old}) + "\n", encoding="utf-8")
    other = cloned(studio, beside(studio, "other"))
    assert read(other) == 1
    assert stands(other) == stands(without_clips(studio))
    assert other.booked_usd() == studio.booked_usd()


def test_nothing_private_stands_in_any_line(studio: Studio) -> None:
    studio.write(manifest_text("a", "b").replace("/a.jpg", "/a.jpg?X-Amz-Signature=c2VjcmV0"))
    studio.run(only=frozenset({"a"}))
    studio.way = refusing("b", status=503)
    studio.run()
    text = write(studio).read_text(encoding="utf-8")
    assert studio.key not in text
    assert "c2VjcmV0" not in text
    assert "body" not in text


def test_rows_that_a_receipt_brings_have_their_digests(studio: Studio, clone: Callable[[], Studio]) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    other = clone()
    with closing(sqlite3.connect(other.project.ledger)) as db:
        assert db.execute("SELECT count(*) FROM attempt WHERE digest IS NULL").fetchone() == (0,)
