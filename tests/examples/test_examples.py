"""Every example is what it says: valid, understood by editors, and rendered by the imitated service to whole files."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from batchrunner.app.imitated_models import imitated_models
from batchrunner.app.job_set import wanted_of
from batchrunner.app.run_manifest import Workload, run_manifest
from batchrunner.app.run_options import RunOptions
from batchrunner.catalog import price_list, shipped
from batchrunner.domain.image import LocalImage
from batchrunner.domain.problem import Code
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action
from batchrunner.engine.executor import RunResult
from batchrunner.errors import ExitCode
from batchrunner.io.resources import data_root
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.permissions import Permissions
from batchrunner.manifest.yaml import document
from batchrunner.planning.batch import Batch, load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.sandbox.downloads import clip_of
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import ProjectPaths, find_project
from tests.manifest.desk import plain_data
from tests.moved_time import DAY_S, EVENING_S, MovedClock, in_moved_time
from tests.studio import Studio

pytestmark = pytest.mark.untraced

EXAMPLES = data_root() / "jobs-examples"
SCHEMA = data_root() / "schemas" / "manifest.schema.json"
FILES = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.yaml"))
DESCRIPTIONS = [name for name in FILES if name.startswith("models/")]
FRAGMENTS = [name for name in FILES if name.startswith("shots/") or name.endswith("packshots.yaml")]
MANIFESTS = [name for name in FILES if name not in FRAGMENTS and name not in DESCRIPTIONS]

# file → profile → the clips that it wants
CLIPS = {
    "01-first.yaml": {"": 4},
    "02-settings.yaml": {"": 2},
    "03-defaults.yaml": {"": 3},
    "04-templates.yaml": {"": 3},
    "05-profiles.yaml": {"": 2, "draft": 4, "vertical": 2},
    "06-variables.yaml": {"": 3},
    "07-takes.yaml": {"": 4},
    "08-last-frame.yaml": {"": 2},
    "09-matrix.yaml": {"": 4},
    "10-rows.yaml": {"": 4},
    "11-rows-jsonl.yaml": {"": 3},
    "12-frames.yaml": {"": 2},
    "13-include.yaml": {"": 4},
    "14-local-images.yaml": {"": 3},
    "15-selection.yaml": {"": 2},
    "16-own-model.yaml": {"": 2},
    "17-several-models.yaml": {"": 2, "draft": 2},
    "campaign/campaign.yaml": {"": 125, "draft": 125},
}
RUNS = [(name, profile) for name, profiles in CLIPS.items() for profile in profiles]
every_file = pytest.mark.parametrize("name", MANIFESTS + FRAGMENTS)
every_run = pytest.mark.parametrize(("name", "profile"), RUNS, ids=["-".join(filter(None, run)) for run in RUNS])


def read(name: str, profile: str = "") -> Manifest:
    return load(EXAMPLES / name, profile)


def by_name(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """What each job of a manifest asks for."""
    return {job.name: {"model": job.request.model, **job.body} for job in manifest.jobs}


def test_every_example_is_known_here() -> None:
    assert set(MANIFESTS) == set(CLIPS)


@every_file
def test_an_example_begins_with_what_it_is_about(name: str) -> None:
    first, second, *_ = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    assert first.startswith("# "), first
    assert len(first) <= 120, first
    schema = second.removeprefix("# yaml-language-server: $schema=")
    assert ((EXAMPLES / name).parent / schema).resolve() == SCHEMA.resolve(), "editors find the schema by this line"


@every_file
def test_an_editor_finds_no_fault_with_an_example(name: str) -> None:
    validator = Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    root = document.read(EXAMPLES / name).root
    assert root is not None
    validator.validate(plain_data(root))


@every_run
def test_an_example_is_valid_and_wants_its_clips(name: str, profile: str) -> None:
    manifest = read(name, profile)
    assert manifest.problems == ()
    assert len(manifest.jobs) == CLIPS[name][profile]
    assert set(manifest.profiles) == set(CLIPS[name]) - {""}


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_fragment_is_judged_as_one(name: str) -> None:
    fragment = load(EXAMPLES / name, permissions=Permissions((EXAMPLES,)), may_be_fragment=True)
    assert [problem.code for problem in fragment.problems] == [Code.FRAGMENT]


# What happens: down to verified files


class Copy:
    """An example, carried to a folder of its own, with an account for it."""

    def __init__(self, folder: Path, name: str, profile: str) -> None:
        shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
        self.manifest = load(folder / name, profile)
        self.prices = price_list(self.manifest.catalog)
        self.studio = Studio(folder, models=imitated_models(self.manifest.catalog))
        self.project: ProjectPaths = find_project(self.manifest.path)

    def batch(self, ledger: LedgerReader) -> Batch:
        return load_batch(self.project, wanted_of(self.manifest), ledger, self.prices, EVENING_S)

    def run(self, start_s: float = EVENING_S) -> RunResult:
        """`batchrunner run`, agreed to, in moved time."""
        return in_moved_time(self._run, start_s)

    async def _run(self, clock: MovedClock) -> RunResult:
        work = Workload(self.project, wanted_of(self.manifest), self.manifest.settings, self.prices)
        return (await run_manifest(work, RunOptions(no_canary=True), self.studio.ports(clock))).result

    def actions(self) -> set[Action]:
        """What the next run would do."""
        with read_ledger(self.project.ledger) as ledger:
            return {seen.step.action for seen in self.batch(ledger).first_steps(PlanOptions(), None)}

    def pictures(self) -> set[str]:
        """The contents of all local pictures that its jobs send."""
        values = [value for job in self.manifest.jobs for value in job.body.values()]
        items = [item for value in values for item in (value if isinstance(value, list) else [value])]
        return {item.sha256 for item in items if isinstance(item, LocalImage)}


@every_run
def test_an_example_is_rendered_to_whole_files(tmp_path: Path, name: str, profile: str) -> None:
    copy = Copy(tmp_path, name, profile)
    assert copy.actions() == {Action.SUBMIT}

    ended = copy.run()

    assert ended.exit_code is ExitCode.DONE
    assert {step.status for step in ended.steps.values()} == {Status.DONE}
    assert copy.actions() == {Action.NONE}
    record = copy.studio.record()
    assert len(record.charges) == CLIPS[name][profile]
    assert len(record.uploads) == len(copy.pictures())
    files = [copy.project.output(job.output).read_bytes() for job in copy.manifest.jobs]
    assert sorted(files) == sorted(clip_of(charge.task_id) for charge in record.charges)


def test_a_profile_remembers_apart(tmp_path: Path) -> None:
    """Drafts beside the final clips: neither is taken for the other, and no file is touched twice."""
    final = Copy(tmp_path, "05-profiles.yaml", "")
    final.run()
    clips = {path: path.read_bytes() for path in final.project.base.rglob("*.mp4")}

    draft = Copy(tmp_path, "05-profiles.yaml", "draft")
    assert draft.actions() == {Action.SUBMIT}
    draft.run(EVENING_S + DAY_S / 2)

    assert (final.actions(), draft.actions()) == ({Action.NONE}, {Action.NONE})
    assert len(final.studio.record().charges) == 2 + 4
    assert {path: path.read_bytes() for path in clips} == clips
    assert len([*final.project.base.rglob("*.mp4")]) == 2 + 4


# What each of them teaches, in a word


def test_the_first_example_is_what_the_demo_writes() -> None:
    assert [job.name for job in read("01-first.yaml").jobs] == [
        "hero-wave",
        "hero-turn",
        "kettle-steam",
        "kettle-steam.2",
    ]


def test_the_settings_example_says_every_setting() -> None:
    manifest = read("02-settings.yaml")
    assert set(manifest.settings_as_written) == {
        "concurrency",
        "rate",
        "task_timeout",
        "retries",
        "budget",
        "download_limit",
        "output",
    }


def test_null_removes_a_default() -> None:
    jobs = by_name(read("03-defaults.yaml"))
    assert "negativePrompt" in jobs["forest-path"]
    assert "negativePrompt" not in jobs["forest-sign"]


def test_the_later_template_wins_and_tags_are_united() -> None:
    job = {job.name: job for job in read("04-templates.yaml").jobs}["hero-wave-vertical"]
    assert job.body["image"] == "https://example.com/frames/hero-vertical.jpg"
    assert job.body["negativePrompt"] == "blurry, low quality"
    assert job.tags == ("hero", "social", "launch")


def test_a_draft_has_another_quality_and_a_place_of_its_own() -> None:
    draft = read("05-profiles.yaml", "draft")
    assert {fields["model"] for fields in by_name(draft).values()} == {"google/veo-3.1-fast-i2v"}
    assert {Path(job.output).parent.name for job in draft.jobs} == {"draft"}


def test_variables_are_filled() -> None:
    jobs = by_name(read("06-variables.yaml"))
    assert jobs["pour"]["prompt"] == "A hand pours tea from a red kettle, for our brand"
    assert jobs["style"]["referenceImages"] == [
        "https://example.com/style/light.jpg",
        "https://example.com/style/colour.jpg",
    ]
    assert jobs["price"]["prompt"] == 'The camera moves towards a price tag that reads "${price}"'


def test_the_matrix_leaves_out_and_adds() -> None:
    assert [*by_name(read("09-matrix.yaml"))] == ["turn-left-day", "turn-right-day", "turn-right-night", "turn-top-day"]


def test_an_empty_cell_leaves_the_default() -> None:
    manifest = read("10-rows.yaml")
    assert [job.body["durationSeconds"] for job in manifest.jobs] == ["8", "6", "4", "8"]
    assert [job.tags for job in manifest.jobs] == [("wide",), ("close", "people"), ("close",), ("wide", "people")]
    assert manifest.jobs[2].body["image"] == "https://example.com/frames/hero.jpg"


def test_frames_have_captions_and_partners() -> None:
    boat, lamp = read("12-frames.yaml").jobs
    assert (boat.name, lamp.name) == ("boat", "lamp")
    assert boat.body["prompt"] == "The boat drifts across the bay until the sun sets"
    assert lamp.body["prompt"] == "The camera moves slowly towards the subject"
    assert str(lamp.body["lastFrame"]).endswith("lamp_end.png")


def test_what_a_fragment_says_of_itself_does_not_leak_out() -> None:
    jobs = by_name(read("13-include.yaml"))
    assert [*jobs] == ["title", "castle-gate", "castle-wall", "forest-ride"]
    assert [fields["resolution"] for fields in jobs.values()] == ["1080p", "720p", "720p", "1080p"]
    assert "the knight" in jobs["castle-gate"]["prompt"]
    assert "the old knight" in jobs["forest-ride"]["prompt"]


def test_a_model_of_ones_own_is_described_by_the_file_beside_it() -> None:
    manifest = read("16-own-model.yaml")
    (slug,) = set(manifest.catalog.slugs) - set(shipped().slugs)
    assert [dict(job.body, opening=None) for job in manifest.jobs] == [
        {"script": "The probe lands in red dust", "opening": None, "length": 5, "lines": "720P", "with_sound": False},
        {
            "script": "The camera closes in on the probe, and the wind is heard",
            "opening": None,
            "length": 6,
            "lines": "1080P",
            "with_sound": True,
        },
    ]
    prices = price_list(manifest.catalog)
    assert {job.request.model for job in manifest.jobs} == {slug}
    assert [str(prices.cost(job.request)) for job in manifest.jobs] == ["$0.20", "$0.54"]


def test_each_model_gets_its_own_fields_and_a_draft_leaves_out_what_it_does_not_have() -> None:
    final, draft = read("17-several-models.yaml"), read("17-several-models.yaml", "draft")
    assert [(job.request.model, sorted(job.body)) for job in final.jobs] == [
        (
            "google/veo-3.1-i2v",
            ["aspectRatio", "durationSeconds", "image", "lastFrame", "negativePrompt", "prompt", "resolution"],
        ),
        (
            "bytedance/seedance-1.5-pro-i2v",
            ["duration", "execution_expires_after", "first_frame_image", "prompt", "ratio", "resolution"],
        ),
    ]
    assert {job.request.model for job in draft.jobs} == {"minimax/hailuo-2.3-i2v"}
    for job in draft.jobs:
        assert {**job.body, "prompt": "", "first_frame_image": ""} == {
            "prompt": "",
            "first_frame_image": "",
            "duration": 6,
            "resolution": "768P",
        }


def test_the_campaign_has_two_formats_and_drafts_without_last_frames() -> None:
    final, draft = by_name(read("campaign/campaign.yaml")), by_name(read("campaign/campaign.yaml", "draft"))
    assert {fields["aspectRatio"] for fields in final.values()} == {"16:9", "9:16"}
    assert sum("lastFrame" in fields for fields in final.values()) == 4
    assert not any("lastFrame" in fields for fields in draft.values())
    assert final["RK_0030"]["negativePrompt"] == "extra fingers; deformed hands"
    assert final["RK_0010"]["negativePrompt"] == "text, logos, watermarks"
