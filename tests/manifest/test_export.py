"""`plan -o yaml`: the manifest, every job spelt out; it is valid and expands to itself."""

from pathlib import Path
from typing import Any

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from batchrunner.manifest.load import Manifest, load
from tests.io.test_images import png
from tests.manifest.desk import HEAD, LINK, Desk, parsed


def job(more: str) -> str:
    """One job with a picture."""
    return f"  - {{image: '{LINK}', {more}}}\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def printed(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> str:
    """What `plan -o yaml` prints."""
    capsys.readouterr()
    assert outcome(["plan", str(path), "-o", "yaml", *options]) == ExitCode.DONE
    return capsys.readouterr().out


def wished(manifest: Manifest) -> list[Any]:
    return [(job.name, job.request, job.output, job.tags) for job in manifest.jobs]


def assert_expands_to_itself(capsys: pytest.CaptureFixture[str], path: Path, profile: str = "") -> Manifest:
    """What is printed asks for the same as the manifest, and is printed as it stands."""
    manifest = load(path, profile)
    assert not manifest.errors, manifest.errors
    text = printed(capsys, path, "--profile", profile)
    beside = path.with_name("spelt-out.yaml")
    beside.write_text(text, encoding="utf-8")
    again = load(beside)
    assert again.errors == ()
    assert wished(again) == wished(manifest)
    assert again.name == manifest.name
    assert printed(capsys, beside) == text
    return again


ONES = {
    "one job": "jobs:\n" + job("id: a, prompt: x"),
    "takes": "jobs:\n" + job("id: a, prompt: x, takes: 3") + job("id: b, prompt: y"),
    "takes in folders": "jobs:\n" + job("id: a, prompt: x, takes: 2, output: 'c/${job.id}/a.mp4'"),
    "takes with a name that is everywhere": (
        "jobs:\n" + job("id: a, prompt: x, takes: 3, output: 'a/a-a-${job.id}/aa/${job.id}-a.mp4'")
    ),
    "a literal variable": "jobs:\n" + job("id: a, prompt: 'cost $${price} and $5 {x}'"),
    "a literal variable in a tag": "jobs:\n" + job("id: a, prompt: x, tags: ['$${t}', '007', 'no']"),
    "a literal variable in a path": (
        "jobs:\n" + job("id: a, prompt: x, takes: 2, output: 'c/$${job.id}/${job.id}.mp4'")
    ),
    "a link with one": "jobs:\n  - {id: a, prompt: x, image: 'https://example.com/$${x}.jpg'}\n",
    "prose": "jobs:\n" + job('id: a, prompt: "two\\nlines: \\u201cx\\u201d # no comment \\u2028 \\t"'),
    "an empty text": "jobs:\n" + job("id: a, prompt: x, negativePrompt: ''"),
    "texts that look like numbers": "jobs:\n" + job("id: '1e3', prompt: 007, negativePrompt: 'true'"),
    "reference images": "jobs:\n  - {id: a, prompt: x, referenceImages: [frames/a.png, https://example.com/b.jpg]}\n",
    "local images": "jobs:\n  - {id: a, prompt: x, image: frames/a.png, lastFrame: ./frames/../frames/a b.png}\n",
    "images of a template elsewhere": "include: shots/t.yaml\njobs:\n  - {id: a, prompt: x, extends: t}\n",
    "includes": "include: shots/*.yaml\njobs:\n" + job("id: a, prompt: x"),
    "a signed link": "jobs:\n  - {id: a, prompt: x, image: 'https://example.com/a.jpg?X-Amz-Signature=1'}\n",
    "a matrix": (
        "jobs:\n" + job("id: 'a-${matrix.x}', matrix: {x: [1, 2], include: [{x: 3}]}, prompt: 'x ${matrix.x}'")
    ),
    "settings": (
        "name: other\nsettings: {concurrency: 3, rate: 5/s, budget: $40.50, retries: 1, task_timeout: 1h,\n"
        "  output: 'c/${job.id}.mp4'}\njobs:\n" + job("id: a, prompt: x")
    ),
    "a job that is left out": "jobs:\n" + job("id: a, prompt: x, enabled: false") + job("id: b, prompt: x"),
}


@pytest.mark.parametrize("text", ONES.values(), ids=ONES)
@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_what_is_printed_expands_to_itself(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str, where: str
) -> None:
    """Also where the manifest lies in another folder than the one in which somebody works."""
    for name in ("film/frames/a.png", "film/frames/a b.png", "film/shots/b.png"):
        desk.write(name, png(16, 9))
    desk.write("film/shots/t.yaml", "templates: {t: {image: b.png}}\njobs:\n  - {id: t, prompt: t, extends: t}\n")
    desk.write("film/m.yaml", HEAD + text)
    monkeypatch.chdir(desk.folder / "film" if where == "here" else desk.folder)
    assert_expands_to_itself(capsys, Path("m.yaml" if where == "here" else "film/m.yaml"))


def test_a_profile_is_spelt_out_with_its_own_outputs(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    text = HEAD + (
        "settings: {output: 'clips/${job.model}/${job.id}.mp4'}\n"
        "profiles: {draft: {model: google/veo-3.1-fast-i2v, durationSeconds: 4, takes: 2}}\n"
        f"jobs:\n  - {{id: a, prompt: x, image: '{LINK}'}}\n"
    )
    again = assert_expands_to_itself(capsys, desk.write("m.yaml", text), "draft")
    assert [job.output for job in again.jobs] == [
        "clips/google-veo-3.1-fast-i2v/draft/a.mp4",
        "clips/google-veo-3.1-fast-i2v/draft/a.2.mp4",
    ]


def test_settings_are_kept_as_they_were_meant(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    text = HEAD + (
        "vars: {most: 40.50}\n"
        "settings: {budget: '${vars.most}', rate: 5/s, concurrency: 3, output: 'c/${job.id}.mp4'}\n"
        f"jobs:\n  - {{id: a, prompt: x, image: '{LINK}'}}\n"
    )
    again = assert_expands_to_itself(capsys, desk.write("m.yaml", text))
    assert again.settings_as_written == {"budget": 40.5, "rate": "5/s", "concurrency": 3}


def test_what_is_printed_has_no_generators_and_no_variables(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("r.csv", "id,who\na,the fox\nb,\n")
    text = HEAD + (
        "vars: {who: the cat}\njobs:\n  - rows: r.csv\n    id: ${row.id}-${matrix.x}\n    matrix: {x: [1, 2]}\n"
        f"    prompt: ${{row.who:-a dog}} and ${{vars.who}} ${{matrix.x}}\n    image: {LINK}\n    tags: [t]\n"
    )
    data = parsed(printed(capsys, desk.write("m.yaml", text)))
    assert data["jobs"][0] == {
        "id": "a-1",
        "model": "google/veo-3.1-i2v",
        "prompt": "the fox and the cat 1",
        "image": LINK,
        "durationSeconds": "8",
        "tags": ["t"],
        "output": "outputs/m/a-1.mp4",
    }
    assert [job["id"] for job in data["jobs"]] == ["a-1", "a-2", "b-1", "b-2"]


def test_takes_are_said_as_a_number(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = desk.write("m.yaml", HEAD + f"jobs:\n  - {{id: a, prompt: x, image: '{LINK}', takes: 3}}\n")
    [job] = parsed(printed(capsys, path))["jobs"]
    assert (job["id"], job["takes"], job["output"]) == ("a", 3, "outputs/m/${job.id}.mp4")


def test_nothing_is_printed_of_a_manifest_with_mistakes(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = desk.write("m.yaml", HEAD + "jobs:\n  - {id: a, prompt: x}\n")
    assert outcome(["plan", str(path), "-o", "yaml"]) == ExitCode.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "image-missing" in shown.err


def test_a_model_of_ones_own_is_named_where_a_job_asks_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models").mkdir()
    for name in ("asked", "idle"):
        text = f"slug: studio/{name}-i2v\nlike: google/veo-3.1-i2v\npath: studio/{name}-i2v\n"
        (tmp_path / "models" / f"{name}.yaml").write_text(text, encoding="utf-8")
    path = tmp_path / "film.yaml"
    own = HEAD.replace("google/veo-3.1-i2v", "studio/asked-i2v")
    path.write_text(f"{own}models: [models/*.yaml]\njobs:\n{job('id: a, prompt: x')}", encoding="utf-8")
    again = assert_expands_to_itself(capsys, path)
    assert again.catalog.find("studio/asked-i2v")
    assert again.catalog.find("studio/idle-i2v") is None
