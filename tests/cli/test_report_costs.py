"""`report --by` and `--project`: sums from the ledger alone, of one manifest or of all, and where they are written."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from tests.studio import Studio, manifest_text

MARK = "\ufeff"
TAGGED = (
    "  - {{id: {id}, prompt: {id} waves, tags: [{tags}], image: https://example.com/{id}.jpg, durationSeconds: 8}}\n"
)


class Trailer(Studio):
    """Another manifest of the same folder."""

    @property
    def manifest(self) -> Path:
        return self.folder / "trailer.yaml"


def film() -> str:
    jobs = (
        TAGGED.format(id="a", tags="wide, night") + TAGGED.format(id="b", tags="night") + TAGGED.format(id="c", tags="")
    )
    return f"version: 1\nname: film\nmodel: google/veo-3.1-i2v\ndefaults: {{resolution: 720p}}\njobs:\n{jobs}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A film of three clips and a trailer of one, all rendered."""
    monkeypatch.chdir(tmp_path)
    first = Studio(tmp_path)
    first.write(film())
    first.run()
    other = Trailer(tmp_path, clock_s=first.clock_s)
    other.write(manifest_text("t").replace("name: batch", "name: trailer"))
    other.run()
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert outcome(["report", *words, "-o", "json"]) == ExitCode.DONE
    return json.loads(capsys.readouterr().out)


def test_tags_are_those_of_the_last_run_and_the_total_counts_each_job_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, "batch.yaml", "--by", "tag")
    assert {row["tag"]: row["clips"] for row in found["rows"]} == {"": 1, "night": 2, "wide": 1}
    assert (found["total"]["clips"], found["jobs_in_several_rows"]) == (3, 1)
    assert found["total"]["cost_usd"] == pytest.approx(3 * 2.576)


def test_sums_need_no_manifest_and_one_with_mistakes_does_no_harm(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = told(capsys, "batch.yaml", "--by", "tag")
    Path("batch.yaml").write_text("version: 1\njobs: [", encoding="utf-8")
    assert told(capsys, "batch.yaml", "--by", "tag") == whole
    Path("batch.yaml").unlink()
    assert told(capsys, "batch.yaml", "--by", "tag") == whole


@pytest.mark.parametrize("where", [".", "batch.yaml", "trailer.yaml"])
def test_a_project_is_all_of_its_manifests(folder: Path, capsys: pytest.CaptureFixture[str], where: str) -> None:
    found = told(capsys, where, "--project")
    assert [(row["manifest"], row["clips"]) for row in found["rows"]] == [("film", 3), ("trailer", 1)]
    assert found["total"]["clips"] == 4
    assert told(capsys, where, "--project", "--by", "model")["total"] == found["total"]


def test_one_manifest_counts_all_profiles_unless_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("batch.yaml").write_text(
        film().replace("jobs:", "profiles: {draft: {resolution: 4k}}\njobs:"), encoding="utf-8"
    )
    for profile in ("", "draft"):
        words = ["run", "batch.yaml", "--profile", profile, "--select", "a", "--sandbox", "--yes", "-q"]
        assert outcome(words) == ExitCode.DONE
    capsys.readouterr()
    found = told(capsys, "batch.yaml", "--sandbox", "--by", "profile")
    assert [(row["profile"], row["clips"]) for row in found["rows"]] == [("", 1), ("draft", 1)]
    draft = told(capsys, "batch.yaml", "--sandbox", "--by", "profile", "--profile", "draft")
    assert draft["rows"] == found["rows"][1:]


def test_what_nobody_ran_comes_to_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, str(tmp_path), "--project")
    assert (found["rows"], found["total"]["cost_usd"]) == ([], 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["."], "is a folder"),
        (["gone", "--project"], "does not exist"),
        (["batch.yaml", "--by", "tag", "--select", "a"], "sums are those of all jobs"),
        (["batch.yaml", "--by", "day", "-o", "html"], "sums have no form html"),
        (["batch.yaml", "--by", "day", "--profile", "drat"], "has no profile drat"),
        (["batch.yaml", "--project", "--to", "sums.html"], "sums have no form html"),
        (["batch.yaml", "--project", "--to", "sums.pdf"], "is not a report format"),
        ([".", "--project", "-o", "csv", "--to", "batch.yaml"], "does not hold older sums"),
        (["batch.yaml", "--by", "day", "-o", "csv", "--to", "batch.yaml"], "is read by"),
        ([".", "--project", "-o", "csv", "--to", "notes.csv"], "does not hold older sums"),
    ],
)
def test_what_cannot_be_summed_or_written_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    Path("notes.csv").write_text("shot,prompt\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in folder.glob("*.*") if path.is_file()}
    assert outcome(["report", *words]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.glob("*.*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["sums.csv", "sums.json", "sums.txt"])
def test_sums_take_the_place_of_older_ones(folder: Path, name: str) -> None:
    for key in ("tag", "day"):
        assert outcome(["report", ".", "--project", "--by", key, "--to", name]) == ExitCode.DONE
        assert key in Path(name).read_text(encoding="utf-8").splitlines()[0 if name != "sums.json" else 1]


def test_a_sheet_begins_with_the_mark_that_excel_needs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["batch.yaml"], ["batch.yaml", "--by", "tag"], [".", "--project"]):
        assert outcome(["report", *words, "-o", "csv"]) == ExitCode.DONE
        shown = capsys.readouterr().out
        assert shown.startswith(MARK)
        assert MARK not in shown[1:]
        assert outcome(["report", *words, "--to", f"{len(words)}.csv"]) == ExitCode.DONE
        written = Path(f"{len(words)}.csv").read_bytes().decode("utf-8")
        assert written == shown
        capsys.readouterr()
    assert outcome(["report", "batch.yaml", "-o", "json"]) == ExitCode.DONE
    assert MARK not in capsys.readouterr().out


def test_a_sheet_of_sums_ends_with_their_total(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["report", ".", "--project", "-o", "csv"]) == ExitCode.DONE
    *rows, total = csv.DictReader(io.StringIO(capsys.readouterr().out.removeprefix(MARK)))
    assert [row["manifest"] for row in rows] == ["film", "trailer"]
    assert total["manifest"] == "total"
    assert float(total["billed_usd"]) == pytest.approx(sum(float(row["billed_usd"]) for row in rows))
