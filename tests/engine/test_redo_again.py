"""`redo` and `retry` typed again after each interruption: one order, each of its jobs submitted again once.

The service's record is the witness.
"""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.sqlite.ledger import SqliteLedger
from tests.engine.disks import Disk, Kill, Moment
from tests.engine.test_decisions import decide, decided
from tests.people.desk import MortalDisk
from tests.studio import Studio, manifest_text

pytestmark = pytest.mark.untraced

JOBS = ("a", "b", "c", "d", "e", "f")
NEVER = 10_000


@st.composite
def a_kill(draw: st.DrawFn) -> MortalDisk:
    """The process dies at a write, or at a request."""
    number, moment = draw(st.integers(1, 45)), draw(st.sampled_from(Moment))
    return draw(st.sampled_from([MortalDisk(number, NEVER, moment), MortalDisk(NEVER, number, moment)]))


def typed(studio: Studio, kind: DecisionKind, disk: Disk, **wishes: object) -> bool:
    """Somebody types the command for all jobs; whether its run came to its own end."""
    studio.connect = disk.connect
    studio.way = disk.way if isinstance(disk, MortalDisk) else lambda answer: answer
    try:
        with suppress(Kill):
            decide(studio, kind, *JOBS, **wishes)
    finally:
        disk.let_go()
    with SqliteLedger.reading(studio.project.ledger) as ledger:
        last = ledger.last_run("batch")
    return last is not None and last.command == kind and last.exit_code is not None


def times(studio: Studio) -> dict[str, int]:
    """How often each job was paid."""
    paid = [str(charge.body["prompt"]).rpartition(" ")[2] for charge in studio.record().charges]
    return {name: paid.count(name) for name in JOBS}


@given(st.lists(a_kill(), min_size=1, max_size=5), st.integers(1, 4))
@example(
    [MortalDisk(NEVER, 4, Moment.BEFORE), MortalDisk(NEVER, 5, Moment.BEFORE), MortalDisk(NEVER, 6, Moment.BEFORE)], 1
)
@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_a_redo_that_is_killed_and_typed_again_pays_for_each_job_once(kills: list[MortalDisk], slots: int) -> None:
    with TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        studio.write(manifest_text(*JOBS))
        studio.run()
        for disk in (*kills, Disk()):
            if typed(studio, DecisionKind.REDO, disk, concurrency=slots):
                break
        held = [name for name, status in studio.statuses().items() if status is Status.UNKNOWN]
        assert {name: count for name, count in times(studio).items() if name not in held} == {
            name: 2 for name in JOBS if name not in held
        }
        assert max(times(studio).values()) == 2


def done(folder: Path) -> Studio:
    studio = Studio(folder)
    studio.write(manifest_text(*JOBS))
    studio.run()
    return studio


def halfway(studio: Studio) -> None:
    """A redo that is killed when some of its jobs were submitted again."""
    assert not typed(studio, DecisionKind.REDO, MortalDisk(NEVER, 4, Moment.AFTER), concurrency=1)
    assert sum(times(studio).values()) in range(7, 12)


def test_a_run_between_finishes_the_order_and_the_next_redo_is_another(tmp_path: Path) -> None:
    studio = done(tmp_path)
    halfway(studio)
    studio.connect, studio.way = Disk().connect, lambda answer: answer
    studio.run()
    assert set(times(studio).values()) == {2}

    assert typed(studio, DecisionKind.REDO, Disk())

    assert set(times(studio).values()) == {3}


def test_a_redo_of_some_goes_on_with_the_order_that_holds_them(tmp_path: Path) -> None:
    studio = done(tmp_path)
    halfway(studio)
    again = next(name for name, count in times(studio).items() if count == 2)
    studio.connect, studio.way = Disk().connect, lambda answer: answer
    studio.run(submits=False)
    before = times(studio)

    assert decide(studio, DecisionKind.REDO, again).exit_code is ExitCode.DONE

    assert times(studio) == before


def test_it_is_told_why_a_job_is_not_submitted_a_third_time(tmp_path: Path) -> None:
    studio = done(tmp_path)
    halfway(studio)
    again = next(name for name, count in times(studio).items() if count == 2)
    left = [name for name, count in times(studio).items() if count == 1]
    studio.connect, studio.way = Disk().connect, lambda answer: answer
    studio.run(submits=False)

    (note,) = decided(studio, DecisionKind.REDO, again).notes
    assert note.startswith(f"already submitted again by this redo, which continues with {', '.join(left)}: {again}; ")


def test_a_redo_that_was_killed_with_everything_done_pays_nothing_when_it_is_typed_again(tmp_path: Path) -> None:
    studio = done(tmp_path)
    disk = Disk()
    studio.connect = disk.connect
    decide(studio, DecisionKind.REDO, *JOBS)
    with SqliteLedger.writing(studio.project.ledger) as ledger:
        (guard,) = ledger._db.execute("SELECT sql FROM sqlite_master WHERE name = 'run_ends_once'").fetchone()
        ledger._db.execute("DROP TRIGGER run_ends_once")
        ledger._db.execute("UPDATE run SET ended_at_s = NULL, exit_code = NULL WHERE command = 'redo'")
        ledger._db.execute(guard)

    assert typed(studio, DecisionKind.REDO, Disk())
    assert set(times(studio).values()) == {2}

    assert typed(studio, DecisionKind.REDO, Disk())
    assert set(times(studio).values()) == {3}


def test_a_retry_that_is_killed_and_typed_again_tries_each_job_once(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0}))
    studio.write(manifest_text(*JOBS))
    studio.run()
    for request in (7, 9, 11):
        assert not typed(studio, DecisionKind.RETRY, MortalDisk(NEVER, request, Moment.BEFORE), concurrency=1)

    assert typed(studio, DecisionKind.RETRY, Disk())

    held = [name for name, status in studio.statuses().items() if status is Status.UNKNOWN]
    assert {count for name, count in times(studio).items() if name not in held} == {2}
    assert len(held) < 3
