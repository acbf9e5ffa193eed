"""Damaged rows of a ledger are named; their jobs are held, all others go on, and nothing is paid again for them."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, assume, given, reject, settings
from hypothesis import strategies as st

from batchrunner.app.decisions import decide, unfinished
from batchrunner.app.manifest_plan import planned_of
from batchrunner.app.manifest_status import report_of
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason
from batchrunner.errors import BatchrunnerError, ExitCode
from batchrunner.planning.batch import Batch, JobState
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.reports.formats.registry import render
from batchrunner.reports.job_history import history
from batchrunner.reports.next_steps import next_commands
from batchrunner.reports.plan_table import plan_table
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.sqlite import digests
from batchrunner.storage.sqlite.digests import COVERED
from batchrunner.storage.sqlite.ledger import SqliteLedger
from tests.engine.services import refusing
from tests.engine.test_decisions import accept
from tests.engine.test_decisions import decide as decided
from tests.engine.wishes import edited
from tests.studio import Studio, manifest_text

pytestmark = pytest.mark.untraced

FORMS = ("table", "json", "csv", "md", "html", "junit")


@contextmanager
def open_rows(path: Path) -> Iterator[sqlite3.Connection]:
    """The file without our code; its triggers, which forbid what a bad disk does, are away for that long."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA ignore_check_constraints = ON")
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        yield db
        for _, sql in triggers:
            db.execute(sql)


def harm(studio: Studio, statement: str) -> None:
    with open_rows(studio.project.ledger) as db:
        db.execute(statement)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Three jobs: `a` and `b` are done, `c` was never submitted."""
    studio = Studio(tmp_path)
    studio.write(manifest_text("a", "b", "c"))
    studio.run(only=frozenset({"a", "b"}))
    return studio


def steps(studio: Studio) -> dict[str, tuple[Action, HoldReason | None]]:
    return {seen.identity.name: (seen.step.action, seen.step.hold_reason) for seen in studio.seen()}


HELD = (Action.HOLD, HoldReason.DAMAGED)
OF_A = "(SELECT id FROM attempt WHERE job = 'a')"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET request = replace(request, 'variant', 'variaot') WHERE job = 'a'",
        "UPDATE attempt SET job = 'aa' WHERE job = 'a'",
        "UPDATE attempt SET manifest = 'botch' WHERE job = 'a'",
        "UPDATE attempt SET take = 2 WHERE job = 'a'",
        "UPDATE attempt SET reserved_usd = '1e999999999' WHERE job = 'a'",
        "UPDATE attempt SET digest = 'x' || digest WHERE job = 'a'",
        "UPDATE attempt SET digest = NULL WHERE job = 'a'",
        "UPDATE attempt SET id = 77 WHERE job = 'a'",
        f"UPDATE observation SET billed_usd = '1e999999999' WHERE attempt_id = {OF_A}",
        f"UPDATE observation SET state = 'failed' WHERE attempt_id = {OF_A}",
        f"UPDATE observation SET attempt_id = 99 WHERE attempt_id = {OF_A}",
        f"UPDATE answer SET task_id = 12345 WHERE attempt_id = {OF_A}",
        f"UPDATE answer SET task_id = CAST(x'ff' AS TEXT) WHERE attempt_id = {OF_A}",
        f"UPDATE answer SET outcome = 'refused' WHERE attempt_id = {OF_A}",
        f"UPDATE clip SET path = '../../.bashrc' WHERE attempt_id = {OF_A}",
        f"UPDATE clip SET size_bytes = 1 WHERE attempt_id = {OF_A}",
        "UPDATE attempt SET base_url = 'https://elsewhere.test' WHERE job = 'a'",
        "UPDATE attempt SET settled_at_s = 1e300 WHERE job = 'a'",
    ],
)
def test_a_damaged_row_holds_its_job_and_the_others_go_on(studio: Studio, statement: str) -> None:
    harm(studio, statement)

    assert steps(studio) | {"a": HELD, "b": (Action.NONE, None), "c": (Action.SUBMIT, None)} == steps(studio)
    assert studio.run().exit_code is ExitCode.PERSON_NEEDED

    assert studio.statuses() | {"a": Status.UNKNOWN, "b": Status.DONE, "c": Status.DONE} == studio.statuses()
    assert len(studio.record().charges) == 3


def test_what_is_damaged_is_named_with_what_to_do(studio: Studio) -> None:
    harm(studio, f"UPDATE clip SET sha256 = 'f' WHERE attempt_id = {OF_A}")
    (seen, *_) = studio.seen()
    assert "row 1 of the table `clip`" in seen.step.reason or "row 2 of the table `clip`" in seen.step.reason
    assert "restore an intact copy of the ledger" in seen.step.reason
    report = report_of(_batch(studio), studio.seen(), studio.clock_s)
    (line,) = [line for line in next_commands(report.rows, "film.yaml") if "damaged" in line]
    assert "1 held because their rows in the ledger are damaged" in line


def test_a_renamed_job_is_not_paid_again_while_its_clip_may_hide_in_a_damaged_row(studio: Studio) -> None:
    harm(studio, "UPDATE attempt SET output = 'nowhere' WHERE job = 'a'")
    studio.write(manifest_text("a", "b", "c").replace("id: a\n", "id: opening\n"))
    assert steps(studio)["opening"] == HELD
    harm(studio, "UPDATE attempt SET request = '{' WHERE job = 'a'")
    assert steps(studio)["opening"] == HELD


def test_a_job_that_was_rendered_anew_and_lost_its_accepting_mark_is_held(studio: Studio) -> None:
    studio.write(edited(manifest_text("a", "b", "c")))
    accept(studio, "a")
    assert steps(studio)["a"] == (Action.NONE, None)
    harm(studio, "UPDATE mark SET job = 'nobody'")
    assert steps(studio)["a"] == HELD


def test_poison_that_an_earlier_release_took_from_the_service_is_held_and_not_computed_with(studio: Studio) -> None:
    """Its digest is right: it was written so."""
    with open_rows(studio.project.ledger) as db:
        db.execute(f"UPDATE observation SET billed_usd = '1e999999999', digest = NULL WHERE attempt_id = {OF_A}")
        digests.install(db)
        digests.fill(db, dict.fromkeys(COVERED, 0))
    assert steps(studio)["a"] == HELD
    assert steps(studio)["b"] == (Action.NONE, None)


def test_a_number_after_which_none_can_follow_is_damage_although_its_digest_is_right(studio: Studio) -> None:
    with open_rows(studio.project.ledger) as db:
        db.execute(f"UPDATE attempt SET number = {2**63 - 1}, digest = NULL WHERE id = {OF_A}")
        digests.install(db)
        digests.fill(db, dict.fromkeys(COVERED, 0))
    assert steps(studio)["a"] == HELD


def _batch(studio: Studio) -> Batch:
    with SqliteLedger.reading(studio.project.ledger) as ledger:
        return studio.batch(studio.write(studio.manifest.read_text(encoding="utf-8")), ledger)


# whatever is harmed


def a_past(folder: Path) -> Studio:
    """Jobs at every stage: done, edited and accepted, redone, failed, refused, unknown, running, taken over, left."""
    studio = Studio(folder, SandboxOptions(latency_s=60, seed=1))
    names = ("a", "b", "c", "d", "left")
    studio.write(manifest_text(*names))
    studio.run()
    studio.write(edited(manifest_text(*names)))
    accept(studio, "a")
    decided(studio, DecisionKind.REDO, "b")
    studio.write(edited(manifest_text(*names, "gone", "bad", "no", "slow")).replace("id: c\n", "id: renamed\n"))
    studio.way = refusing("gone", status=503)
    studio.run(only=frozenset({"gone", "renamed"}))
    studio.way = refusing("no", status=400)
    studio.run(only=frozenset({"no"}))
    studio.way = lambda answer: answer
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    studio.run(only=frozenset({"bad"}))
    studio.options = SandboxOptions(latency_s=60)
    studio.run(only=frozenset({"slow"}), task_timeout_s=5)
    studio.write(
        edited(manifest_text("a", "b", "d", "gone", "bad", "no", "slow", "new")).replace("id: d\n", "id: d\n")
        + manifest_text("c").partition("jobs:\n")[2].replace("id: c\n", "id: renamed\n")
    )
    return studio


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return a_past(tmp_path_factory.mktemp("past"))


@pytest.fixture
def copies(past: Studio) -> Iterator[Callable[[], Studio]]:
    with TemporaryDirectory() as folder:
        count = iter(range(10_000))

        def copied() -> Studio:
            where = Path(folder) / str(next(count))
            shutil.copytree(past.folder, where)
            return Studio(where, past.options, clock_s=past.clock_s)

        yield copied


def submits(seen: list[JobState]) -> set[str]:
    return {each.identity.name for each in seen if each.step.action is Action.SUBMIT}


def tell_everything(studio: Studio) -> set[str]:
    """What `plan`, `status`, `report` and the deciding commands do; gives what would be paid for."""
    manifest = studio.write(studio.manifest.read_text(encoding="utf-8"))
    with SqliteLedger.reading(studio.project.ledger) as ledger:
        batch = studio.batch(manifest, ledger)
        seen = batch.first_steps(PlanOptions(), None)
        report = report_of(batch, seen, studio.clock_s)
        for form in FORMS:
            render(report, form)
        next_commands(report.rows, "film.yaml")
        plan_table(
            planned_of(batch, EffectiveLimits(2, 100, 60.0, 0, None), 2, seen, studio.api, studio.clock_s),
            every_row=True,
        )
        for each in seen:
            history(each.identity, each.history, each.step, batch.catalog)
        for kind in (DecisionKind.RETRY, DecisionKind.REDO):
            decide(seen, kind, unfinished(seen, kind, ledger.last_ended_run(batch.name, "")), studio.clock_s)
        ledger.task_ids()
        ledger.check_address(studio.api)
        ledger.account.slots("digest")
        ledger.last_run("batch")
    return submits(seen)


NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-2, 12))
VALUES = {
    "TEXT": st.one_of(
        st.sampled_from(["", "1e999999999", "-1000", "NaN", "sNaN", "{}", "[]", "null", '{"model": 1, "fields": 2}']),
        st.sampled_from(
            ["accepted", "refused", "failed", "success", "gone", "redo", "final", "receipts", "a", "b", "d"]
        ),
        st.text(max_size=12).filter(lambda text: "\0" not in text and text.isprintable()),
        st.binary(max_size=6),
    ),
    "INTEGER": NUMBERS,
    "REAL": st.one_of(st.floats(), st.sampled_from([0.0, -1.0, 1e300, float("inf")])),
}


@settings(
    max_examples=100,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_whatever_cell_is_overwritten_nothing_is_paid_again(
    past: Studio, copies: Callable[[], Studio], data: st.DataObject
) -> None:
    studio = copies()
    before = tell_everything(past)
    with open_rows(studio.project.ledger) as db:
        table = data.draw(st.sampled_from([*COVERED, *COVERED, "run", "job_list", "account"]))
        rowids = [row for (row,) in db.execute(f"SELECT rowid FROM {table}")]
        columns = {name: kind for _, name, kind, *_ in db.execute(f"PRAGMA table_info({table})")}
        assume(rowids)
        column = data.draw(st.sampled_from(sorted(columns)))
        value = data.draw(st.one_of(VALUES[columns[column]], st.none()))
        is_bytes = isinstance(value, bytes)
        try:
            db.execute(
                f"UPDATE {table} SET {column} = {'CAST(? AS TEXT)' if is_bytes else '?'} WHERE rowid = ?",
                (value, data.draw(st.sampled_from(rowids))),
            )
        except sqlite3.Error:
            reject()  # the tables themselves do not take it
    after: set[str] = set()
    with suppress(BatchrunnerError):
        after = tell_everything(studio)
    assert after <= before
    charged = len(studio.record().charges)
    with suppress(BatchrunnerError):
        studio.run(only=frozenset(seen.identity.name for seen in studio.seen()) - before)
    assert len(studio.record().charges) == charged


@settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_whatever_bit_of_the_file_flips_nothing_is_paid_again(
    past: Studio, copies: Callable[[], Studio], place: float, bit: int
) -> None:
    studio = copies()
    before = tell_everything(past)
    content = bytearray(studio.project.ledger.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    studio.project.ledger.write_bytes(bytes(content))
    after: set[str] = set()
    with suppress(BatchrunnerError):
        after = tell_everything(studio)
    assert after <= before
