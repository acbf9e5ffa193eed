"""What the ledger remembers, and what counts as the same request."""

import shutil
from dataclasses import replace

import pytest

from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason
from batchrunner.errors import ExitCode, UsageError
from batchrunner.sandbox import Fault
from batchrunner.sandbox.downloads import clip_of
from tests.engine.audit import audit
from tests.engine.wishes import actions, blocks, edited
from tests.studio import Studio, manifest_text

SIGNED = "https://example.com/a.jpg?X-Amz-Signature=0001&X-Amz-Date=20261123"
BEFORE = manifest_text("a", "b", "c").replace("https://example.com/a.jpg", SIGNED)
SAME_WISHES = {
    "jobs in another order": manifest_text("c", "a", "b").replace("https://example.com/a.jpg", SIGNED),
    "a job inserted before": manifest_text("z", "a", "b", "c").replace("https://example.com/a.jpg", SIGNED),
    "a link signed anew": BEFORE.replace("=0001", "=0002").replace("20261123", "20261124"),
    "a documented default written out": BEFORE.replace("resolution: 720p", "resolution: 720p\n    aspectRatio: 16:9"),
    "tags and comments": BEFORE.replace("    image", "    tags: [new]  # a comment\n    image"),
    "a default for all": BEFORE.replace("jobs:", "defaults: {resolution: 720p}\njobs:").replace(
        "    resolution: 720p\n", ""
    ),
}


@pytest.mark.parametrize("after", SAME_WISHES.values(), ids=SAME_WISHES)
def test_an_edit_that_asks_for_no_other_clip_pays_nothing(studio: Studio, after: str) -> None:
    studio.write(BEFORE)
    studio.run()

    studio.write(after)

    due = {name for name, action in actions(studio).items() if action is not Action.NONE}
    assert due == {"z"} & set(studio.statuses())
    studio.run()
    assert set(studio.statuses().values()) == {Status.DONE}
    assert len(studio.record().charges) == 3 + len(due)


def test_trailing_white_space_in_a_prompt_pays_nothing(studio: Studio) -> None:
    studio.write(manifest_text("a").replace("prompt: The character waves, variant a", 'prompt: "She waves"'))
    studio.run()

    studio.write(manifest_text("a").replace("prompt: The character waves, variant a", 'prompt: "She waves \\n\\t "'))

    assert actions(studio) == {"a": Action.NONE}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("variant a", "variant A"),
        ("a.jpg", "other.jpg"),
        ("durationSeconds: 8", "durationSeconds: 6"),
        ("resolution: 720p", "resolution: 1080p"),
        ("resolution: 720p", "resolution: 720p\n    aspectRatio: 9:16"),
        ("model: google/veo-3.1-i2v", "model: google/veo-3.1-fast-i2v"),
        ("a.jpg", "a.jpg?size=large"),
    ],
)
def test_an_edit_that_asks_for_another_clip_is_said_to_be_one(studio: Studio, old: str, new: str) -> None:
    studio.write(manifest_text("a"))
    studio.run()

    studio.write(manifest_text("a").replace(old, new))

    [seen] = studio.seen()
    assert seen.step.action is Action.SUBMIT
    assert seen.step.changed


def test_the_ledger_of_a_folder_is_found_from_below(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    below = studio.folder / "more"
    below.mkdir()
    other = Studio(below)
    other.write(manifest_text("b").replace("name: batch", "name: other"))

    assert other.project.ledger == studio.project.ledger


def test_a_ledger_folder_ignores_itself_in_git(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()

    assert (studio.project.folder / ".gitignore").read_text() == "*\n"


def test_a_ledger_is_bound_to_the_address_of_its_tasks(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run(only=frozenset({"a"}))
    studio.api = "https://api.elsewhere.test"

    with pytest.raises(UsageError, match=r"live at https://api\.modellix\.test"):
        studio.run()

    assert len(studio.submits()) == 1


def test_a_batch_carried_to_another_folder_pays_nothing(
    studio: Studio, tmp_path_factory: pytest.TempPathFactory
) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run()
    carried = tmp_path_factory.mktemp("carried") / "folder"
    shutil.copytree(studio.folder, carried)

    there = Studio(carried, clock_s=studio.clock_s)

    assert there.run().exit_code is ExitCode.DONE
    assert len(there.record().charges) == 2


def clip_by_prompt(studio: Studio, prompt_part: str) -> bytes:
    """The clip that was paid for with this prompt."""
    [charge] = [charge for charge in studio.record().charges if prompt_part in charge.body["prompt"]]
    return clip_of(charge.task_id)


def test_an_edited_job_whose_task_runs_is_finished_before_anything_new(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run(task_timeout_s=10)
    assert studio.statuses() == {"a": Status.RUNNING}

    studio.write(edited(text))
    assert actions(studio) == {"a": Action.POLL}
    studio.run()

    submits = [asked.at_s for asked in studio.submits()]
    first_fetch_s = next(asked.at_s for asked in studio.asked if asked.is_download)
    assert submits[0] < first_fetch_s < submits[1]
    assert studio.clip("a").read_bytes() == clip_by_prompt(studio, "smiling")
    version = studio.clip("a").parent / "versions" / "a.v1.mp4"
    assert version.read_bytes() in {clip_of(charge.task_id) for charge in studio.record().charges}
    audit(studio)


@pytest.mark.parametrize("fault", [Fault.SUBMIT_CUT_BEFORE, Fault.SUBMIT_CUT_AFTER])
def test_an_unknown_stays_held_though_its_job_is_edited(studio: Studio, fault: Fault) -> None:
    text = manifest_text("a")
    studio.options = replace(studio.options, faults={fault: 1.0})
    studio.write(text)
    studio.run()
    studio.options = replace(studio.options, faults={})

    studio.write(edited(text))

    assert blocks(studio) == {"a": HoldReason.UNKNOWN}
    assert studio.statuses() == {"a": Status.UNKNOWN}
    assert len(studio.submits()) == 1


def test_a_job_that_left_the_manifest_is_brought_to_its_end(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run(task_timeout_s=10)

    studio.write(manifest_text("b"))
    ended = studio.run()

    assert ended.exit_code is ExitCode.DONE
    assert studio.clip("a").exists()
    assert len(studio.submits()) == 2
