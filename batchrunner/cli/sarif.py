"""Problems as SARIF 2.1.0, which code scanning and editors read. Source: OASIS, Static Analysis Results Interchange."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from batchrunner import __version__
from batchrunner.cli.problems import in_words, masked
from batchrunner.cli.repository_path import from_repository
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem
from batchrunner.domain.text import json_text, visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# There is no public address yet: see `project.urls` of pyproject.toml.
DOCUMENTATION = "https://batchrunner.invalid/docs/"
# Source: section 3.14.14, the name by which readers know the top of the sources.
_TOP = "%SRCROOT%"


def as_sarif(problems: Sequence[Problem]) -> str:
    """One log with one run: a rule for each code that occurs, in the order of the codes, and a result a problem.

    Files are named from the top of their repository; columns count characters. No line of a file is in it.
    """
    occurring = {problem.code for problem in problems}
    codes = [code for code in Code if code in occurring]
    driver = {
        "name": "batchrunner",
        "version": __version__,
        "informationUri": DOCUMENTATION,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(problems, {code: index for index, code in enumerate(codes)})),
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: Code) -> dict[str, Any]:
    page = f"{DOCUMENTATION}problems/{code.value}.html"
    return {
        "id": code.value,
        "shortDescription": {"text": code.value.replace("-", " ")},
        "help": {"text": f"{page} has the rule, an example and how to fix it."},
        "helpUri": page,
        "defaultConfiguration": {"level": code.severity.value},
    }


def _results(problems: Iterable[Problem], indices: Mapping[Code, int]) -> Iterable[dict[str, Any]]:
    for problem in problems:
        yield {
            "ruleId": problem.code.value,
            "ruleIndex": indices[problem.code],
            "level": problem.severity.value,
            "message": {"text": _shown(in_words(problem))},
            "locations": [_place(problem.location)],
            "properties": {"field": problem.field, "jobs": [_shown(job) for job in problem.jobs]},
        }


def _place(location: Location) -> dict[str, Any]:
    """A position in a file; of an option that was typed, its name."""
    if not location.line:
        return {"logicalLocations": [{"name": _shown(location.file)}]}
    region = {"startLine": location.line, "startColumn": location.column}
    return {"physicalLocation": {"artifactLocation": _artifact(masked(location.file)), "region": region}}


def _artifact(file: str) -> dict[str, str]:
    name = from_repository(file)
    if os.path.isabs(name):  # noqa: PTH117  # a name
        return {"uri": Path(name).as_uri()}
    return {"uri": quote(Path(name).as_posix()), "uriBaseId": _TOP}


def _shown(text: str) -> str:
    return visible(masked(text))
