"""A model that a file alone adds: the installed command takes it from the first check to verified clips and sums."""

import json
import os
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from batchrunner.sandbox import record
from tests.io.test_images import png

from .user import Running, Said, read_report

DESCRIPTION = """\
slug: orbit/novum-2-i2v
path: orbit/novum-2-i2v
source: {page: "https://example.com/novum-2", read: 2026-11-20, confidence: doc}
body:
  required: [script, opening]
  properties:
    script: {type: string, minLength: 1, maxLength: 500, description: What happens.}
    opening: {type: string, format: image-link, description: The first frame.}
    closing: {type: string, format: image-link, description: The last frame.}
    length: {type: integer, minimum: 3, maximum: 11, default: 5, description: The seconds.}
    quality: {type: string, enum: [540P, 1080P], default: 540P, description: The lines.}
    with_sound: {type: boolean, default: true, description: Whether the clip has sound.}
roles:
  prompt: script
  first_image: opening
  last_image: closing
  duration: length
  resolution: quality
  audio_switch: with_sound
pictures:
  opening: {min_side_px: 200, ratio: ["1:2", "2:1"]}
rules:
  - rule: 1080P has at most 6 seconds
    when: {quality: [1080P]}
    then: {length: {to: 6}}
    message: 1080P clips have at most 6 seconds
    help: "write `resolution: 540P`, or `duration: 6`"
  - rule: a closing frame needs the sound to be off
    when: {closing: any}
    then: {with_sound: [false]}
    message: with `closing`, the clip has no sound
    help: "write `audio: false`"
price:
  read: 2026-11-20
  rows:
    - {when: {quality: 540P, length: [3, 4, 5]}, usd: 0.20}
    - {when: {quality: 540P}, usd: 0.36}
    - {when: {quality: 1080P}, usd: 0.58}
  extras: [{when: {with_sound: true}, usd_per_second: 0.01}]
costly_defaults: [with_sound]
latency_by: [length, quality]
retention_days: {least: 7, most: 7}
"""
HEAD = "version: 1\nmodels: [novum.yaml]\nmodel: orbit/novum-2-i2v\n"
JOBS = """\
jobs:
  - {id: loud, prompt: The probe lands, image: frame.png}
  - {id: long, script: The probe starts, opening: frame.png, length: 11}
  - {id: mute, prompt: The probe turns, image: frame.png, duration: "6", resolution: 1080p, audio: false,
     lastFrame: https://example.com/end.jpg}
"""
# By the table of prices, and a cent a second for the sound.
PRICES = {"loud": Decimal("0.25"), "long": Decimal("0.47"), "mute": Decimal("0.58")}
BROKEN = """\
jobs:
  - {id: high, prompt: The probe lands, image: frame.png, resolution: 1080p, duration: 7}
  - {id: closed, prompt: The probe lands, image: frame.png, lastFrame: frame.png}
  - {id: twelve, prompt: The probe lands, image: frame.png, duration: 12}
  - {id: small, prompt: The probe lands, image: small.png}
  - {id: foreign, prompt: The probe lands, image: frame.png, aspectRatio: "16:9"}
  - {id: silent, image: frame.png}
"""


@dataclass(frozen=True)
class Folder:
    """A folder with a manifest, a description and pictures, and nothing else; no key is anywhere."""

    path: Path

    def holds(self, jobs: str) -> None:
        (self.path / "shots.yaml").write_text(HEAD + jobs, encoding="utf-8")

    def types(self, *arguments: str) -> Said:
        home = self.path.parent / "home"
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
        with Running(arguments, self.path, environment) as running:
            return running.end()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    path = tmp_path / "fresh"
    path.mkdir()
    (path / "novum.yaml").write_text(DESCRIPTION, encoding="utf-8")
    (path / "frame.png").write_bytes(png(512, 288))
    (path / "small.png").write_bytes(png(199, 199))
    return Folder(path)


def test_its_own_rules_fields_and_limits_are_told_at_their_places(folder: Folder) -> None:
    folder.holds(BROKEN)
    said = folder.types("validate", "shots.yaml")
    assert said.code == 2, said.text
    found = re.findall(r"^shots\.yaml:(\d+):\d+: ([a-z-]+)  (.+?)(?: \[in job \w+\])?$", said.out, re.MULTILINE)
    assert found == [
        ("5", "values-excluded", "1080P clips have at most 6 seconds"),
        ("6", "values-excluded", "with `closing`, the clip has no sound"),
        ("7", "wrong-value", "`duration` must be at most 11"),
        ("8", "image-too-small", "`image` is 199x199, and each side must be at least 200 pixels"),
        ("9", "unknown-key", "the model orbit/novum-2-i2v has no `aspectRatio`"),
        ("10", "missing-key", "`script` is missing"),
    ], said.text
    assert "shots.yaml: 6 errors" in said.out


def test_a_mistake_in_the_file_itself_is_told_in_that_file(folder: Folder) -> None:
    folder.holds(JOBS)
    (folder.path / "novum.yaml").write_text(DESCRIPTION.replace("to: 6", "upto: 6"), encoding="utf-8")
    said = folder.types("plan", "shots.yaml")
    assert said.code == 2, said.text
    assert "novum.yaml:25:12: model-file  `rules[1].then.length`" in said.err, said.text


def test_it_is_planned_rendered_charged_and_reported_by_its_own_price(folder: Folder) -> None:
    folder.holds(JOBS)
    valid = folder.types("validate", "shots.yaml")
    assert (valid.code, valid.out.strip()) == (0, "shots.yaml: valid, 3 jobs"), valid.text

    plan = json.loads(folder.types("plan", "shots.yaml", "--sandbox", "-o", "json").out)
    assert {job["id"]: Decimal(str(job["cost"]["high_usd"])) for job in plan["jobs"]} == PRICES
    assert plan["priced_on"] == "2026-11-20"

    run = folder.types("run", "shots.yaml", "--sandbox", "--yes", "--plan", plan["digest"], "-o", "json")
    assert run.code == 0, run.text

    report = folder.types("report", "shots.yaml", "--sandbox", "-o", "json").report
    assert report.statuses == dict.fromkeys(PRICES, "done")
    assert {name: Decimal(str(job["cost_usd"])) for name, job in report.jobs.items()} == PRICES
    assert report.jobs["mute"]["prompt"] == "The probe turns"
    assert {job["model"] for job in report.jobs.values()} == {"orbit/novum-2-i2v"}
    again = json.loads(folder.types("plan", "shots.yaml", "--sandbox", "-o", "json").out)
    assert {job["action"] for job in again["jobs"]} == {"none"}

    witness = record(folder.path / "sandbox-run" / ".batchrunner" / "service.jsonl")
    assert sorted(charge.amount_usd for charge in witness.charges) == sorted(PRICES.values())
    assert len(witness.uploads) == 1
    sent = {str(charge.body["script"]): charge.body for charge in witness.charges}
    uploaded = sent["The probe lands"]["opening"]
    assert sent["The probe lands"] == {"script": "The probe lands", "opening": uploaded}
    assert sent["The probe starts"] == {"script": "The probe starts", "opening": uploaded, "length": 11}
    assert sent["The probe turns"] == {
        "script": "The probe turns",
        "opening": uploaded,
        "closing": "https://example.com/end.jpg",
        "length": 6,
        "quality": "1080P",
        "with_sound": False,
    }


def test_editors_are_told_its_fields(folder: Folder) -> None:
    folder.holds(JOBS)
    said = folder.types("schema", "manifest", "--manifest", "shots.yaml")
    assert said.code == 0, said.text
    validator = Draft7Validator(json.loads(said.out))
    good = {"id": "a", "script": "The probe lands", "opening": "frame.png", "length": 11}
    head = {"version": 1, "models": ["novum.yaml"], "model": "orbit/novum-2-i2v"}
    assert [*validator.iter_errors({**head, "jobs": [good]})] == []
    for wrong in ({"length": 12}, {"quality": "720P"}, {"with_sound": "loud"}, {"sript": "The probe lands"}):
        assert [*validator.iter_errors({**head, "jobs": [{**good, **wrong}]})], wrong


def test_prices_of_ones_own_take_the_place_of_its_own(folder: Folder) -> None:
    folder.holds(JOBS)
    listed = {"priced_on": "2026-11-28", "prices": {"orbit/novum-2-i2v": {"rows": [{"usd": [0.1, 0.3]}]}}}
    (folder.path / "prices.json").write_text(json.dumps(listed), encoding="utf-8")
    said = folder.types("plan", "shots.yaml", "--sandbox", "--prices", "prices.json", "-o", "json")
    plan = json.loads(said.out)
    assert {(job["cost"]["low_usd"], job["cost"]["high_usd"]) for job in plan["jobs"]} == {(0.1, 0.3)}


def test_without_a_price_nothing_is_submitted_until_somebody_says_so(folder: Folder) -> None:
    folder.holds(JOBS)
    (folder.path / "novum.yaml").write_text(DESCRIPTION.partition("price:")[0], encoding="utf-8")
    refused = folder.types("run", "shots.yaml", "--sandbox", "--yes")
    assert refused.code != 0, refused.text
    assert "--allow-unpriced" in refused.err + refused.out
    run = folder.types("run", "shots.yaml", "--sandbox", "--yes", "--allow-unpriced", "-o", "json")
    assert run.code == 0, run.text
    assert read_report(run.out).counts == {"done": 3}
