"""What people decide: pay again on purpose, try again what failed, keep the clip of an edited job."""

import asyncio
from typing import Any

from batchrunner.app.decisions import Decided, unfinished
from batchrunner.app.decisions import decide as deciding
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.status import Status
from batchrunner.engine.executor import RunResult
from batchrunner.errors import ExitCode
from batchrunner.planning.inputs import PlanOptions
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.sqlite.ledger import SqliteLedger
from tests.engine.services import refusing
from tests.engine.wishes import edited
from tests.moved_time import MovedClock
from tests.studio import CTRL_C, Studio, manifest_text


def decided(studio: Studio, kind: DecisionKind, *names: str, are_spelt: bool = True) -> Decided:
    """What `batchrunner redo` or `retry` of these jobs comes to, by their names or by a choice."""
    manifest = studio.write(studio.manifest.read_text(encoding="utf-8"))
    with SqliteLedger.writing(studio.project.ledger, studio.connect) as ledger:
        seen = studio.batch(manifest, ledger).first_steps(PlanOptions(), None)
        chosen = [each for each in seen if each.identity.name in names]
        orders = unfinished(seen, kind, ledger.last_ended_run(manifest.name, manifest.profile))
        found = deciding(chosen, kind, orders, studio.clock_s, spelt=frozenset(names if are_spelt else ()))
        ledger.decide(found.decisions)
    return found


def decide(studio: Studio, kind: DecisionKind, *names: str, **wishes: Any) -> RunResult:
    """`batchrunner redo` or `retry` of these jobs, agreed to."""
    only = decided(studio, kind, *names).only
    return studio.run(command=kind.value, only=only, **wishes)


def accept(studio: Studio, name: str) -> None:
    """`batchrunner accept` of one job."""
    manifest = studio.write(studio.manifest.read_text(encoding="utf-8"))
    with SqliteLedger.writing(studio.project.ledger) as ledger:
        batch = studio.batch(manifest, ledger)
        who = next(who for who in batch.jobs if who.name == name)
        last = batch.histories[who].attempts[-1].number
        ledger.decide([(who, Decision(studio.clock_s, DecisionKind.ACCEPT, last, batch.jobs[who].request))])


def test_redo_pays_once_more_for_the_named_jobs_only(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run()
    old = studio.clip("a").read_bytes()

    assert decide(studio, DecisionKind.REDO, "a").exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 3
    assert studio.clip("a").read_bytes() != old
    assert (studio.clip("a").parent / "versions" / "a.v1.mp4").read_bytes() == old


def test_a_job_that_was_named_in_vain_is_told_with_what_helps_instead(studio: Studio) -> None:
    studio.write(manifest_text("done", "lost", "new"))
    studio.run(only=frozenset({"done"}))
    studio.way = refusing("lost", status=503)
    studio.run(only=frozenset({"lost"}))

    assert decided(studio, DecisionKind.RETRY, "done", "lost", "new").notes == (
        "done is done, retry does nothing with it: `batchrunner redo` pays again",
        "lost is unknown, retry does nothing with it: first record with `batchrunner resolve` what became of it",
        "new is pending, retry does nothing with it: `batchrunner run` submits it",
    )
    assert decided(studio, DecisionKind.REDO, "lost", "new").notes == (
        "lost is unknown, redo does nothing with it: first record with `batchrunner resolve` what became of it",
        "new is pending, redo does nothing with it: `batchrunner run` submits it",
    )
    assert decided(studio, DecisionKind.REDO, "done").notes == ()


def test_a_choice_of_no_job_that_can_be_decided_about_is_told_in_one_sentence(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    said = "none of these jobs is done, expired or rendered: nothing to redo"
    assert decided(studio, DecisionKind.REDO, "a", "b", are_spelt=False).notes == (said,)


def test_a_job_that_was_named_in_vain_is_not_submitted(studio: Studio) -> None:
    studio.write(manifest_text("a", "new"))
    studio.run(only=frozenset({"a"}))
    assert decided(studio, DecisionKind.RETRY, "a", "new").only == frozenset()
    assert decide(studio, DecisionKind.REDO, "a", "new").stats.submits == 1


def test_a_job_that_has_retries_left_has_failed_all_the_same(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    studio.write(manifest_text("a", head="settings: {retries: 3}\n"))
    studio.run(retries=0)
    assert decided(studio, DecisionKind.RETRY, "a").only == {"a"}


def test_a_run_after_redo_has_nothing_to_do(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    decide(studio, DecisionKind.REDO, "a")
    assert studio.run().stats.submits == 0


def test_redo_of_a_clip_that_is_gone_for_good_renders_it_anew(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    studio.clip("a").unlink()
    studio.clock_s += 8 * 24 * 3600
    assert studio.run().exit_code is ExitCode.PERSON_NEEDED

    assert decide(studio, DecisionKind.REDO, "a").exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 2


def test_redo_again_after_it_was_interrupted_goes_on_and_pays_nothing_twice(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run()

    async def after_the_first(_clock: MovedClock) -> None:
        while len(studio.record().charges) < 3:  # noqa: ASYNC110  # the service is another process
            await asyncio.sleep(1)
        assert studio.shutdown is not None
        studio.shutdown.request(CTRL_C)
        await asyncio.Event().wait()

    only = decided(studio, DecisionKind.REDO, "a", "b").only
    ended = studio.run(command="redo", only=only, concurrency=1, meanwhile=after_the_first)
    assert ended.exit_code is ExitCode.WORK_LEFT

    assert decide(studio, DecisionKind.REDO, "a", "b").exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 4


def test_retry_again_after_it_came_to_its_end_tries_again(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    studio.write(manifest_text("a"))
    studio.run()
    for number in (2, 3):
        assert decide(studio, DecisionKind.RETRY, "a").exit_code is ExitCode.FAILED
        assert len(studio.record().charges) == number


def test_an_edited_job_that_is_accepted_keeps_its_clip(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    studio.write(edited(text))
    accept(studio, "a")

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 1
    assert studio.statuses() == {"a": Status.DONE}


def test_an_accepted_job_that_is_edited_once_more_is_rendered_again(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    studio.write(edited(text))
    accept(studio, "a")
    studio.write(edited(text).replace("smiling", "frowning"))

    studio.run()

    assert len(studio.record().charges) == 2


def test_an_accepted_job_can_be_redone_once(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    studio.write(edited(text))
    accept(studio, "a")

    assert decide(studio, DecisionKind.REDO, "a").exit_code is ExitCode.DONE
    assert studio.run().stats.submits == 0

    assert len(studio.record().charges) == 2


def test_an_edit_whose_new_version_failed_can_be_given_up(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    studio.write(edited(text))
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    assert studio.run().exit_code is ExitCode.FAILED
    accept(studio, "a")

    assert studio.run().exit_code is ExitCode.DONE

    assert studio.statuses() == {"a": Status.DONE}
