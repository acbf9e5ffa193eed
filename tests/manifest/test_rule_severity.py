"""A rule of a description is as severe as the description says."""

from pathlib import Path

import pytest

from batchrunner.domain.problem import Code
from tests.manifest.desk import Desk

DESCRIPTION = """\
slug: studio/mine
path: studio/mine
source: {page: our notes, read: 2026-11-01, confidence: inferred}
body:
  type: object
  required: [text]
  properties:
    text: {type: string, minLength: 1, description: What happens.}
    size: {type: string, enum: [small, large], description: The size.}
    length: {type: integer, enum: [5, 10], description: Seconds.}
roles: {prompt: text, duration: length, resolution: size}
rules:
  - rule: ten seconds are small
    when: {length: [10]}
    then: {size: [small]}
    CODE
    message: ten seconds may not be large
    help: "write `size: small`"
    SEVERITY
"""
MANIFEST = """\
version: 1
models: [mine.yaml]
model: studio/mine
jobs:
  - {id: a, text: She waves, length: 10, size: large}
"""


@pytest.mark.parametrize(
    ("code", "severity", "is_error"),
    [
        (Code.VALUES_EXCLUDED, "", True),
        (Code.VALUES_EXCLUDED, "severity: error", True),
        (Code.VALUES_EXCLUDED, "severity: warning", False),
        (Code.NO_DURATION, "", False),
        (Code.NO_DURATION, "severity: error", True),
        (Code.NO_DURATION, "severity: warning", False),
    ],
)
def test_what_breaks_a_rule_is_wrong_or_only_worth_a_look(
    tmp_path: Path, code: Code, severity: str, *, is_error: bool
) -> None:
    desk = Desk(tmp_path)
    desk.write("mine.yaml", DESCRIPTION.replace("CODE", f"code: {code}").replace("SEVERITY", severity))
    manifest = desk.read(MANIFEST)
    assert [problem.code for problem in manifest.problems] == [code]
    assert [problem.jobs for problem in manifest.errors] == ([("a",)] if is_error else [])
    assert [job.name for job in manifest.jobs] == ([] if is_error else ["a"])
