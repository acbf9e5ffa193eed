"""`init --model`: a manifest for whatever model is chosen, whose fields, values and needs differ."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from batchrunner.catalog import Catalog, Model, Role, shipped
from batchrunner.catalog.description import read_model
from batchrunner.cli.main import outcome
from batchrunner.domain.problem import Code
from batchrunner.errors import ExitCode
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.permissions import Permissions
from batchrunner.manifest.scaffold import scaffold
from tests.io.test_images import png
from tests.manifest.desk import Desk
from tests.manifest.test_scaffold import Begun, frames

LINK = "https://example.com/a.jpg"
every_model = pytest.mark.parametrize("model", tuple(shipped()), ids=lambda model: model.slug)

# Lengths by the second, both frames needed, a seed, no starter.
BETWEEN = """
slug: studio/between
path: studio/between
source: {page: the studio's page, read: 2026-11-20, confidence: doc}
body:
  type: object
  required: [start_picture, end_picture, tier]
  properties:
    text: {type: string, minLength: 1, description: What happens.}
    start_picture: {type: string, format: image-link, description: The first frame.}
    end_picture: {type: string, format: image-link, description: The last frame.}
    secs: {type: integer, minimum: 1, maximum: 16, default: 5, description: The length.}
    lines: {type: string, enum: [540p, 720p, 1080p], default: 1080p, description: The lines.}
    noise: {type: integer, minimum: -1, maximum: 2147483647, description: A seed.}
    with_sound: {type: boolean, default: true, description: Whether there is sound.}
    tier: {type: string, enum: [slow, quick], description: How soon.}
roles: {prompt: text, first_image: start_picture, last_image: end_picture, duration: secs, resolution: lines,
        seed: noise, audio_switch: with_sound}
rules:
  - rule: 1080p needs 5 or 6 seconds
    when: {lines: [1080p]}
    then: {secs: [5, 6]}
    message: with `lines` 1080p, `secs` must be 5 or 6
    help: "write `lines: 720p`"
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


class Between:
    """What is written for the model above, and what it is worth."""

    def __init__(self, desk: Desk, sheet: str) -> None:
        desk.write("between.yaml", BETWEEN)
        desk.write("shots.csv", sheet)
        model = read_model(yaml.safe_load(BETWEEN))
        catalog = shipped().with_own([model])
        self.made = scaffold(Path("shots.yaml"), Path("shots.csv"), model=model, catalog=catalog)
        if self.made.rows:
            desk.write(str(self.made.rows_file), self.made.rows)
        self._desk = desk

    @property
    def manifest(self) -> Manifest:
        return self._desk.read(self.made.text.replace("version: 1\n", "version: 1\nmodels: between.yaml\n", 1))

    def bodies(self) -> list[dict[str, Any]]:
        assert self.manifest.errors == ()
        return [dict(job.body) for job in self.manifest.jobs]


@every_model
def test_a_plain_start_for_any_model_lacks_nothing_but_what_its_author_has_to_say(
    desk: Desk, capsys: pytest.CaptureFixture[str], model: Model
) -> None:
    assert Begun(capsys, Path("shots.yaml"), "--model", model.slug).code == ExitCode.DONE
    assert {problem.code for problem in load(Path("shots.yaml")).errors} == {Code.PLACEHOLDER}
    text = Path("shots.yaml").read_text()
    assert f"\nmodel: {model.slug}\n" in text
    desk.write("shots.yaml", text.replace("REPLACE-ME", LINK))
    assert load(Path("shots.yaml")).errors == ()


@every_model
def test_a_folder_of_frames_becomes_a_job_a_picture_for_any_model(
    desk: Desk, capsys: pytest.CaptureFixture[str], model: Model
) -> None:
    desk.write("frames/one.png", png(1280, 720))
    assert Begun(capsys, Path("shots.yaml"), "--model", model.slug, "--images", "frames").code == ExitCode.DONE
    assert {problem.code for problem in load(Path("shots.yaml")).errors} <= {Code.PLACEHOLDER}
    desk.write("shots.yaml", Path("shots.yaml").read_text().replace("REPLACE-ME", LINK))
    [job] = load(Path("shots.yaml")).jobs
    assert job.name == "one"


@every_model
@pytest.mark.parametrize("last", [0, 1])
def test_a_sheet_becomes_a_valid_manifest_for_any_model(
    desk: Desk, capsys: pytest.CaptureFixture[str], model: Model, last: int
) -> None:
    """Each of the values that the model documents or lists is in it once, where they go together."""
    name = model.field(Role.DURATION)
    lengths = [str(value) for value in model.takes(Role.DURATION)] or ["5"]
    rows = [f"s{number},x,{LINK},{LINK},{length}s" for number, length in enumerate((lengths[0], lengths[-1]))]
    desk.write("shots.csv", "Shot,Prompt,Start,End,Dauer\n" + "\n".join([rows[0], rows[last]][: 1 + last]) + "\n")
    begun = Begun(capsys, Path("shots.yaml"), "--model", model.slug, "--from", "shots.csv")
    manifest = load(Path("shots.yaml"), permissions=Permissions((Path.cwd(),)))
    assert begun.code == ExitCode.DONE
    # what the sheet itself asks for may be too much: a last frame needs a length
    assert {problem.code for problem in manifest.errors} <= {Code.LAST_FRAME_DURATION}
    if not manifest.errors:
        assert {str(job.body[name or ""]) for job in manifest.jobs} == {lengths[0], lengths[-1 * last]}


def test_a_model_that_there_is_not_is_told_with_the_nearest(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    begun = Begun(capsys, Path("shots.yaml"), "--model", "google/veo-3.1-i2w")
    assert begun.code == ExitCode.USAGE
    assert "there is no model google/veo-3.1-i2w: did you mean google/veo-3.1-i2v?" in begun.err
    assert not Path("shots.yaml").exists()


def test_a_model_that_is_like_none_is_told_with_those_that_there_are(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"there are: {', '.join(shipped().slugs)}" in Begun(capsys, Path("s.yaml"), "--model", "?").err


def test_lengths_of_a_range_are_found_and_spelt(desk: Desk) -> None:
    begun = Between(desk, f"Shot,Prompt,Start,End,Länge\na,x,{LINK},{LINK},12s\nb,x,{LINK},{LINK},0:03\n")
    assert [body["secs"] for body in begun.bodies()] == [12, 3]
    assert '`secs` is the column "Länge"; written as 12: "12s"; as 3: "0:03"' in begun.made.guesses


def test_a_length_beyond_the_range_is_warned_about(desk: Desk) -> None:
    begun = Between(desk, f"Shot,Prompt,Start,End,Länge\na,x,{LINK},{LINK},5\nb,x,{LINK},{LINK},20\n")
    assert '"Länge" has values other than 1 to 16: "20" in row 3' in begun.made.warnings


def test_a_default_of_the_service_gives_way_where_the_lengths_of_the_sheet_do_not_go_with_it(desk: Desk) -> None:
    begun = Between(desk, f"Shot,Prompt,Start,End,Länge\na,x,{LINK},{LINK},5\nb,x,{LINK},{LINK},9\n")
    assert [body["lines"] for body in begun.bodies()] == ["540p", "540p"]
    assert "for every clip: `tier` slow, `lines` 540p, as 1080p needs 5 or 6 seconds" in begun.made.guesses


def test_what_every_request_needs_is_given_or_asked_for(desk: Desk) -> None:
    begun = Between(desk, f"Shot,Prompt,Start\na,x,{LINK}\n")
    assert "there is no column for `end_picture`: write it in place of REPLACE-ME" in begun.made.warnings
    assert {problem.code for problem in begun.manifest.errors} == {Code.PLACEHOLDER}
    assert "  tier: slow\n" in begun.made.text


def test_a_model_without_a_starter_gives_nothing_that_it_does_not_need(desk: Desk) -> None:
    text = scaffold(Path("s.yaml"), model=_bare(), catalog=Catalog([_bare()])).text
    assert "defaults:" not in text
    assert "    first_frame_image: REPLACE-ME     # a local file" in text


def _bare() -> Model:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    return read_model(yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0]))


SEEDS = "Shot,Prompt,Start,End,{head}\na,x,{link},{link},7\nb,x,{link},{link},42\n"


@pytest.mark.parametrize("head", ["Seed", "Startwert", "graine", "semilla", "seme", "ziarno", "シード", "种子", "시드"])
def test_a_column_of_seeds_is_found_in_many_languages(desk: Desk, head: str) -> None:
    begun = Between(desk, SEEDS.format(head=head, link=LINK))
    assert [body["noise"] for body in begun.bodies()] == [7, 42]


SWITCHES = {
    "Audio": ("yes", "no"),
    "Ton": ("ja", "nein"),
    "avec son": ("oui", "non"),
    "Sonido": ("Sí", "NO"),
    "suono": ("con", "senza"),
    "som": ("com", "sem"),
    "geluid": ("aan", "uit"),
    "dźwięk": ("tak", "nie"),
    "音声": ("あり", "なし"),
    "声音": ("有", "无"),
    "소리": ("예", "아니요"),
    "with_sound": ("TRUE", "false"),
}


@pytest.mark.parametrize(("head", "values"), SWITCHES.items(), ids=SWITCHES)
def test_a_column_that_switches_the_sound_is_found_in_many_languages(
    desk: Desk, head: str, values: tuple[str, str]
) -> None:
    on, off = values
    begun = Between(desk, f"Shot,Prompt,Start,End,{head}\na,x,{LINK},{LINK},{on}\nb,x,{LINK},{LINK},{off}\n")
    assert [body["with_sound"] for body in begun.bodies()] == [True, False]


def test_a_column_that_tells_of_sounds_switches_none(desk: Desk) -> None:
    sheet = f"Shot,Prompt,Start,End,Ton\na,x,{LINK},{LINK},ohne\nb,x,{LINK},{LINK},Wind und Regen\n"
    begun = Between(desk, sheet)
    assert all("with_sound" not in body for body in begun.bodies())
    assert (
        'column "Ton" is not used, as "Wind und Regen" is not a valid `with_sound`: true, the service\'s default, '
        "is used for all"
    ) in begun.made.warnings


def test_a_column_is_found_by_what_the_model_calls_its_field(desk: Desk) -> None:
    begun = Between(desk, f"id,text,start_picture,end_picture,tier\na,x,{LINK},{LINK},quick\n")
    assert begun.bodies() == [{"text": "x", "start_picture": LINK, "end_picture": LINK, "tier": "quick"}]


def test_references_do_instead_of_a_first_image(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("shots.csv", f"id,prompt,references\na,x,{LINK}\n")
    assert Begun(capsys, Path("shots.yaml"), "--from", "shots.csv").valid().jobs


def test_the_model_may_be_named_by_the_environment(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCHRUNNER_MODEL", "google/veo-3.1-fast-i2v")
    frames(desk, "a.png")
    assert outcome(["init", "shots.yaml"]) == ExitCode.DONE
    assert "model: google/veo-3.1-fast-i2v" in Path("shots.yaml").read_text()
