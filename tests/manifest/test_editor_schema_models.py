"""The schema for editors and the models: a job is judged by the model that it has, and never harder than by us."""

import string
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from batchrunner.catalog import ROLE_WORDS, Model, Role, shipped
from batchrunner.catalog.description import read_model
from batchrunner.manifest.editor_schema import editor_schema
from batchrunner.manifest.yaml.document import dump
from tests.manifest.desk import LINK, Desk, parsed
from tests.manifest.test_scaffold_models import BETWEEN

pytestmark = pytest.mark.untraced

VEO, OWN, LINES = "google/veo-3.1-i2v", "studio/between", "studio/lines"
# Like a model of the service that has lists, a spelling of its own, and neither a last frame nor references.
CAPITALS = """
slug: studio/lines
path: studio/lines
source: {page: the studio's page, read: 2026-11-20, confidence: doc}
body:
  type: object
  required: [first_frame_image]
  properties:
    first_frame_image: {type: string, format: image-link, description: The first frame.}
    prompt: {type: string, minLength: 1, maxLength: 40, description: What happens.}
    duration: {type: integer, enum: [6, 10], default: 6, description: The length.}
    resolution: {type: string, enum: [768P, 1080P], description: The lines.}
    sound: {type: string, enum: ["on", "off"], description: Whether there is sound.}
    voices: {type: array, minItems: 1, maxItems: 2, items: {type: string}, description: Who speaks.}
    strength: {type: number, minimum: 0, maximum: 1, description: How much moves.}
roles: {prompt: prompt, first_image: first_frame_image, duration: duration, resolution: resolution, audio_switch: sound}
"""
MODELS = [read_model(yaml.safe_load(text), "own.yaml") for text in (BETWEEN, CAPITALS)]
CATALOG = shipped().with_own(MODELS)
SCHEMA = editor_schema(CATALOG)
OURS, THEIRS = Draft7Validator(SCHEMA), Draft7Validator(editor_schema(shipped()))
FILES = "models: [between.yaml, lines.yaml]"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.write("between.yaml", BETWEEN)
    desk.write("lines.yaml", CAPITALS)
    return desk


def whole(text: str) -> str:
    return f"version: 1\n{FILES}\n{text}\n"


def faults(text: str) -> list[str]:
    return [error.message for error in OURS.iter_errors(parsed(whole(text)))]


def job(fields: str, model: str = "") -> str:
    named = f"model: {model}, " if model else ""
    return f"jobs: [{{id: a, {named}{fields}}}]"


BOTH_TAKE = {
    "the names of the model": job(f"first_frame_image: '{LINK}', duration: 6, resolution: 768P", LINES),
    "the words for roles": job(f"image: '{LINK}', durationSeconds: 10, audio: 'on'", LINES),
    "the names of another model": job(f"start_picture: '{LINK}', secs: 6, lines: 1080P", LINES),
    "another spelling": job(f"image: '{LINK}', duration: '6', resolution: 768p", LINES),
    "a number as a text": job(
        f"image: '{LINK}', lastFrame: '{LINK}', secs: '7', tier: slow, seed: '-1', lines: 720p", OWN
    ),
    "a switch as a text": job(f"image: '{LINK}', lastFrame: '{LINK}', tier: slow, with_sound: 'false'", OWN),
    "a field that is left out": job(f"image: '{LINK}', duration: 6, lastFrame: null, tier: null", LINES),
    "a field that is left out by a cell": "vars: {none: ''}\n" + job(f"image: '{LINK}', tier: '${{vars.none}}'", LINES),
    "a model by a variable": f"vars: {{m: {LINES}}}\n" + job(f"image: '{LINK}', duration: 6", "'${vars.m}'"),
    "a model by a template": f"templates: {{t: {{model: {LINES}}}}}\nmodel: {VEO}\n"
    + job(f"extends: t, image: '{LINK}', duration: 10"),
    "a model by the defaults": f"model: {VEO}\ndefaults: {{model: {LINES}, duration: 10}}\n" + job(f"image: '{LINK}'"),
    "defaults of another model": f"model: {VEO}\ndefaults: {{durationSeconds: 8, sound: 'on'}}\n"
    + job(f"image: '{LINK}', duration: 6", LINES),
    "a job that is left out": f"model: {VEO}\njobs: [{{id: a, enabled: false, tier: slow, duration: 10}}]",
    "a profile of another model": f"model: {VEO}\nprofiles: {{p: {{model: {LINES}, duration: 10, drop: lastFrame}}}}\n"
    + job(f"prompt: x, image: '{LINK}', duration: 8"),
    "a list of variables": "vars: {none: ''}\n"
    + job(f"image: '{LINK}', voices: [a, '${{vars.none}}', '${{vars.none}}']", LINES),
}


@pytest.mark.parametrize("text", BOTH_TAKE.values(), ids=BOTH_TAKE)
def test_what_we_take_it_takes(desk: Desk, text: str) -> None:
    assert desk.read(whole(text)).errors == ()
    assert faults(text) == []


NEITHER_TAKES = {
    "a field that the model of the job has not": job(f"image: '{LINK}', prompt: x, tier: slow", VEO),
    "a field that the model of all has not": f"model: {VEO}\n{job(f'image: {LINK}, prompt: x, tier: slow')}",
    "a word that the model has no field for": job(f"image: '{LINK}', lastFrame: '{LINK}'", LINES),
    "a value that the model of the job does not list": job(f"image: '{LINK}', duration: 8", LINES),
    "a value that the model of all does not list": f"model: {LINES}\n{job(f'image: {LINK}, duration: 8')}",
    "a value beyond the range": job(f"image: '{LINK}', lastFrame: '{LINK}', tier: slow, duration: 17", OWN),
    "a number beyond the range": job(f"image: '{LINK}', strength: 1.5", LINES),
    "a text that is too long": job(f"image: '{LINK}', prompt: {'x' * 41}", LINES),
    "too many items": job(f"image: '{LINK}', voices: [a, b, c]", LINES),
    "a word for a switch": job(f"image: '{LINK}', lastFrame: '{LINK}', tier: slow, audio: loud", OWN),
    "defaults that no model of the manifest has": f"model: {LINES}\ndefaults: {{tier: slow}}\n{job(f'image: {LINK}')}",
    "an unknown field": job(f"image: '{LINK}', promt: x", LINES),
}


@pytest.mark.parametrize("text", NEITHER_TAKES.values(), ids=NEITHER_TAKES)
def test_what_it_refuses_we_refuse_too(desk: Desk, text: str) -> None:
    assert desk.read(whole(text)).errors != ()
    assert faults(text) != []


def test_every_model_is_proposed() -> None:
    for place in (SCHEMA["properties"], SCHEMA["definitions"]["job"]["properties"]):
        assert place["model"]["anyOf"][0]["enum"] == list(CATALOG.slugs)


def test_only_what_the_chosen_model_has_is_proposed() -> None:
    assert set(SCHEMA["definitions"][LINES]["properties"]) == {
        *MODELS[1].fields,
        *(word for word, role in ROLE_WORDS.items() if MODELS[1].field(role)),
    }


def test_models_that_differ_in_nothing_are_described_once() -> None:
    assert SCHEMA["definitions"]["google/veo-3.1-fast-i2v"] == {"$ref": "#/definitions/google~1veo-3.1-i2v"}


def test_no_job_of_a_manifest_with_models_of_its_own_is_judged_where_these_are_not_known() -> None:
    text = whole(job(f"start_picture: '{LINK}', tier: slow, speed: 1", OWN))
    assert list(THEIRS.iter_errors(parsed(text))) == []
    assert list(THEIRS.iter_errors(parsed(text.replace(FILES, "x-models: []")))) != []
    assert list(THEIRS.iter_errors(parsed(f"{text}settings: {{speed: 1}}\n"))) != []


def test_a_shipped_schema_says_little_twice() -> None:
    """An editor loads it anew for each file."""
    size = len(dump(editor_schema(shipped())))
    fields = sum(len(dump(model.schema)) for model in shipped())
    assert size < 20_000 + 5 * fields


def _values_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a field takes, in every spelling that is certain."""
    match schema:
        case {"enum": list(values)}:
            return st.sampled_from([*values, *map(str, values)])
        case {"type": "boolean"}:
            return st.sampled_from((True, False, "true", "false"))
        case {"type": "integer" | "number"}:
            least = max(schema.get("minimum", 0), 0)
            number = st.integers(least, min(schema.get("maximum", least + 99), least + 99))
            return number | number.map(str) | number.map(float)
        case {"type": "array"}:
            return st.lists(st.sampled_from((LINK, LINK, "${vars.none}")), min_size=1, max_size=2)
        case {"format": str()}:
            return st.just(LINK)
        case _:
            return st.text(string.ascii_letters, min_size=1, max_size=9) | st.integers(0, 9) | st.booleans()


NOTHING = st.sampled_from((None, "${vars.none}"))
WORDS = {role: word for word, role in ROLE_WORDS.items()}
# Of what excludes each other, and has its place elsewhere, nothing is drawn.
LEFT_OUT = {"referenceImages", "lastFrame", "negativePrompt"}


@st.composite
def fields(draw: st.DrawFn, model: Model) -> dict[str, Any]:
    """Fields of a model under some of their names, and others' that are left out."""
    own = {name: _values_of(schema) | NOTHING for name, schema in model.fields.items() if name not in LEFT_OUT}
    drawn = draw(st.fixed_dictionaries({}, optional=own))
    named = {}
    for name, value in drawn.items():
        role = model.role(name)
        named[WORDS.get(role, name) if role and draw(st.booleans()) else name] = value
    other = draw(st.sampled_from(list(CATALOG)))
    foreign = [name for name in other.fields if other.role(name) is None and name not in model.fields]
    has_foreign = draw(st.booleans())
    if foreign and has_foreign:
        named[foreign[0]] = draw(NOTHING)
    return named


@st.composite
def mixed(draw: st.DrawFn) -> dict[str, Any]:
    """A manifest whose jobs ask several models."""
    models = st.sampled_from(list(CATALOG))
    top = draw(models)
    jobs = []
    for number in range(2):
        model = draw(st.sampled_from((top, draw(models))))
        needed = {name: LINK for name in model.pictures if name in {*model.required, model.field(Role.FIRST_IMAGE)}}
        needed |= {"tier": "slow"} if "tier" in model.fields else {}
        prompt = {WORDS[Role.PROMPT]: "She waves"}
        named = {"model": model.slug} if model is not top or draw(st.booleans()) else {}
        jobs.append({"id": f"j{number}", **named, **prompt, **draw(fields(model)), **needed})
    data = {"version": 1, "models": ["between.yaml", "lines.yaml"], "model": top.slug, "jobs": jobs}
    data["vars"] = {"none": "", "text": "x"}
    if draw(st.booleans()):
        data["defaults"] = draw(fields(top))
    return data


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=mixed())
def test_whatever_we_take_of_several_models_it_takes(desk: Desk, data: dict[str, Any]) -> None:
    text = dump(data)
    assume(not desk.read(text).errors)
    assert [error.message for error in OURS.iter_errors(parsed(text))] == []
    assert [error.message for error in THEIRS.iter_errors(parsed(text))] == []
