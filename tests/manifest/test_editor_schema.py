"""The schema for editors: it is the one that is shipped, it explains every key, and takes whatever we take."""

import json
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from jsonschema import Draft7Validator

from batchrunner.catalog import ROLE_WORDS, shipped
from batchrunner.io.resources import read_text
from batchrunner.manifest import keys
from batchrunner.manifest.editor_schema import editor_schema
from batchrunner.manifest.yaml.document import dump
from tests.manifest.desk import HEAD, LINK, Desk, parsed
from tests.manifest.manifests import Data, lay_out, manifests

pytestmark = pytest.mark.untraced

SCHEMA = editor_schema(shipped())
VALIDATOR = Draft7Validator(SCHEMA)
FIELDS = sorted({name for model in shipped() for name in model.fields})
JOB = f"jobs:\n  - {{id: a, prompt: x, image: '{LINK}', extends: []}}\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    lay_out(desk)
    return desk


def faults(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(parsed(text))]


def test_the_shipped_schema_is_the_one_that_our_keys_make() -> None:
    shipped = json.loads(read_text("schemas/manifest.schema.json"))
    renew = "renew it: batchrunner schema manifest > schemas/manifest.schema.json"
    assert shipped == SCHEMA, renew


def test_it_is_valid_for_editors() -> None:
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(SCHEMA)


def test_nothing_stands_beside_a_reference_where_editors_would_not_see_it() -> None:
    assert [schema for schema in schemas(SCHEMA) if "$ref" in schema and len(schema) > 1] == []


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in it."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from schemas(value)
    elif isinstance(node, list):
        for item in node:
            yield from schemas(item)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the definition that it refers to."""
    found: dict[str, Any] = schema
    while "$ref" in found:
        parts = found["$ref"].split("/")[1:]
        found = reduce(lambda below, part: below[part.replace("~1", "/")], parts, SCHEMA)
    return found


OURS = {
    "top": (SCHEMA["properties"], keys.MANIFEST),
    "settings": (SCHEMA["properties"]["settings"]["properties"], keys.SETTINGS),
    "defaults": (SCHEMA["properties"]["defaults"]["properties"], keys.SHARED),
    "layer": (SCHEMA["definitions"]["layer"]["properties"], keys.SHARED),
    "profile": (SCHEMA["definitions"]["profile"]["properties"], keys.PROFILE),
    "job": (SCHEMA["definitions"]["job"]["properties"], keys.JOB),
}


@pytest.mark.parametrize(
    ("location", "name"), [(location, name) for location, (_, table) in OURS.items() for name in table]
)
def test_each_of_our_keys_is_explained_as_we_explain_it(location: str, name: str) -> None:
    properties, table = OURS[location]
    assert resolved(properties[name])["description"] == table[name].says


@pytest.mark.parametrize("name", FIELDS)
def test_each_request_field_is_explained_as_its_model_explains_it(name: str) -> None:
    described = {model.fields[name]["description"] for model in shipped() if name in model.fields}
    assert SCHEMA["definitions"]["layer"]["properties"][name]["description"] in described
    for model in shipped():
        definition = resolved({"$ref": f"#/definitions/{model.slug.replace('/', '~1')}"})
        if name in model.fields:
            assert definition["properties"][name]["description"] in described


def test_it_knows_no_key_that_we_do_not_know() -> None:
    definitions = SCHEMA["definitions"]
    assert set(SCHEMA["properties"]) == {*keys.MANIFEST, "$schema"}
    assert set(definitions["layer"]["properties"]) == {*keys.SHARED, *FIELDS, *ROLE_WORDS}
    assert set(definitions["profile"]["properties"]) == {*keys.PROFILE, *FIELDS, *ROLE_WORDS}
    assert set(definitions["job"]["properties"]) == {*keys.JOB}
    assert set(definitions["job"]["then"]["properties"]) == {*FIELDS, *ROLE_WORDS}


FILLED = [*FIELDS, *ROLE_WORDS, *keys.SHARED]


@pytest.mark.parametrize("name", FILLED)
@pytest.mark.parametrize("value", ["'${vars.x}'", "'${row.x:-8}'", "null"])
def test_a_variable_and_null_are_taken_for_every_value_of_a_layer(name: str, value: str) -> None:
    layer = f"{{{name}: {value}}}"
    text = f"version: 1\ndefaults: {layer}\ntemplates: {{t: {layer}}}\nprofiles: {{p: {layer}}}\njobs: [{layer}]\n"
    assert faults(text) == []


@pytest.mark.parametrize("name", keys.SETTINGS)
def test_a_variable_is_taken_for_every_setting(name: str) -> None:
    assert faults(f"settings: {{{name}: '${{vars.x}}'}}\n") == []


BOTH_TAKE = {
    "a length as a number": "defaults: {durationSeconds: 4}",
    "a length as a text": "defaults: {durationSeconds: '4'}",
    "a number for a prompt": "defaults: {prompt: 7, negativePrompt: 1.5}",
    "a boolean for a prompt": "defaults: {negativePrompt: true}",
    "a number for a name": "name: 2026",
    "numbers for tags": "defaults: {tags: [2026, 1.5, x]}",
    "a number for a tag": "defaults: {tags: 2026}",
    "a text for a tag": "defaults: {tags: x}",
    "numbers in settings": "settings: {concurrency: 2, rate: 100, budget: 12.5, retries: 0}",
    "texts in settings": "settings: {concurrency: '2', rate: 5/s, budget: $40, retries: '0', task_timeout: 30m}",
    "our own notes": "x-a: [1]\nsettings: {x-b: 1}\ndefaults: {x-c: null}\ntemplates: {t: {x-d: {}}}",
    "the schema's address": "$schema: ../m.json",
    "the schema's address anywhere": "$schema: 1\ndefaults: {$schema: x}\nsettings: {$schema: x}",
    "empty sets": "vars: {}\ndefaults: {}\ntemplates: {}\nprofiles: {}\nsettings: {}\ninclude: []",
    "lists in vars": "vars: {a: [1, x, null], b: null, c: 1.5, d: true}",
}


@pytest.mark.parametrize("text", BOTH_TAKE.values(), ids=BOTH_TAKE)
def test_what_we_take_it_takes(desk: Desk, text: str) -> None:
    head = "" if text.startswith("defaults:") or "\ndefaults:" in text else "defaults: {}\n"
    whole = f"version: 1\nmodel: google/veo-3.1-i2v\n{head}{text}\n{JOB}"
    assert desk.read(whole).errors == ()
    assert faults(whole) == []


def test_a_glob_is_taken_as_we_take_it(desk: Desk) -> None:
    text = (
        HEAD + "jobs:\n  - {rows: {glob: 'frames/*.png', x-n: 1}, id: '${row.stem}', prompt: x, image: '${row.path}'}\n"
    )
    assert desk.read(text).errors == ()
    assert faults(text) == []


NEITHER_TAKES = {
    "an unknown key": "nonsense: 1",
    "an unknown setting": "settings: {speed: 1}",
    "an unknown field": "defaults: {promt: x}",
    "jobs of a profile": "profiles: {p: {matrix: {}}}",
    "jobs of the defaults": "defaults: {matrix: {}}",
    "another version": "version: 2",
    "a shape": "defaults: {aspectRatio: '4:3'}",
    "a length": "defaults: {durationSeconds: 5}",
    "a number of lines": "defaults: {resolution: 360p}",
    "a list of settings": "settings: []",
    "a text for a list": "defaults: {referenceImages: x}",
    "a text for a switch": "defaults: {enabled: 'yes'}",
}


@pytest.mark.parametrize("text", NEITHER_TAKES.values(), ids=NEITHER_TAKES)
def test_what_it_refuses_we_refuse_too(desk: Desk, text: str) -> None:
    version = "" if text.startswith("version") else "version: 1\n"
    whole = f"{version}model: google/veo-3.1-i2v\n{text}\njobs:\n  - {{id: a, prompt: x, image: '{LINK}'}}\n"
    assert desk.read(whole).errors != ()
    assert faults(whole) != []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=manifests())
def test_whatever_we_take_it_takes(desk: Desk, data: Data) -> None:
    text = dump(data)
    assume(not desk.read(text).errors)
    assert faults(text) == []


def test_every_shipped_manifest_is_taken() -> None:
    descriptions = Draft7Validator(json.loads(read_text("schemas/model.schema.json")))
    examples = Path(__file__).parents[2] / "jobs-examples"
    for path in examples.glob("**/*.yaml"):
        text = path.read_text(encoding="utf-8")
        if path.parent.name == "models":
            assert list(descriptions.iter_errors(parsed(text))) == [], path
        else:
            assert faults(text) == [], path
