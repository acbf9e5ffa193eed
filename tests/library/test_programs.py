"""What a program may rely on: what is agreed to, what is paid, how a run is left, and what the library never does."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Self

import pytest

import batchrunner
from batchrunner import (
    Action,
    Event,
    EventKind,
    ExitCode,
    InsufficientBalance,
    InvalidManifest,
    Plan,
    Run,
    RunEvent,
    RunLimits,
    RunLocked,
    Status,
    Unauthorized,
    UsageError,
    open_project,
)
from batchrunner.app.contract_check import check_model
from batchrunner.app.run_steering import LoopRun, ThreadedRun
from batchrunner.catalog import shipped
from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import Behaviour, Fault
from tests.catalog.published import published, without_4k
from tests.library.opened import ProgramHarness
from tests.moved_time import in_moved_time
from tests.studio import KEY, manifest_text

PRICE_USD = Decimal("2.576")  # 8 seconds of 720p


@pytest.fixture
def harness(tmp_path: Path) -> ProgramHarness:
    return ProgramHarness(tmp_path)


def files(harness: ProgramHarness) -> list[Path]:
    return sorted(harness.folder.rglob("*"))


def paid(harness: ProgramHarness) -> int:
    return len(harness.record().charges) if harness.state.exists() else 0


# planning


def test_a_plan_tells_step_reason_and_price_of_each_job_without_key_or_trace(tmp_path: Path) -> None:
    harness = ProgramHarness(tmp_path)
    harness.write(manifest_text("a", "b"))
    before = files(harness)

    plan = open_project(harness.manifest).plan()

    assert [(each.job.name, each.action, each.reason, each.cost.high_usd) for each in plan.steps] == [
        ("a", Action.SUBMIT, "new", PRICE_USD),
        ("b", Action.SUBMIT, "new", PRICE_USD),
    ]
    assert plan.cost.high_usd == plan.most_usd == 2 * PRICE_USD
    assert plan.digest in plan.to("table")
    assert plan.digest in plan.to("json")
    assert files(harness) == before


def test_a_manifest_with_mistakes_is_not_opened_and_says_all_of_them(harness: ProgramHarness) -> None:
    harness.manifest.write_text(manifest_text("a", "b").replace("720p", "721p"), encoding="utf-8")
    with pytest.raises(InvalidManifest) as caught:
        open_project(harness.manifest)
    assert len(caught.value.problems) == 2


def test_a_selection_is_part_of_the_plan(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a", "b", "c"))
    project = harness.open()
    with project.run(approve=project.plan(select=["b"])) as run:
        run.wait()
    assert harness.statuses() == {"a": Status.PENDING, "b": Status.DONE, "c": Status.PENDING}


# running


def test_a_run_tells_what_happens_and_ends_with_its_report(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a"))
    project = harness.open()

    with project.run(approve=project.plan()) as run:
        kinds = [event.kind for event in run if isinstance(event, RunEvent)]

    assert kinds == [EventKind.ACCEPTED, EventKind.RENDERED, EventKind.DONE]
    assert run.exit_code is ExitCode.DONE
    assert run.report.counts == {Status.DONE: 1}
    assert "outputs/batch/a.mp4" in run.report.to("markdown")
    assert harness.clip("a").exists()
    assert project.status().rows == run.report.rows


def test_a_contract_that_has_drifted_is_paid_for_only_where_the_program_accepts_it(
    harness: ProgramHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    model = shipped().find("google/veo-3.1-i2v")
    assert model
    check_model(model, json.dumps(published(change=without_4k)).encode(), 0.0)
    harness.write(manifest_text("a"))
    project = harness.open()

    refused = pytest.raises(UsageError, match=r"differs in resolution\.enum.*pass --accept-drift\. Nothing")
    with refused, project.run(approve=project.plan()):
        pass
    assert paid(harness) == 0

    with project.run(approve=project.plan(), accept_drift=True) as run:
        run.wait()
    assert paid(harness) == 1


def test_in_a_notebook_a_run_goes_on_inside_of_the_loop_that_is_running(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a", "b"))

    async def cell() -> tuple[list[Event], Run]:
        project = harness.open()
        async with project.run(approve=project.plan()) as run:
            events = [event async for event in run]
            assert "batchrunner" not in [thread.name for thread in threading.enumerate()]
        return events, run

    events, run = in_moved_time(lambda _: cell())
    assert [event.job for event in events if isinstance(event, RunEvent) and event.kind is EventKind.DONE] == ["a", "b"]
    assert run.exit_code is ExitCode.DONE


def test_two_projects_run_at_once_in_one_process_each_with_a_loop_of_its_own(tmp_path: Path) -> None:
    both = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        harness = ProgramHarness(tmp_path / name)
        harness.write(manifest_text("a", "b"))
        both.append(harness)
    one, two = (harness.open() for harness in both)

    with one.run(approve=one.plan()) as first, two.run(approve=two.plan()) as second:
        first.wait()
        second.wait()

    assert [first.exit_code, second.exit_code] == [ExitCode.DONE, ExitCode.DONE]
    assert [paid(harness) for harness in both] == [2, 2]


def test_two_projects_run_at_once_on_one_loop(tmp_path: Path) -> None:
    both = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        harness = ProgramHarness(tmp_path / name)
        harness.write(manifest_text("a", "b"))
        both.append(harness)

    async def run(harness: ProgramHarness) -> ExitCode:
        project = harness.open()
        async with project.run(approve=project.plan()) as run:
            await run.wait_async()
        return run.exit_code

    async def together() -> list[ExitCode]:
        return await asyncio.gather(*map(run, both))

    assert in_moved_time(lambda _: together()) == [ExitCode.DONE, ExitCode.DONE]
    assert [paid(harness) for harness in both] == [2, 2]


def test_a_second_run_of_one_manifest_is_refused_where_it_is_entered(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a"))
    with Gate(harness) as gate:
        project = harness.open()
        plan = project.plan()
        with project.run(approve=plan) as run:
            with pytest.raises(RunLocked), project.run(approve=plan):
                pytest.fail("it was entered")
            gate.open()
            run.wait()
    assert paid(harness) == 1


# what people decide


def test_a_retry_and_a_redo_are_planned_agreed_to_and_paid_like_any_run(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a", "b"))
    harness.options = Behaviour(latency_s=60, concurrency=10, faults={Fault.TASK_FAILED: 1.0})
    project = harness.open()
    with project.run(approve=project.plan(select=["a"])) as run:
        run.wait()
    harness.options = Behaviour(latency_s=60, concurrency=10)
    project = harness.open()

    plans: list[Callable[[], Plan]] = [project.plan_retry, partial(project.plan_redo, "a")]
    for plan in plans:
        made = plan()
        assert [each.job.name for each in made.submits] == ["a"]
        with project.run(approve=made) as run:
            run.wait()
        assert run.report.counts == {Status.DONE: 1, Status.PENDING: 1}

    assert len(harness.submits()) == 3
    with pytest.raises(UsageError, match="name the jobs"):
        project.plan_redo()


def test_an_edited_job_keeps_its_clip_where_that_is_accepted_and_an_older_one_is_picked(
    harness: ProgramHarness,
) -> None:
    text = manifest_text("a")
    harness.write(text)
    project = harness.open()
    with project.run(approve=project.plan()) as run:
        run.wait()
    with project.run(approve=project.plan_redo("a")) as run:
        run.wait()
    newest = harness.clip("a").read_bytes()
    harness.write(text.replace("waves", "turns"))
    assert [each.action for each in project.plan().steps] == [Action.SUBMIT]

    assert project.accept("a").kept == {"a": ("prompt",)}
    assert project.plan().submits == ()

    assert project.pick("a", "v1") == "outputs/batch/a.mp4"
    assert harness.clip("a").read_bytes() != newest
    assert project.plan().submits == ()
    with pytest.raises(UsageError, match="no version v9"):
        project.pick("a", "v9")


# what is agreed to


def test_a_plan_that_changed_meanwhile_is_not_carried_out(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a"))
    project = harness.open()
    plan = project.plan()
    harness.write(manifest_text("a", "b"))
    before = files(harness)

    with pytest.raises(UsageError, match=plan.digest), project.run(approve=plan):
        pytest.fail("it was entered")

    assert paid(harness) == 0
    assert [path for path in files(harness) if path.suffix == ".db"] == []
    assert set(before) <= set(files(harness))


def test_a_plan_that_was_carried_out_is_not_carried_out_again(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a"))
    project = harness.open()
    plan = project.plan()
    with project.run(approve=plan) as run:
        run.wait()
    with pytest.raises(UsageError, match="the plan is"), project.run(approve=plan):
        pytest.fail("it was entered")
    assert paid(harness) == 1


def test_no_more_is_paid_than_the_plan_says_retries_included(harness: ProgramHarness) -> None:
    harness.options = Behaviour(latency_s=60, concurrency=10, faults={Fault.TASK_FAILED: 1.0})
    harness.write(manifest_text("a", "b", head="settings: {retries: 1}\n"))
    project = harness.open()
    plan = project.plan()

    with project.run(approve=plan) as run:
        run.wait()

    assert plan.most_usd == 4 * PRICE_USD
    assert run.exit_code is ExitCode.FAILED
    assert len(harness.submits()) == 4
    assert harness.booked_usd() <= plan.most_usd


def test_a_limit_pays_a_part_of_the_plan_and_the_rest_stays_pending(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a", "b", "c"))
    project = harness.open()
    with project.run(approve=project.plan(), limits=RunLimits(max_cost_usd=Decimal(6))) as run:
        run.wait()
    assert run.exit_code is ExitCode.COST_LIMIT
    assert paid(harness) == 2


def test_a_balance_that_is_short_is_refused_unless_a_part_is_enough(harness: ProgramHarness) -> None:
    harness.options = Behaviour(latency_s=60, concurrency=10, balance_usd=Decimal(3))
    harness.write(manifest_text("a", "b"))
    project = harness.open()
    plan = project.plan()
    with pytest.raises(InsufficientBalance), project.run(approve=plan):
        pytest.fail("it was entered")
    assert paid(harness) == 0
    with project.run(approve=plan, allow_partial=True) as run:
        run.wait()
    assert (run.exit_code, paid(harness)) == (ExitCode.REFUSED, 1)


def test_without_a_key_there_is_no_run(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a"))
    project = open_project(harness.manifest)
    with pytest.raises(Unauthorized):
        project.run(approve=project.plan())


def test_a_job_that_holds_the_key_is_refused_before_anything_is_sent(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a").replace("The character waves", KEY))
    project = harness.open()
    with pytest.raises(InvalidManifest), project.run(approve=project.plan()):
        pytest.fail("it was entered")
    assert harness.asked == []


# leaving early


class Gate:
    """Holds each answer about a task until it is opened; time stands still meanwhile."""

    def __init__(self, harness: ProgramHarness) -> None:
        self._harness = harness
        self._open = threading.Event()

    def __enter__(self) -> Self:
        self._harness.way = self._held
        return self

    def __exit__(self, *_: object) -> None:
        self.open()

    def open(self) -> None:
        self._open.set()

    def _held(self, answer: Responder) -> Responder:
        async def held(*asked: object) -> Answered:
            if "/tasks/" in str(asked[1]):
                await asyncio.to_thread(self._open.wait)
            return await answer(*asked)  # type: ignore[arg-type]  # whatever was asked

        return held


class Halted(Exception):
    """What a program raises in the midst of a run."""


def by_break(run: Run) -> None:
    for event in run:
        if isinstance(event, RunEvent) and event.kind is EventKind.ACCEPTED:
            break


def by(error: type[BaseException]) -> Callable[[Run], None]:
    def leave(run: Run) -> None:
        by_break(run)
        raise error

    return leave


def by_ctrl_c(run: Run) -> None:
    by_break(run)
    signal.raise_signal(signal.SIGINT)


def by_a_generator_that_is_left_half_way(run: Run) -> None:
    events = iter(run)
    next(events)


def by_not_listening_at_all(run: Run) -> None:
    del run


@pytest.mark.parametrize(
    "leave", [by_break, by(Halted), by(KeyboardInterrupt), by_ctrl_c, by_a_generator_that_is_left_half_way]
)
def test_whoever_leaves_early_has_what_runs_finished_and_nothing_more_submitted(
    harness: ProgramHarness, leave: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.write(manifest_text("a", "b", "c"))
    gate, stop = Gate(harness), ThreadedRun.stop

    def stop_and_open(steered: ThreadedRun) -> None:
        stop(steered)
        gate.open()

    monkeypatch.setattr(ThreadedRun, "stop", stop_and_open)
    with gate:
        project = harness.open()
        run = project.run(approve=project.plan(), limits=RunLimits(concurrency=1))
        error: BaseException | None = None
        try:
            with run:
                leave(run)
        except (Halted, KeyboardInterrupt) as raised:
            error = raised

    assert isinstance(error, Halted | KeyboardInterrupt) == (
        leave not in (by_break, by_a_generator_that_is_left_half_way)
    )
    assert run.exit_code is ExitCode.WORK_LEFT
    assert harness.statuses() == {"a": Status.DONE, "b": Status.PENDING, "c": Status.PENDING}
    assert harness.known_tasks() == {charge.task_id for charge in harness.record().charges}
    with project.run(approve=project.plan()) as again:
        again.wait()
    assert paid(harness) == 3


def test_ctrl_c_while_a_run_is_entered_loses_nothing(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a"))
    main = threading.main_thread().ident
    assert main is not None

    def interrupting(answer: Responder) -> Responder:
        async def answered(*asked: object) -> Answered:
            if "/validate" in str(asked[1]):
                signal.pthread_kill(main, signal.SIGINT)
            return await answer(*asked)  # type: ignore[arg-type]  # whatever was asked

        return answered

    harness.way = interrupting
    project = harness.open()
    with pytest.raises(KeyboardInterrupt), project.run(approve=project.plan()) as run:
        run.wait()

    assert "batchrunner" not in [thread.name for thread in threading.enumerate()]
    assert harness.known_tasks() == {charge.task_id for charge in harness.record().charges}


def test_a_second_ctrl_c_leaves_at_once_and_the_paid_task_is_known(
    harness: ProgramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.write(manifest_text("a"))
    join, interrupted = ThreadedRun.join, list[bool]()

    def impatient(steered: ThreadedRun) -> object:
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        return join(steered)

    gate, stop = Gate(harness), ThreadedRun.stop

    def stop_and_open(steered: ThreadedRun) -> None:
        stop(steered)
        if interrupted:  # an answer that is held would hold the end of the loop, too
            gate.open()

    monkeypatch.setattr(ThreadedRun, "join", impatient)
    monkeypatch.setattr(ThreadedRun, "stop", stop_and_open)
    with gate:
        project = harness.open()
        run = project.run(approve=project.plan())
        with pytest.raises(KeyboardInterrupt), run:
            by_break(run)

    assert run.exit_code is ExitCode.INTERRUPTED
    assert harness.statuses() == {"a": Status.RUNNING}
    assert harness.known_tasks() == {charge.task_id for charge in harness.record().charges}


def test_a_task_that_is_cancelled_in_a_run_lets_it_finish_first(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a", "b"))

    async def program() -> ExitCode:
        project = harness.open()
        run = project.run(approve=project.plan(), limits=RunLimits(concurrency=1))

        async def listen() -> None:
            async with run:
                async for _ in run:
                    await asyncio.Event().wait()

        listening = asyncio.create_task(listen())
        await asyncio.sleep(20)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        return run.exit_code

    assert in_moved_time(lambda _: program()) is ExitCode.WORK_LEFT
    assert harness.statuses() == {"a": Status.DONE, "b": Status.PENDING}


def test_a_task_that_is_cancelled_twice_leaves_at_once_and_the_paid_task_is_known(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a"))

    async def program() -> ExitCode:
        project = harness.open()
        run = project.run(approve=project.plan())

        async def listen() -> None:
            async with run:
                await asyncio.Event().wait()

        listening = asyncio.create_task(listen())
        for _ in range(2):
            await asyncio.sleep(5)
            listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        return run.exit_code

    assert in_moved_time(lambda _: program()) is ExitCode.INTERRUPTED
    assert harness.statuses() == {"a": Status.RUNNING}
    assert harness.known_tasks() == {charge.task_id for charge in harness.record().charges}


def test_a_run_that_nobody_entered_or_that_has_not_ended_tells_so(harness: ProgramHarness) -> None:
    harness.write(manifest_text("a"))
    project = harness.open()
    run = project.run(approve=project.plan())
    with pytest.raises(UsageError, match="inside its block"):
        next(iter(run))
    with pytest.raises(UsageError, match="has not ended"):
        run.report  # noqa: B018
    with run:
        run.wait()
    assert list(run) == []
    with pytest.raises(UsageError, match="entered once"), run:
        pytest.fail("it was entered")
    assert paid(harness) == 1


def test_an_error_that_ends_a_run_is_raised_where_its_events_end(
    harness: ProgramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.write(manifest_text("a"))
    project = harness.open()

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("batchrunner.app.run_manifest.execute", broken)
    with pytest.raises(ZeroDivisionError), project.run(approve=project.plan()) as run:
        run.wait()
    with pytest.raises(ZeroDivisionError), project.run(approve=project.plan()):
        pass


# what the library never does


def test_a_run_prints_nothing_and_leaves_signals_alone(
    harness: ProgramHarness, capfd: pytest.CaptureFixture[str]
) -> None:
    harness.write(manifest_text("a"))
    project = harness.open()
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with project.run(approve=project.plan()) as run:
        for _ in run:
            assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == handlers
    assert run.exit_code is ExitCode.DONE
    assert capfd.readouterr() == ("", "")


def test_to_import_the_library_imports_none_of_its_parts() -> None:
    code = "import batchrunner, sys; print(sorted(name for name in sys.modules if name.startswith('batchrunner')))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "['batchrunner']"


def test_every_name_of_the_library_is_there_typed_and_listed() -> None:
    stub = Path(batchrunner.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    typed = {line.rpartition(" as ")[2] for line in stub.splitlines() if line.startswith("from ")}
    assert {*typed, "__version__"} == set(batchrunner.__all__) <= set(dir(batchrunner))
    assert all(getattr(batchrunner, name) is not None for name in batchrunner.__all__)
    assert Path(batchrunner.__file__).with_name("py.typed").exists()
    with pytest.raises(AttributeError, match="nothing_like_it"):
        getattr(batchrunner, "nothing_like_it")  # noqa: B009


def test_both_ways_to_steer_a_run_offer_the_same() -> None:
    offered = [{name for name in vars(kind) if not name.startswith("_")} for kind in (ThreadedRun, LoopRun)]
    assert offered[0] == offered[1]
