"""`schema`: one file for editors, one for reports, one for descriptions of models, one for each model's body."""

import json
from pathlib import Path
from typing import Any

import pytest

from batchrunner.catalog import shipped
from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from tests.manifest.test_scaffold_models import BETWEEN


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert outcome(["schema", *arguments]) == ExitCode.DONE
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("what", ["report", "events", "model"])
def test_a_schema_that_is_a_file_is_printed_as_it_is(capsys: pytest.CaptureFixture[str], what: str) -> None:
    file = Path(__file__).parents[2] / "schemas" / f"{what}.schema.json"
    assert printed(capsys, what) == json.loads(file.read_text(encoding="utf-8"))


def test_the_name_of_a_model_prints_the_schema_of_its_body(capsys: pytest.CaptureFixture[str]) -> None:
    slug = shipped().default.slug
    assert printed(capsys, slug)["properties"].keys() == shipped().default.fields.keys()


def test_models_of_ones_own_are_in_the_schema_for_a_manifest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "between.yaml").write_text(BETWEEN, encoding="utf-8")
    film = tmp_path / "film.yaml"
    film.write_text("version: 1\nmodels: between.yaml\nmodel: not/there\nnonsense: 1\n", encoding="utf-8")
    assert "studio/between" in printed(capsys, "manifest", "--manifest", str(film))["definitions"]
    assert "tier" in printed(capsys, "studio/between", "--manifest", str(film))["properties"]
    assert "studio/between" not in printed(capsys, "manifest")["definitions"]


def test_what_is_wrong_with_a_model_of_ones_own_is_told_and_the_rest_is_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "between.yaml").write_text(BETWEEN.replace("prompt: text", "prompt: txt"), encoding="utf-8")
    film = tmp_path / "film.yaml"
    film.write_text("version: 1\nmodels: between.yaml\njobs: []\n", encoding="utf-8")
    assert outcome(["schema", "--manifest", str(film)]) == ExitCode.DONE
    shown = capsys.readouterr()
    assert "model-file" in shown.err
    assert "google/veo-3.1-i2v" in json.loads(shown.out)["definitions"]


def test_a_manifest_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["schema", "--manifest", "nowhere.yaml"]) == ExitCode.USAGE
    assert "nowhere.yaml" in capsys.readouterr().err


def test_a_schema_that_there_is_not_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["schema", "nothing"]) == ExitCode.USAGE
    assert "use manifest, report, events, model, or one of google/veo-3.1-i2v" in capsys.readouterr().err
