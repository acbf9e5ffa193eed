"""Where a report is written: in the place of an older one, and never in that of anything else."""

from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from tests.studio import Studio, manifest_text

TABLE = "  - {rows: shots.csv, id: '${row.shot}', prompt: She waves, image: 'https://example.com/a.jpg'}\n"


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Job `a` is done; `b` is a line of a table, `c` stands in an included file."""
    studio = Studio(tmp_path)
    (tmp_path / "shots.csv").write_text("shot\nb\n", encoding="utf-8")
    (tmp_path / "more.yaml").write_text("jobs:\n" + manifest_text("c").partition("jobs:\n")[2], encoding="utf-8")
    studio.write(manifest_text("a", head="include: [more.yaml]\n") + TABLE)
    studio.run(only=frozenset({"a"}))
    return studio


def report(studio: Studio, to: str, *more: str) -> int:
    return outcome(["report", str(studio.manifest), "--to", str(studio.folder / to), *more])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("batch.yaml", "is read by"),
        ("more.yaml", "is read by"),
        ("shots.csv", "is read by"),
        ("link.csv", "is read by"),
        ("batch.receipts.jsonl", "records what was paid"),
        ("other.receipts.jsonl", "records what was paid"),
        (".batchrunner/ledger.db", "records what was paid"),
        (".batchrunner/batch.log", "records what was paid"),
        ("outputs/batch/a.mp4", "is not text"),
    ],
)
def test_a_report_takes_the_place_of_nothing_that_the_project_lives_on(
    studio: Studio, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    (studio.folder / "link.csv").symlink_to("shots.csv")
    path = studio.folder / name
    before = path.read_bytes() if path.exists() else None

    assert report(studio, name, "-o", "csv") == ExitCode.USAGE

    shown = capsys.readouterr().err
    assert words in shown
    assert shown.endswith(": write the report to another file\n")
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_report_takes_the_place_of_an_older_one(studio: Studio) -> None:
    for form in ("csv", "json", "md", "html", "table", "csv"):
        assert report(studio, "told.csv", "-o", form) == ExitCode.DONE
    assert (studio.folder / "told.csv").read_text(encoding="utf-8-sig").startswith("id,status,")


def test_a_manifest_with_mistakes_is_not_written_over_either(studio: Studio) -> None:
    studio.manifest.write_text("version: 1\njobs: [\n", encoding="utf-8")
    assert report(studio, "batch.yaml", "-o", "csv") == ExitCode.USAGE
    assert studio.manifest.read_text(encoding="utf-8") == "version: 1\njobs: [\n"


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("told.csv", "id,status,"),
        ("told.JSON", "{\n"),
        ("told.jsonl", '{"schema_version"'),
        ("told.md", "# batch\n"),
        ("told.html", "<!doctype html>"),
        ("told.junit", "<?xml "),
        ("told.xml", "<?xml "),
        ("told.txt", "job "),
        ("told", "job "),
    ],
)
def test_the_ending_of_its_file_says_the_form_where_nobody_does(studio: Studio, name: str, begins: str) -> None:
    assert report(studio, name) == ExitCode.DONE
    assert (studio.folder / name).read_text(encoding="utf-8-sig").startswith(begins)


def test_a_form_that_somebody_says_holds_whatever_the_ending(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    report(studio, "said.csv", "-o", "table")
    monkeypatch.setenv("BATCHRUNNER_OUTPUT_FORMAT", "table")
    report(studio, "set.csv")
    for name in ("said.csv", "set.csv"):
        assert (studio.folder / name).read_text(encoding="utf-8").startswith("job ")
