"""Defaults that were typed beside the command: they count where the manifest's own would, and nowhere else."""

from pathlib import Path

import pytest

from batchrunner.domain.problem import Code
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.overrides import Override

TEXT = """\
version: 1
model: google/veo-3.1-i2v
defaults: {durationSeconds: 8, resolution: 1080p, image: https://example.com/a.jpg}
templates: {large: {resolution: 4k}}
profiles: {draft: {resolution: 720p}}
jobs:
  - {id: plain, prompt: She waves}
  - {id: own, prompt: She waves twice, resolution: 1080p}
  - {id: hero, prompt: She turns, extends: large}
"""


def read(folder: Path, *typed: str, profile: str = "", text: str = TEXT) -> Manifest:
    (folder / "film.yaml").write_text(text, encoding="utf-8")
    return load(folder / "film.yaml", profile, overrides=tuple(map(Override.typed, typed)))


def sent(manifest: Manifest, field: str) -> dict[str, object]:
    assert manifest.errors == ()
    return {job.name: job.body.get(field) for job in manifest.jobs}


def test_a_typed_default_counts_below_templates_jobs_and_profiles(tmp_path: Path) -> None:
    typed = "resolution=720p"
    assert sent(read(tmp_path, typed), "resolution") == {"plain": "720p", "own": "1080p", "hero": "4k"}
    assert set(sent(read(tmp_path, "resolution=1080p", profile="draft"), "resolution").values()) == {"720p"}
    assert sent(read(tmp_path), "resolution")["plain"] == "1080p"


def test_the_word_for_a_role_means_the_field_that_the_defaults_name_otherwise(tmp_path: Path) -> None:
    text = TEXT.replace("4k", "720p").replace("1080p}", "720p}")
    read_so = read(tmp_path, "duration=4", "resolution=720p", text=text)
    assert set(sent(read_so, "durationSeconds").values()) == {"4"}


def test_the_model_can_be_set(tmp_path: Path) -> None:
    slug = "google/veo-3.1-fast-i2v"
    assert {job.request.model for job in read(tmp_path, f"model={slug}").jobs} == {slug}


@pytest.mark.parametrize("text", ["He says: wait", "#1 [of two", "costs ${vars.x}", "{a: b}", "'quoted'", "no"])
def test_a_text_is_taken_as_it_is(tmp_path: Path, text: str) -> None:
    without = TEXT.replace(", prompt: She waves}", "}")
    assert sent(read(tmp_path, f"prompt={text}", text=without), "prompt")["plain"] == text


def test_of_a_key_that_is_typed_twice_the_last_value_counts(tmp_path: Path) -> None:
    assert sent(read(tmp_path, "resolution=4k", "resolution=720p"), "resolution")["plain"] == "720p"


@pytest.mark.parametrize(
    ("typed", "code", "hint"),
    [
        ("resolution=72p", Code.WRONG_VALUE, 'write "720p"'),
        ("resoluton=720p", Code.UNKNOWN_KEY, "did you mean `resolution`?"),
        ("takes=2", Code.UNKNOWN_KEY, "`takes` belongs into a job or into `defaults`, not here"),
        ("model=google/veo-3.1-i3v", Code.UNKNOWN_MODEL, "did you mean `google/veo-3.1-i2v`?"),
        ("resolution=[720p]", Code.WRONG_TYPE, None),
    ],
)
def test_a_mistake_in_it_has_the_option_as_its_place(tmp_path: Path, typed: str, code: Code, hint: str | None) -> None:
    problem, *_ = read(tmp_path, typed).errors
    assert (str(problem.location), problem.location.line) == (f"--set {typed}", 0)
    assert problem.code is code
    assert "line 0" not in problem.message
    assert hint is None or problem.hint == hint


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("resolution", "expected KEY=VALUE"),
        ("=720p", "expected KEY=VALUE"),
        ("resolution=", "expected KEY=VALUE"),
        ("resolution=null", "a default cannot be removed here"),
        ("image=[a, {b: c}]", "cannot be read"),
        ("image=[a", "cannot be read"),
        ("seed=" + "9" * 700, "at most 640 are allowed"),
    ],
)
def test_what_is_no_value_is_refused_before_anything_is_read(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Override.typed(typed)


def test_a_typed_path_is_seen_from_where_the_person_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Path(__file__).parents[2] / "jobs-examples" / "frames" / "boat_start.png"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "boat.png").write_bytes(picture.read_bytes())
    monkeypatch.chdir(tmp_path / "sub")
    (tmp_path / "film.yaml").write_text(TEXT, encoding="utf-8")
    manifest = load(Path("../film.yaml"), overrides=(Override.typed("image=boat.png"),))
    assert [str(problem.location) for problem in manifest.errors] == []
