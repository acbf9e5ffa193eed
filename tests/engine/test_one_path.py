"""One path belongs to one job, over all manifests of a project; and one wish is paid once, whoever starts when."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from batchrunner.domain.job import JobId
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason
from batchrunner.engine.executor import RunResult
from batchrunner.errors import ClaimConflict, ExitCode
from batchrunner.sandbox import Sandbox
from batchrunner.storage.open import open_ledger
from tests.moved_time import MovedClock, in_moved_time
from tests.storage.ledger_samples import HERO, a_claim, a_run
from tests.studio import FILES, Studio, manifest_text


@dataclass
class Other(Studio):
    """The same folder and account, with another manifest."""

    name: str = "copy"

    @property
    def manifest(self) -> Path:
        return self.folder / f"{self.name}.yaml"


def other_than(studio: Studio, text: str, name: str = "copy") -> Other:
    other = Other(studio.folder, studio.options, clock_s=studio.clock_s, name=name)
    other.write(text.replace("name: batch", f"name: {name}"))
    return other


def going_to(path: str, *ids: str) -> str:
    """A manifest whose jobs have outputs of their own."""
    text = manifest_text(*ids)
    return text.replace("    prompt:", f"    output: {path}\n    prompt:")


def reasons(studio: Studio) -> dict[str, str]:
    return {seen.identity.name: seen.step.reason for seen in studio.seen()}


def at_once(*studios: Studio) -> list[RunResult]:
    """Two people start at the same moment: each has looked before the other submits anything."""

    async def go(clock: MovedClock) -> list[RunResult]:
        service = Sandbox(
            state=studios[0].state, clock=clock, base_url=studios[0].api, files_url=FILES, options=studios[0].options
        )
        for studio in studios:
            studio.way = lambda _: service.answer  # one account, one service
        return await asyncio.gather(*(studio.go(clock) for studio in studios))

    return in_moved_time(go, studios[0].clock_s)


# equal wishes at one moment


def test_a_manifest_and_its_copy_that_start_at_once_pay_once(studio: Studio) -> None:
    studio.write(manifest_text("a", "b", "c"))
    copy = other_than(studio, manifest_text("a", "b", "c"))

    at_once(studio, copy)

    assert len(studio.record().charges) == 3
    for each in (studio, copy, studio, copy):
        each.clock_s += 3600
        assert each.run().exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 3
    assert studio.statuses() == copy.statuses() == dict.fromkeys("abc", Status.DONE)


def test_equal_wishes_of_one_manifest_stay_two_clips(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text + text.partition("jobs:\n")[2].replace("id: a\n", "id: twin\n"))
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 2


def test_a_claim_is_refused_where_another_run_asked_for_the_same_since_it_was_decided(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.db") as ledger:
        first, second = a_run(ledger), a_run(ledger)
        claim = a_claim(second, HERO)
        newest = ledger.rivals("film", "", "film.yaml").newest
        elsewhere = a_claim(first, JobId("copy", "", "hero", 1))
        ledger.claim(replace(elsewhere, output="outputs/copy/hero.mp4"))

        with pytest.raises(ClaimConflict, match="another run has submitted the same request just now"):
            ledger.claim(replace(claim, newest=newest))
        assert ledger.claim(replace(claim, newest=ledger.rivals("film", "", "film.yaml").newest))


def test_a_claim_is_refused_where_the_clip_of_another_job_goes_to_its_path(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.db") as ledger:
        opening = a_claim(a_run(ledger), JobId("copy", "", "opening", 1))
        ledger.claim(replace(opening, output="outputs/film/opening.mp4"))
        with pytest.raises(ClaimConflict, match=r"clip of opening \(of copy\) goes to outputs/film/opening\.mp4"):
            ledger.claim(replace(a_claim(a_run(ledger)), output="outputs/film/opening.mp4"))


# one path


def test_a_path_where_the_clip_of_another_manifest_lies_is_told_before_anything_is_paid(studio: Studio) -> None:
    studio.write(going_to("out/x.mp4", "a"))
    studio.run()
    copy = other_than(studio, going_to("out/x.mp4", "b"))

    (seen,) = copy.seen()

    assert (seen.step.action, seen.step.hold_reason) == (Action.HOLD, HoldReason.FOREIGN_FILE)
    assert seen.step.reason == "out/x.mp4 is the clip of a (of batch): give this job another `output:`"
    assert copy.run().exit_code is ExitCode.PERSON_NEEDED
    assert len(studio.record().charges) == 1


def test_a_path_to_which_the_clip_of_another_manifest_goes_is_told_before_anything_is_paid(studio: Studio) -> None:
    studio.write(going_to("out/x.mp4", "a"))
    studio.run(task_timeout_s=5)
    copy = other_than(studio, going_to("out/x.mp4", "b"))

    (seen,) = copy.seen()

    assert seen.step.hold_reason is HoldReason.FOREIGN_FILE
    assert seen.step.reason == "the clip of a (of batch) goes to the same path: give this job another `output:`"
    assert copy.run().exit_code is ExitCode.PERSON_NEEDED
    assert len(studio.record().charges) == 1


def test_two_manifests_with_one_path_that_start_at_once_pay_for_one_job(studio: Studio) -> None:
    studio.write(going_to("out/x.mp4", "a"))
    copy = other_than(studio, going_to("out/x.mp4", "b"))

    ended = at_once(studio, copy)

    assert sorted(each.exit_code for each in ended) == [ExitCode.DONE, ExitCode.PERSON_NEEDED]
    assert len(studio.record().charges) == 1


def test_profiles_have_paths_of_their_own(studio: Studio) -> None:
    text = going_to("out/x.mp4", "a").replace("jobs:\n", "profiles:\n  draft: {resolution: 1080p}\njobs:\n")
    studio.write(text)
    assert studio.run().exit_code is ExitCode.DONE


def test_an_output_that_moved_gives_its_old_path_to_nobody_while_its_clip_lies_there(studio: Studio) -> None:
    studio.write(going_to("out/x.mp4", "a"))
    studio.run()
    studio.write(going_to("out/y.mp4", "a") + going_to("out/x.mp4", "b").partition("jobs:\n")[2])
    assert reasons(studio)["b"].startswith("out/x.mp4 is the clip of a ")
    assert studio.run().exit_code is ExitCode.PERSON_NEEDED
    assert len(studio.record().charges) == 1


# what was renamed, and keeps its path


def test_a_renamed_job_with_an_output_of_its_own_keeps_its_file(studio: Studio) -> None:
    studio.write(going_to("out/x.mp4", "a"))
    studio.run()
    clip = (studio.folder / "out/x.mp4").read_bytes()
    studio.write(going_to("out/x.mp4", "a").replace("id: a\n", "id: opening\n"))
    assert studio.seen()[0].step.action is Action.ADOPT

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 1
    assert studio.statuses()["opening"] is Status.DONE
    assert (studio.folder / "out/x.mp4").read_bytes() == clip
    assert [path.name for path in (studio.folder / "out").iterdir()] == ["x.mp4"]
    assert studio.run().exit_code is ExitCode.DONE


def test_a_job_renamed_while_its_task_runs_keeps_its_path(studio: Studio) -> None:
    studio.write(going_to("out/x.mp4", "a"))
    studio.run(task_timeout_s=5)
    studio.write(going_to("out/x.mp4", "a").replace("id: a\n", "id: opening\n"))

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 1
    assert studio.statuses()["opening"] is Status.DONE


def test_a_renamed_job_that_is_edited_moves_the_old_clip_to_its_versions(studio: Studio) -> None:
    text = going_to("out/x.mp4", "a")
    studio.write(text)
    studio.run()
    clip = (studio.folder / "out/x.mp4").read_bytes()
    renamed = text.replace("id: a\n", "id: opening\n")
    studio.write(renamed)
    studio.run()
    studio.write(renamed.replace("variant a\n", "variant a, smiling\n"))

    assert studio.run().exit_code is ExitCode.DONE

    assert (studio.folder / "out/versions/x.v1.mp4").read_bytes() == clip
    assert (studio.folder / "out/x.mp4").read_bytes() != clip


def test_a_renamed_manifest_whose_jobs_have_outputs_of_their_own_keeps_its_files(studio: Studio) -> None:
    studio.write(going_to("out/x.mp4", "a"))
    studio.run()
    studio.write(going_to("out/x.mp4", "a").replace("name: batch", "name: trailer"))

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 1
    assert studio.statuses() == {"a": Status.DONE}


def test_a_copy_with_the_same_outputs_takes_no_file_away_from_the_first(studio: Studio) -> None:
    text = going_to("out/x.mp4", "a")
    studio.write(text)
    studio.run()
    clip = (studio.folder / "out/x.mp4").read_bytes()
    copy = other_than(studio, text)

    assert copy.run().exit_code is ExitCode.PERSON_NEEDED
    assert reasons(copy)["a"] == "out/x.mp4 is the clip of a (of batch): give this job another `output:`"
    copy.write(text.replace("name: batch", "name: copy").replace("out/x.mp4", "out/y.mp4"))

    assert copy.run().exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 1
    assert (studio.folder / "out/x.mp4").read_bytes() == (studio.folder / "out/y.mp4").read_bytes() == clip
