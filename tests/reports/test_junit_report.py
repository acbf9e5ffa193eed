"""The report as JUnit's XML, read as a CI server reads it, by junitparser."""

import json
from pathlib import Path

import pytest
from junitparser import JUnitXml, TestCase, TestSuite

from batchrunner.cli.main import outcome
from batchrunner.domain.observation import ErrorClass, Failure
from batchrunner.domain.status import Status
from batchrunner.reports.formats.registry import render
from batchrunner.reports.report import Report
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from tests.reports.test_report import a_report, a_row
from tests.studio import Studio, manifest_text

LIMIT = Failure(ErrorClass.AUTH, "the key was refused")


def read(text: str) -> tuple[TestSuite, dict[str, TestCase]]:
    """The only suite, and its cases by name."""
    (suite,) = JUnitXml.fromstring(text.encode())
    assert isinstance(suite, TestSuite)
    return suite, {str(case.name): case for case in suite}


def ended(report: Report) -> dict[str, tuple[str, str, str]]:
    """How each case ended: with what, of which kind, and why."""
    _, cases = read(render(report, "junit"))
    return {
        name: ("", "", "")
        if not case.result
        else (type(case.result[0]).__name__, str(case.result[0].type), str(case.result[0].message))
        for name, case in cases.items()
    }


def test_each_status_is_what_a_ci_server_makes_of_it() -> None:
    rows = (
        a_row("done"),
        a_row("failed", Status.FAILED, error=Failure(ErrorClass.PROVIDER, "it broke")),
        a_row("unknown", Status.UNKNOWN, note="no answer"),
        a_row("expired", Status.EXPIRED, error=Failure(ErrorClass.EXPIRED, "it is gone")),
        a_row("pending", Status.PENDING, note="over --limit 3"),
        a_row("refused", Status.PENDING, error=LIMIT),
        a_row("running", Status.RUNNING, note="still running"),
        a_row("rendered", Status.RENDERED, note="to be fetched"),
    )
    assert ended(a_report(*rows, removed=(a_row("departed", Status.FAILED),))) == {
        "done": ("", "", ""),
        "failed": ("Failure", "provider", "it broke"),
        "unknown": ("Error", "unknown", "no answer"),
        "expired": ("Error", "expired", "it is gone"),
        "pending": ("Skipped", "pending", "over --limit 3"),
        "refused": ("Error", "auth", "the key was refused"),
        "running": ("Skipped", "running", "still running"),
        "rendered": ("Skipped", "rendered", "to be fetched"),
    }
    suite, cases = read(render(a_report(*rows), "junit"))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (8, 1, 3, 3)
    assert {case.classname for case in cases.values()} == {"film"}


def test_a_case_takes_from_its_submit_to_its_clip() -> None:
    rows = (
        a_row("done", submitted_at_s=100.0, rendered_at_s=150.0, done_at_s=160.5),
        a_row("failed", Status.FAILED, submitted_at_s=100.0),
        a_row("rendered", Status.RENDERED, submitted_at_s=100.0, rendered_at_s=150.0),
        a_row("set back", submitted_at_s=100.0, done_at_s=90.0),
    )
    suite, cases = read(render(a_report(*rows), "junit"))
    assert [case.time for case in cases.values()] == [60.5, 0, 50, 0]
    assert suite.time == 110.5


def test_the_suite_says_what_was_paid_by_which_run_and_when() -> None:
    suite, _ = read(render(a_report(a_row(), profile="draft"), "junit"))
    said = {each.name: each.value for each in suite.properties()}  # type: ignore[no-untyped-call]  # theirs
    assert said == {"run_id": "3", "exit_code": "0", "actual_usd": "2.576", "estimated_usd": "12.88"}
    assert suite.name == "film (draft)"
    assert suite.timestamp is not None
    assert not suite.timestamp.endswith("Z")


@pytest.mark.parametrize("text", ["<b>&\"'", "a\x00b", "a\ud800b", "a\uffffb\ufffe", "a]]>b", "é🎬", "a\n::error::b"])
def test_whatever_the_service_says_is_text(text: str) -> None:
    row = a_row("été", Status.FAILED, error=Failure(ErrorClass.PROVIDER, text))
    (said,) = ended(a_report(row)).values()
    assert said[2].startswith(text[:1])
    assert said[2].isprintable()
    assert render(a_report(row), "junit").isascii()


def test_status_and_report_print_what_json_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults = {Fault.TASK_FAILED: 0.5}
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, faults=faults, seed=3))
    studio.write(manifest_text("a", "b", "c", "d"))
    studio.run()
    for words in (["report"], ["status"]):
        told = {}
        for form in ("json", "junit"):
            assert outcome([*words, str(studio.manifest), "-o", form]) == 0
            told[form] = capsys.readouterr().out
        _, cases = read(told["junit"])
        statuses = {job["id"]: job["status"] for job in json.loads(told["json"])["jobs"]}
        assert {"done", "failed"} <= set(statuses.values())
        passed = {name for name, case in cases.items() if case.is_passed}
        assert passed == {name for name, status in statuses.items() if status == "done"}
        assert {name for name, case in cases.items() if case.is_failure} == set(cases) - passed
