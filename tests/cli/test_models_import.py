"""`models import`: a description to begin with, whose open points are shown in their places, and which then works."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchrunner.app import published_pages
from batchrunner.cli.commands import models_import
from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from batchrunner.io.http import Http
from tests.catalog.test_published_schema import OPTIONS, VIDU, body, document
from tests.io.in_process import Answered, Service, answered

# Verbatim up to where the stored copy of the page is cut, closed there.
# Source: https://www.modellix.ai/models/google/veo-3.1-lite-i2v/api_schema, 2026-09
LITE: dict[str, Any] = {
    "servers": [{"url": "https://api.modellix.ai/api/v1/google/veo-3.1-lite-i2v/async"}],
    "post": {
        "description": "Google Veo 3.1 Lite image-to-video model.",
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {
                        "description": "Supports `prompt`, `image`, `lastFrame` and `resolution` (up to 1080p).",
                        "type": "object",
                        "required": ["prompt"],
                        "properties": {
                            "durationSeconds": {"enum": ["4", "6", "8"], "example": "6", "type": "string"},
                            "image": {"description": "Starting frame.", "type": "string"},
                            "prompt": {"description": "What: happens #here", "type": "string", "minLength": 1},
                            "resolution": {"default": "720p", "enum": ["720p", "1080p"], "type": "string"},
                        },
                    }
                }
            }
        },
    },
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kept(said: object) -> str:
    Path("schema.json").write_text(json.dumps(said), encoding="utf-8")
    return "schema.json"


def manifest(slug: str, job: str) -> str:
    text = f"version: 1\nmodels: models/*.yaml\nmodel: {slug}\njobs:\n  - {job}\n"
    Path("film.yaml").write_text(text, encoding="utf-8")
    return "film.yaml"


JOB = "{id: a, prompt: A bird, image: https://example.com/a.jpg, duration: 8}"


def test_what_is_imported_shows_its_open_points_and_works_once_they_are_filled_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert outcome(["models", "import", kept(LITE)]) == ExitCode.DONE
    file = Path("models/veo-3.1-lite-i2v.yaml")
    text = file.read_text(encoding="utf-8")
    todos = [number for number, line in enumerate(text.splitlines(), 1) if '"TODO: ' in line]
    assert f"wrote {file}, with {len(todos)} TODOs for you." in capsys.readouterr().out
    assert "Supports `prompt`, `image`, `lastFrame` and `resolution` (up to 1080p)." in text, "rules stand in prose"

    film = manifest("google/veo-3.1-lite-i2v", JOB)
    assert outcome(["validate", film, "-o", "json"]) == ExitCode.USAGE
    problems = json.loads(capsys.readouterr().out)["problems"]
    open_points = [each for each in problems if each["code"] == "model-todo"]
    assert [each["line"] for each in open_points] == todos
    assert {each["file"] for each in open_points} == {str(file)}
    assert any("which of image, prompt is the first image" in each["message"] for each in open_points)

    filled = {
        r"(?m)^  (prompt): .*": r"  \1: prompt",
        r"(?m)^  (first_image): .*": r"  \1: image",
        r"(?m)^  (duration): .*": r"  \1: durationSeconds",
        r"(?m)^  (resolution): .*": r"  \1: resolution",
        r"(image:\n +type: string\n +format): .*": r"\1: image-link",
        r"(?m)^price: .*": 'price: {read: 2026-08-18, rows: [{usd_per_second: "0.05"}]}',
        r'(?m)^.*"TODO: .*\n': "",
    }
    for pattern, said in filled.items():
        text = re.sub(pattern, said, text)
    file.write_text(text, encoding="utf-8")
    assert outcome(["validate", film]) == ExitCode.DONE
    assert outcome(["plan", film]) == ExitCode.DONE
    assert "$0.40" in capsys.readouterr().out
    assert (
        outcome(["models", "check", "google/veo-3.1-lite-i2v", "--manifest", film, "--offline-file", "schema.json"])
        == 0
    )


@pytest.mark.parametrize(
    "said",
    [
        LITE,
        VIDU,
        document(OPTIONS),
        document(
            body(
                ("a", "b.c"),
                **{
                    "a": {"type": "object", "properties": {"image": {"type": "string"}}},
                    "b.c": {"type": "string"},
                    "c": {"type": "array", "items": {"type": "object", "properties": {"image": {"type": "string"}}}},
                    "d": {"type": "array"},
                    "e": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5, "minimum": 1, "default": 1.5},
                    "f": {"type": "string", "enum": ["a: b", "#c", '"d"', "- e", "é", "yes"], "default": "yes"},
                    "g": {"type": "boolean", "default": True},
                    "h": {"type": "string", "enum": "x"},
                    "i": {"type": "string", "description": "\x1b[2J\n- hack: {a: b}\u2028\ufffe TODO: \U0001f600"},
                    "j": {},
                    "k": {"type": "string", "maxLength": 10**12},
                },
            )
        ),
    ],
)
def test_whatever_is_published_becomes_a_file_whose_only_problems_are_todos(
    said: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(["models", "import", kept(said), "--to", "models/mine.yaml"]) == ExitCode.DONE
    assert outcome(["validate", manifest("google/veo-3.1-i2v", JOB), "-o", "json"]) == ExitCode.USAGE
    shown = capsys.readouterr().out
    problems = json.loads(shown[shown.index("{\n") :])["problems"]
    assert {each["code"] for each in problems} == {"model-todo"}


def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("mine", encoding="utf-8")
    assert outcome(["models", "import", kept(LITE), "--to", "mine.yaml"]) == ExitCode.USAGE
    assert "mine.yaml already exists and is not overwritten" in capsys.readouterr().err
    assert Path("mine.yaml").read_text(encoding="utf-8") == "mine"


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    Path("models").symlink_to(outside)
    assert outcome(["models", "import", kept(LITE)]) == ExitCode.USAGE
    assert list(outside.iterdir()) == []


ANSWERS: list[tuple[Callable[[str], Answered], ExitCode, str]] = [
    (lambda _: answered(json.dumps(LITE).encode()), ExitCode.DONE, "wrote models/veo-3.1-lite-i2v.yaml"),
    (lambda _: answered(status=404), ExitCode.USAGE, "it answered 404. Nothing was written"),
    (lambda _: answered(b"<html>"), ExitCode.USAGE, "cannot be read as a schema: it is not JSON. Nothing was written"),
]


@pytest.mark.parametrize(("answer", "code", "said"), ANSWERS)
def test_a_model_is_asked_for_at_its_page(
    answer: Callable[[str], Answered],
    code: ExitCode,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = Service(answer)

    async def fetched(addresses: Any, http: Http) -> dict[str, bytes | str]:
        await http.close()
        return await published_pages.fetch_pages(addresses, service.http())

    monkeypatch.setattr(models_import, "fetch_pages", fetched)
    assert outcome(["models", "import", "google/veo-3.1-lite-i2v"]) == code
    shown = capsys.readouterr()
    assert said in shown.out + shown.err
    assert [target for _, target, _ in service.asked] == ["www.modellix.ai/models/google/veo-3.1-lite-i2v/api_schema"]
    if code == ExitCode.DONE:
        text = Path("models/veo-3.1-lite-i2v.yaml").read_text(encoding="utf-8")
        assert 'page: "https://www.modellix.ai/models/google/veo-3.1-lite-i2v/api_schema"' in text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nonsense", "there is no file nonsense, and it is no name of a model"),
        ("../../etc/x", "there is no file ../../etc/x, and it is no name of a model"),
        (".", ". is not a file"),
    ],
)
def test_what_cannot_be_imported_is_said(source: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["models", "import", source]) == ExitCode.USAGE
    assert words in capsys.readouterr().err


def test_a_file_that_does_not_say_which_model_it_is_of_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    said = document(body(a={"type": "string"}), "https://evil.example/api/v1/../../x")
    assert outcome(["models", "import", kept(said)]) == ExitCode.USAGE
    assert "schema.json does not say which model it is of" in capsys.readouterr().err
    assert not Path("models").exists()
