"""Several models in one manifest: one word for a field whatever a model calls it, and profiles that name another."""

from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.problem import Code
from tests.manifest.desk import LINK, Desk

OTHER = """\
slug: maker/other-i2v
path: maker/other-i2v
source: {page: the maker's page, read: 2026-11-20, confidence: doc}
body:
  required: [text, first_frame_image]
  properties:
    text: {type: string, minLength: 1}
    first_frame_image: {type: string, format: image-link}
    last_frame_image: {type: string, format: image-link}
    seconds: {type: integer, enum: [6, 10], default: 6}
    size: {type: string, enum: [720P, 768P, 1080P]}
    sound: {type: boolean, default: true}
roles:
  prompt: text
  first_image: first_frame_image
  last_image: last_frame_image
  duration: seconds
  resolution: size
  audio_switch: sound
"""
HEAD = "version: 1\nmodels: [models/*.yaml]\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write("models/other.yaml", OTHER)
    return desk


def job(model: str, **fields: Any) -> str:
    written = "".join(f", {name}: {value}" for name, value in fields.items())
    return f"jobs:\n  - {{id: hero, model: {model}{written}}}\n"


VEO, MINE = "google/veo-3.1-i2v", "maker/other-i2v"


def test_the_words_of_a_manifest_mean_the_field_of_each_jobs_model(desk: Desk) -> None:
    jobs = "".join(f"  - {{id: {name}, model: {model}}}\n" for name, model in (("one", VEO), ("two", MINE)))
    said = f"defaults: {{prompt: She waves, image: '{LINK}', resolution: 1080p, duration: 8}}\njobs:\n{jobs}"
    manifest = desk.read(HEAD + said)
    (problem,) = manifest.errors
    assert (problem.message.partition(":")[0], problem.jobs) == ("`duration` cannot be `8`", ("two",))
    bodies = desk.bodies(HEAD + said.replace("1080p, duration: 8", "720p, duration: 6"))
    assert bodies["one"] == {"prompt": "She waves", "image": LINK, "resolution": "720p", "durationSeconds": "6"}
    assert bodies["two"] == {"text": "She waves", "first_frame_image": LINK, "size": "720P", "seconds": 6}


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ({"duration": 6}, {"seconds": 6}),
        ({"duration": '"10"'}, {"seconds": 10}),
        ({"durationSeconds": 10}, {"seconds": 10}),
        ({"resolution": "768p"}, {"size": "768P"}),
        ({"audio": "false"}, {"sound": False}),
        ({"audio": '"true"'}, {"sound": True}),
        ({"lastFrame": LINK}, {"last_frame_image": LINK}),
        ({"sound": "false"}, {"sound": False}),
    ],
)
def test_a_value_is_sent_in_the_form_of_the_model(desk: Desk, written: dict[str, Any], sent: dict[str, Any]) -> None:
    bodies = desk.bodies(HEAD + job(MINE, prompt="She waves", image=LINK, **written))
    assert bodies["hero"] == {"text": "She waves", "first_frame_image": LINK, **sent}


@pytest.mark.parametrize(
    "written", [{"duration": 8}, {"duration": "6.5"}, {"duration": "six"}, {"resolution": "4k"}, {"audio": "loud"}]
)
def test_what_a_model_does_not_take_is_said_with_the_authors_word(desk: Desk, written: dict[str, Any]) -> None:
    (problem,) = desk.read(HEAD + job(MINE, prompt="She waves", image=LINK, **written)).errors
    assert problem.message.startswith(f"`{next(iter(written))}` ")
    assert problem.hint


def test_two_words_for_one_field_are_a_problem_where_they_stand_together(desk: Desk) -> None:
    told = desk.told(HEAD + job(MINE, prompt="She waves", image=LINK, duration=6, seconds=10))
    assert [code for code, *_ in told] == [Code.SAME_FIELD]


def test_of_two_words_for_one_field_the_layer_with_the_last_word_counts(desk: Desk) -> None:
    said = "defaults: {duration: 6, first_frame_image: 'https://example.com/b.jpg'}\n"
    bodies = desk.bodies(HEAD + said + job(MINE, prompt="She waves", image=LINK, seconds=10))
    assert bodies["hero"] == {"text": "She waves", "first_frame_image": LINK, "seconds": 10}


DRAFT = f"profiles: {{draft: {{model: {VEO}, resolution: 720p, duration: 4}}}}\n"


def test_a_profile_with_another_model_takes_over_what_its_fields_are_for(desk: Desk) -> None:
    fields = job(MINE, text="She waves", first_frame_image=LINK, seconds=10, size="1080P")
    assert desk.bodies(HEAD + DRAFT + fields, "draft")["hero"] == {
        "prompt": "She waves",
        "image": LINK,
        "durationSeconds": "4",
        "resolution": "720p",
    }
    assert desk.bodies(HEAD + DRAFT + fields)["hero"]["seconds"] == 10


def test_what_the_model_of_a_profile_cannot_take_is_named_with_the_profile(desk: Desk) -> None:
    (problem,) = desk.read(HEAD + DRAFT + job(MINE, text="x", first_frame_image=LINK, sound="true"), "draft").errors
    assert problem.code is Code.UNKNOWN_KEY
    assert problem.message == f'the model {VEO} has no `sound`, and profile "draft" names that model'
    assert problem.hint == "to leave it out there, write `drop: [sound]` into the profile"


@pytest.mark.parametrize("dropped", ["sound", "audio", "[sound, lastFrame]"])
def test_a_profile_drops_what_its_model_does_not_have(desk: Desk, dropped: str) -> None:
    draft = DRAFT.replace("duration: 4}", f"duration: 4, drop: {dropped}}}")
    fields = job(MINE, text="x", first_frame_image=LINK, sound="true")
    assert desk.bodies(HEAD + draft + fields, "draft")["hero"] == {
        "prompt": "x",
        "image": LINK,
        "durationSeconds": "4",
        "resolution": "720p",
    }


@pytest.mark.parametrize("where", ["defaults: {drop: [sound]}\n", "templates: {a: {drop: [sound]}}\n"])
def test_nothing_but_a_profile_drops_a_field(desk: Desk, where: str) -> None:
    problems = desk.read(HEAD + where + job(MINE, prompt="x", image=LINK)).errors
    assert [(each.code, each.hint) for each in problems] == [
        (Code.UNKNOWN_KEY, "`drop` belongs into a profile, not here")
    ]


def test_an_own_file_takes_the_place_of_a_shipped_model(desk: Desk) -> None:
    desk.write("models/veo.yaml", OTHER.replace(MINE, VEO))
    assert desk.bodies(HEAD + job(VEO, prompt="x", image=LINK))["hero"] == {"text": "x", "first_frame_image": LINK}


def test_a_mistake_in_a_description_stands_at_its_place_in_its_file(desk: Desk) -> None:
    desk.write("models/other.yaml", OTHER.replace("duration: seconds", "duration: second"))
    problems = desk.read(HEAD + job(MINE, prompt="x", image=LINK)).errors
    assert (problems[0].code, problems[0].location.line) == (Code.MODEL_FILE, 17)
    assert problems[0].location.file.endswith("models/other.yaml")
    assert problems[0].hint == "did you mean `seconds`?"


@pytest.mark.parametrize("named", ["models/none.yaml", "models/*.yml", "../other.yaml", "models", r'"m\0*"', r'"m\0"'])
def test_a_file_that_is_not_there_or_not_ours_is_a_problem(desk: Desk, named: str) -> None:
    text = HEAD.replace("models/*.yaml", named) + job(VEO, prompt="x", image=LINK)
    assert {code for code, *_ in desk.told(text)} <= {Code.MODEL_FILE, Code.OUTSIDE_PROJECT}
    assert desk.told(text)


def test_a_job_whose_model_could_not_be_read_is_not_judged_by_another(desk: Desk) -> None:
    """What is wrong is the description: that its model is not known follows from it, and says nothing new."""
    desk.write("models/other.yaml", OTHER.replace("type: boolean", "type: bool"))
    codes = [code for code, *_ in desk.told(HEAD + job(MINE, prompt="x", image=LINK))]
    assert codes == [Code.MODEL_FILE]
