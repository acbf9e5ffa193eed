"""The report as CSV, Markdown and JSON lines; the history of one job; the last lines of a plan."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner import open_project
from batchrunner.app.manifest_status import report_of, status_of
from batchrunner.catalog import shipped, shipped_prices
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.status import Flag, Status
from batchrunner.manifest.load import load
from batchrunner.planning.batch import load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.job_records import JobSet
from batchrunner.reports.formats import registry
from batchrunner.reports.formats.registry import render
from batchrunner.reports.job_history import history
from batchrunner.reports.plan_table import plan_table
from batchrunner.reports.report import Report
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.open import open_ledger, read_ledger
from tests.reports.plans import NOW_S, plan_for
from tests.reports.test_report import a_report, a_row
from tests.studio import Studio, manifest_text


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    faults = {Fault.TASK_FAILED: 0.5}
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, faults=faults, seed=3))
    studio.write(manifest_text("a", "b", "c").replace("variant b", "=HYPERLINK(1) | b"))
    studio.run()
    return studio


def report(studio: Studio) -> Report:
    manifest = studio.write(studio.manifest.read_text(encoding="utf-8"))
    with read_ledger(studio.project.ledger) as ledger:
        wanted = JobSet(manifest.name, manifest.profile, manifest.jobs)
        batch = load_batch(studio.project, wanted, ledger, shipped_prices(), NOW_S)
    return report_of(batch, batch.first_steps(PlanOptions(), None), NOW_S)


def test_csv_has_a_line_a_job_and_the_same_values_as_json(studio: Studio) -> None:
    rows = list(csv.DictReader(io.StringIO(render(report(studio), "csv"))))
    jobs = json.loads(render(report(studio), "json"))["jobs"]
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert [row["status"] for row in rows] == [job["status"] for job in jobs]
    assert [row["sha256"] or None for row in rows] == [job["sha256"] for job in jobs]
    assert [row["error_message"] or None for row in rows] == [(job["error"] or {}).get("message") for job in jobs]


def test_csv_tells_what_a_clip_is_and_what_it_came_to(studio: Studio) -> None:
    rows = list(csv.DictReader(io.StringIO(render(report(studio), "csv"))))
    by_status = {row["status"]: row for row in rows}
    done, failed = by_status["done"], by_status["failed"]
    assert (done["length_s"], done["resolution"], done["shape"], done["profile"]) == ("8", "720p", "16:9", "")
    assert float(done["length_s"]) * float(done["usd_per_second"]) == pytest.approx(float(done["estimated_usd"]))
    assert (done["reserved_usd"], done["billed_usd"], done["refunded_usd"]) == ("0.0", "2.576", "0.0")
    assert (failed["reserved_usd"], failed["billed_usd"], failed["refunded_usd"]) == ("0.0", "2.576", "0.0")
    for row in rows:
        assert float(row["reserved_usd"]) + float(row["billed_usd"]) == pytest.approx(float(row["cost_usd"]))


SHEET = "shot,prompt,artist,status,seed note\na,waves,Ann,ours,x\nb,runs,,theirs,y\n"
OF_A_SHEET = (
    "version: 1\nname: batch\nmodel: google/veo-3.1-i2v\njobs:\n  - {rows: shots.csv, id: '${row.shot}', "
    "prompt: 'A fox ${row.prompt}', image: 'https://example.com/a.jpg', durationSeconds: 8, resolution: 720p}\n"
    "  - {id: alone, prompt: x, image: 'https://example.com/b.jpg', durationSeconds: 8}\n"
)


def test_csv_has_the_columns_of_the_sheet_that_are_no_value_also_from_the_ledger_alone(tmp_path: Path) -> None:
    (tmp_path / "shots.csv").write_text(SHEET, encoding="utf-8")
    studio = Studio(tmp_path)
    studio.write(OF_A_SHEET)
    studio.run(only=frozenset({"a", "b"}))
    rows = list(csv.DictReader(io.StringIO(render(report(studio), "csv"))))
    own = [{name: cell for name, cell in row.items() if name.startswith("row.")} for row in rows]
    names = ("row.prompt", "row.artist", "row.status", "row.seed note")
    assert own[0] == dict(zip(names, ("waves", "Ann", "ours", "x"), strict=True))
    assert own[2] == dict.fromkeys(names, "")
    assert [(row["source_file"].rpartition("/")[2], row["source_line"]) for row in rows] == [
        ("shots.csv", "2"), ("shots.csv", "3"), ("batch.yaml", "6")
    ]  # fmt: skip

    studio.manifest.write_text("version: 1\njobs: [", encoding="utf-8")
    manifest = load(studio.manifest)
    told = status_of(manifest, studio.project, shipped_prices(), NOW_S).report
    remembered = list(csv.DictReader(io.StringIO(render(told, "csv"))))
    assert [{name: row[name] for name in names} for row in remembered] == own


def test_an_edit_of_a_column_that_is_no_value_changes_no_plan(tmp_path: Path) -> None:
    sheet = tmp_path / "shots.csv"
    sheet.write_text(SHEET, encoding="utf-8")
    studio = Studio(tmp_path)
    studio.write(OF_A_SHEET)
    before = open_project(studio.manifest).plan().digest
    sheet.write_text(SHEET.replace("Ann", "Bob"), encoding="utf-8")
    assert open_project(studio.manifest).plan().digest == before
    sheet.write_text(SHEET.replace("waves", "jumps"), encoding="utf-8")
    assert open_project(studio.manifest).plan().digest != before


def test_a_prompt_is_no_formula_to_a_spreadsheet(studio: Studio) -> None:
    studio.write(studio.manifest.read_text(encoding="utf-8").replace("The character waves, =HYPER", '"=HYPER')
                 .replace("| b\n", '| b"\n'))  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(render(report(studio), "csv"))))
    assert rows[1]["prompt"] == "'=HYPERLINK(1) | b"


def test_markdown_is_one_table_in_which_a_bar_is_no_border(studio: Studio) -> None:
    title, _, header, _, *rows = render(report(studio), "md").splitlines()
    assert title == "# batch"
    assert header.count("|") == rows[0].count("|")
    assert "\\| b" in rows[1]


def test_markdown_tells_money_reasons_and_totals_as_the_table_does(studio: Studio) -> None:
    studio.write(manifest_text("a", "b", "c", "d").replace("variant b", "=HYPERLINK(1) | b"))
    table, markdown = (render(report(studio), form).splitlines() for form in ("table", "md"))
    rows = [[cell.strip() for cell in line.strip("|").split("|")][:4] for line in markdown[4:8]]
    assert [" ".join(row) for row in rows] == [" ".join(line.split()) for line in table[2:6]]
    assert rows[3] == ["d", "pending", "-", "new"]
    assert markdown[8:] == ["", *(f"- {line}" for line in table[7:])]


@pytest.mark.parametrize(
    ("project", "file", "shown"),
    [
        ("sandbox-run", "outputs/a.mp4", "sandbox-run/outputs/a.mp4"),
        ("../film", "outputs/a.mp4", "../film/outputs/a.mp4"),
        (".", "outputs/a.mp4", "outputs/a.mp4"),
        ("", "outputs/a.mp4", "outputs/a.mp4"),
        ("sandbox-run", "/clips/a.mp4", "/clips/a.mp4"),
    ],
)
def test_people_see_a_path_that_they_can_open_and_programs_that_of_the_project(
    project: str, file: str, shown: str
) -> None:
    told = a_report(a_row("a", file=file), a_row("b", Status.PENDING, note="edited", older=file))
    table, markdown, html = (render(told, form, project=project) for form in ("table", "md", "html"))
    for text in (table, markdown):
        assert f" {shown}\n" in text or f" {shown} " in text
        assert f"edited; {shown} is the older clip" in text
    assert html.count(f'<a href="{shown}">{shown}</a>') == 2
    for form in ("json", "jsonl", "csv"):
        assert render(told, form, project=project) == render(told, form)


def test_json_lines_tell_the_whole_first_and_then_each_job(studio: Studio) -> None:
    whole, *jobs = [json.loads(line) for line in render(report(studio), "jsonl").splitlines()]
    assert whole["manifest"] == "batch"
    assert [job["id"] for job in jobs] == ["a", "b", "c"]


def test_a_history_tells_everything_in_order_and_what_comes_next(studio: Studio) -> None:
    failed = next(seen for seen in studio.seen() if seen.step.status == "failed")
    with open_ledger(studio.project.ledger) as ledger:
        ledger.decide([(failed.identity, Decision(studio.clock_s, DecisionKind.RETRY, 1))])
    again = next(seen for seen in studio.seen() if seen.identity == failed.identity)

    first, *lines, last = history(again.identity, again.history, again.step, shipped()).splitlines()

    assert first.endswith(": pending")
    assert "attempt 1: google/veo-3.1-i2v, $2.58 reserved" in lines[0]
    assert "attempt 1: prompt: The character waves, " in lines[1]
    assert "attempt 1: google/veo-3.1-i2v, aspectRatio 16:9, durationSeconds 8" in lines[2]
    assert "accepted as task-" in lines[3]
    assert "the service reports failed" in lines[-2]
    assert lines[-1].endswith("decided: submit again after the failure")
    times = [line.split()[0] for line in lines]
    assert times == sorted(times)
    assert last == "next: submit, failed, submitted again as requested"


def test_a_job_without_a_history_says_so(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    studio.write(manifest_text("a"))
    (seen,) = studio.seen()
    assert history(seen.identity, seen.history, seen.step, shipped()).splitlines() == [
        "a: pending",
        "nothing submitted yet",
        "next: submit, new",
    ]


def test_a_plan_says_how_many_clips_the_limit_pays_for(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    manifest = studio.write(manifest_text("a", "b", "c"))
    with read_ledger(studio.project.ledger) as ledger:
        seen = studio.batch(manifest, ledger).first_steps(PlanOptions(), Decimal("5.20"))
    shown = plan_table(plan_for(*seen))
    assert "  the cost limit covers 2 of 3; not covered: c" in shown.splitlines()


def test_a_task_that_runs_far_longer_than_any_before_is_told_as_stuck(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=60))
    studio.write(manifest_text("a", "b"))
    studio.run()
    studio.options = SandboxOptions(latency_s=36_000)
    manifest = studio.write(manifest_text("a", "b", "c"))
    studio.run(task_timeout_s=600)
    with read_ledger(studio.project.ledger) as ledger:
        batch = studio.batch(manifest, ledger)
    for now_s, flags in ((studio.clock_s, [Flag.STUCK]), (studio.clock_s - 500, [])):
        rows = report_of(batch, batch.first_steps(PlanOptions(), None), now_s).rows
        assert [flag for row in rows for flag in row.flags] == flags


def test_each_form_is_a_file_of_its_own_and_each_such_file_is_registered() -> None:
    files = {path.stem for path in Path(registry.__file__).parent.glob("*_report.py")}
    assert {form.__module__.rpartition(".")[2] for form in registry.FORMATS.values()} == files
    assert len(files) == len(registry.FORMATS)
