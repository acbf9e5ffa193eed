"""An older version of a clip comes back: nothing is paid, nothing is deleted, and it stays so."""

import pytest

from batchrunner.app.decision_session import DecisionSession
from batchrunner.cli.main import outcome
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode
from batchrunner.io.clock import Clock
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.open import open_ledger
from tests.engine.test_decisions import accept, decide
from tests.engine.wishes import edited
from tests.studio import Studio, manifest_text


def pick(studio: Studio, job: str, version: str) -> int:
    """`batchrunner pick` of one job."""
    return outcome(["pick", str(studio.manifest), job, version])


def versions(studio: Studio, name: str) -> set[bytes]:
    """Every clip of a job, wherever it lies."""
    folder = studio.clip(name).parent
    return {path.read_bytes() for path in (studio.clip(name), *(folder / "versions").glob(f"{name}.v*.mp4"))}


@pytest.fixture
def redone(studio: Studio) -> Studio:
    """Job `a` was rendered twice: the first clip lies among the versions."""
    studio.write(manifest_text("a"))
    studio.run()
    decide(studio, DecisionKind.REDO, "a")
    return studio


def test_an_older_clip_comes_back_and_the_newer_one_becomes_a_version(redone: Studio) -> None:
    first, second = (redone.clip("a").parent / "versions" / "a.v1.mp4").read_bytes(), redone.clip("a").read_bytes()

    assert pick(redone, "a", "v1") == ExitCode.DONE

    assert redone.clip("a").read_bytes() == first
    assert versions(redone, "a") == {first, second}
    assert redone.statuses() == {"a": Status.DONE}
    assert redone.run().stats.submits == 0


def test_what_was_picked_can_be_taken_back_by_picking_the_other(redone: Studio) -> None:
    second = redone.clip("a").read_bytes()
    pick(redone, "a", "v1")
    (other,) = (redone.clip("a").parent / "versions").glob("a.v*.mp4")

    assert pick(redone, "a", other.stem.rpartition(".")[2]) == ExitCode.DONE

    assert redone.clip("a").read_bytes() == second
    assert redone.run().stats.submits == 0


def test_a_picked_clip_can_be_redone_and_picked_and_redone(redone: Studio) -> None:
    for charges in (3, 4):
        pick(redone, "a", "v1")
        assert redone.run().stats.submits == 0, "a decision that was carried out is not carried out again"
        assert decide(redone, DecisionKind.REDO, "a").exit_code is ExitCode.DONE
        assert len(redone.record().charges) == charges


def test_an_edited_job_keeps_the_version_that_was_picked_for_it(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    first = studio.clip("a").read_bytes()
    studio.write(edited(text))
    studio.run()

    assert pick(studio, "a", "v1") == ExitCode.DONE

    assert studio.clip("a").read_bytes() == first
    assert studio.run().stats.submits == 0
    studio.write(edited(text).replace("smiling", "frowning"))
    assert studio.run().stats.submits == 1


def test_a_pick_that_a_kill_cut_short_is_finished_by_the_next_run(redone: Studio) -> None:
    first = (redone.clip("a").parent / "versions" / "a.v1.mp4").read_bytes()
    manifest = redone.write(redone.manifest.read_text(encoding="utf-8"))
    with open_ledger(redone.project.ledger) as book:
        desk = DecisionSession(redone.project, book, redone.batch(manifest, book), Clock())
        (who,) = desk.batch.jobs
        book.decide([desk.keep(who, desk.memory(who).attempts[0])])

    assert redone.run().exit_code is ExitCode.DONE

    assert redone.clip("a").read_bytes() == first
    assert len(redone.record().charges) == 2


def test_a_version_may_be_named_by_its_number(redone: Studio) -> None:
    first = (redone.clip("a").parent / "versions" / "a.v1.mp4").read_bytes()
    assert pick(redone, "a", "1") == ExitCode.DONE
    assert redone.clip("a").read_bytes() == first


def test_what_cannot_be_picked_is_said(redone: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert pick(redone, "a", "v7") == ExitCode.USAGE
    assert "a has no version v7: there are v1" in capsys.readouterr().err
    assert pick(redone, "b", "v1") == ExitCode.USAGE
    assert "there is no job b" in capsys.readouterr().err
    redone.write(manifest_text("a", "b"))
    assert pick(redone, "b", "v1") == ExitCode.USAGE
    assert "b has no version v1: it has no older clips" in capsys.readouterr().err


def test_a_job_that_is_being_rendered_waits_with_its_versions(
    redone: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    redone.options = SandboxOptions(latency_s=7_200)
    decide(redone, DecisionKind.REDO, "a")
    assert pick(redone, "a", "v1") == ExitCode.USAGE
    assert "a is being rendered" in capsys.readouterr().err


def test_a_foreign_file_in_its_place_is_not_touched(redone: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    first = (redone.clip("a").parent / "versions" / "a.v1.mp4").read_bytes()
    redone.clip("a").write_bytes(b"somebody's own")
    assert pick(redone, "a", "v1") == ExitCode.USAGE
    assert "exists but was not created by batchrunner; move it" in capsys.readouterr().err
    assert redone.clip("a").read_bytes() == b"somebody's own"
    redone.clip("a").unlink()
    assert redone.run(submits=False).exit_code is ExitCode.DONE
    assert redone.clip("a").read_bytes() == first


def test_a_decision_about_one_wish_says_nothing_of_another(studio: Studio) -> None:
    """Kept although edited, paid again on purpose, edited back: the first clip comes back for nothing."""
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    studio.write(edited(text))
    accept(studio, "a")
    decide(studio, DecisionKind.REDO, "a")
    studio.write(text)

    assert studio.run().stats.submits == 0

    assert len(studio.record().charges) == 2
    assert studio.statuses() == {"a": Status.DONE}


def test_a_redo_that_failed_leaves_the_older_clip_to_be_picked(redone: Studio) -> None:
    before = redone.clip("a").read_bytes()
    redone.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    assert decide(redone, DecisionKind.REDO, "a").exit_code is ExitCode.FAILED
    assert redone.clip("a").read_bytes() == before
    accept(redone, "a")
    assert redone.run().exit_code is ExitCode.DONE
    assert redone.clip("a").read_bytes() == before
