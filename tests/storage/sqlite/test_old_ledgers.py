"""A ledger of each release stays in `tests/ledgers`: today's plan must find in it what was paid for."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.catalog import shipped_prices
from batchrunner.domain.money import Cost
from batchrunner.domain.step import Action, total
from batchrunner.manifest.load import load
from batchrunner.planning.batch import JobState, load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.job_records import JobSet
from batchrunner.storage.open import open_ledger, read_ledger, trust_ledger
from batchrunner.storage.paths import find_project
from batchrunner.storage.sqlite.tables import VERSION
from tests.ledgers.make import HERE, NAME, clip_bytes, identity_of, make
from tests.moved_time import EVENING_S

CLIPS = {
    **{name: f"outputs/film/{name}.mp4" for name in ("done", "done-moved", "done-takes", "done-takes.2", "done-again")},
    **{name: f"outputs/film/{name}.mp4" for name in ("not-settled", "edited", "left")},
    "edited-back": "outputs/film/versions/edited-back.v1.mp4",
}

STEPS = [
    ("done", "none", "done", "done"),
    ("done-moved", "none", "done", "done"),
    ("done-takes", "none", "done", "done"),
    ("done-takes.2", "none", "done", "done"),
    ("done-again", "none", "done", "done"),
    ("failed", "none", "failed", "the render broke"),
    (
        "moderated",
        "none",
        "failed",
        (
            "blocked by content moderation; an unchanged prompt will probably be refused again: "
            "blocked by the safety filter"
        ),
    ),
    ("invalid", "none", "failed", "InvalidParameter: prompt: too long"),
    ("unknown", "hold", "unknown", "it may have been paid: no answer in time (ReadTimeout)"),
    (
        "unanswered",
        "hold",
        "unknown",
        "it may have been paid: sent, but the run ended before an answer was recorded",
    ),
    ("running", "poll", "running", "task task-12 is open"),
    ("rendered", "fetch", "rendered", "rendered, not downloaded yet"),
    ("not-settled", "settle", "rendered", "its verified file is in place"),
    ("expired", "hold", "expired", "paid, and the service no longer has the result"),
    ("no-money", "submit", "pending", "the balance was used up before"),
    ("edited", "submit", "pending", "changed: prompt"),
    ("edited-back", "restore", "rendered", "paid before: its clip is in versions/"),
    ("new", "submit", "pending", "new"),
    ("left", "none", "done", "no longer in the manifest"),
]


@dataclass(frozen=True)
class Studio:
    """A project that came from a colleague: a manifest, its ledger, its clips."""

    folder: Path

    @property
    def manifest(self) -> Path:
        return self.folder / "film.yaml"

    def lay_clips(self) -> None:
        for name, path in CLIPS.items():
            clip = self.folder / path
            clip.parent.mkdir(parents=True, exist_ok=True)
            clip.write_bytes(clip_bytes(name))
        # the later clip of the job that was edited and edited back lies under its final name
        (self.folder / "outputs/film/edited-back.mp4").write_bytes(clip_bytes("edited-back"))

    def plan(self) -> list[JobState]:
        manifest = load(self.manifest)
        assert manifest.errors == ()
        project = find_project(self.manifest)
        with read_ledger(project.ledger) as ledger:
            batch = load_batch(
                project, JobSet(manifest.name, manifest.profile, manifest.jobs), ledger, shipped_prices(), EVENING_S
            )
            return batch.first_steps(PlanOptions(), None)


@pytest.fixture(params=sorted(path.name for path in HERE.glob("v*.db")))
def studio(tmp_path: Path, request: pytest.FixtureRequest) -> Studio:
    return copied(tmp_path, request.param)


def copied(folder: Path, name: str) -> Studio:
    """The project, with a ledger that is trusted."""
    studio = Studio(folder)
    with trust_ledger(laid(folder, name)):
        return studio


def laid(folder: Path, name: str) -> Path:
    (folder / ".batchrunner").mkdir()
    shutil.copy(HERE / "film.yaml", folder / "film.yaml")
    return Path(shutil.copy(HERE / name, folder / ".batchrunner" / "ledger.db"))


def told(seen: list[JobState]) -> list[tuple[str, str, str, str]]:
    return [(s.identity.name, s.step.action.value, s.step.status.value, s.step.reason) for s in seen]


def test_a_plan_on_an_old_ledger_says_what_its_run_left(studio: Studio) -> None:
    studio.lay_clips()
    assert told(studio.plan()) == STEPS


def test_nothing_that_is_done_is_paid_again_and_the_rest_costs_what_it_says(studio: Studio) -> None:
    studio.lay_clips()
    seen = studio.plan()
    paid = [s.identity.name for s in seen if s.step.action is Action.SUBMIT]
    assert paid == ["no-money", "edited", "new"]
    assert total(s.step for s in seen) == Cost(Decimal("7.728"), Decimal("7.728"))


def test_done_clips_that_did_not_come_along_are_fetched_and_not_paid(studio: Studio) -> None:
    steps = {name: (action, status) for name, action, status, _ in told(studio.plan())}
    for name in ("done", "done-moved", "done-takes", "done-takes.2", "done-again", "not-settled", "edited-back"):
        assert steps[name] == ("fetch", "rendered")


def test_all_that_was_paid_is_booked(studio: Studio) -> None:
    booked = {s.identity.name: sum(a.booked_usd for a in s.history.attempts) for s in studio.plan()}
    assert booked["done-again"] == booked["edited-back"] == Decimal("5.152")
    assert booked["unknown"] == booked["failed"] == booked["expired"] == Decimal("2.576")
    assert booked["invalid"] == booked["no-money"] == booked["new"] == 0


def test_the_last_run_of_an_old_ledger_is_still_told(studio: Studio) -> None:
    with read_ledger(find_project(studio.manifest).ledger) as ledger:
        last = ledger.last_run("film")
    assert last is not None
    assert (last.exit_code, len(last.jobs), last.jobs[0]["job"]) == (4, len(STEPS) - 1, "done")


def test_every_version_so_far_is_kept() -> None:
    assert {path.name for path in HERE.glob("v*.db")} == {f"v{number}.db" for number in range(1, VERSION + 1)}


def test_an_old_ledger_that_is_written_to_remembers_the_same(studio: Studio) -> None:
    studio.lay_clips()
    with open_ledger(find_project(studio.manifest).ledger) as ledger:
        assert ledger.uploads.all() == ()
    assert told(studio.plan()) == STEPS


def test_an_old_decision_gets_a_name_and_the_attempt_that_carried_it_out_says_so(tmp_path: Path) -> None:
    """As version 3 wrote it: `redo` of two jobs, of which one was submitted again before the run was killed."""
    names = []
    for folder in (tmp_path / "here", tmp_path / "there"):
        folder.mkdir()
        path = laid(folder, "v3.db")
        with closing(sqlite3.connect(path)) as db:
            for job in ("done-again", "done"):
                db.execute(
                    "INSERT INTO mark (manifest, profile, job, take, kind, after, at_s)"
                    " VALUES ('film', '', ?, 1, 'redo', 1, 1795456800.5)",
                    (job,),
                )
            db.commit()
        with trust_ledger(path) as ledger:
            known = ledger.histories("film")
        carried_out, still_open = known[identity_of("done-again")], known[identity_of("done")]
        assert carried_out.decisions[0].decision == still_open.decisions[0].decision != ""
        assert [a.decision for a in carried_out.attempts] == [None, carried_out.decisions[0].decision]
        assert [a.decision for a in still_open.attempts] == [None]
        names.append(carried_out.decisions[0].decision)
    assert names[0] == names[1]


def test_the_newest_ledger_is_what_its_script_writes(tmp_path: Path) -> None:
    """It holds as long as its version is today's; then the script moves on, and the ledger stays."""
    studio, made = copied(tmp_path, NAME), tmp_path / "made" / "ledger.db"
    make(made)
    with read_ledger(made) as new, read_ledger(find_project(studio.manifest).ledger) as old:
        assert new.histories("film") == old.histories("film")
