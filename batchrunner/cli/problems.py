"""Problems as people, programs and GitHub read them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from batchrunner.cli.repository_path import from_repository
from batchrunner.cli.terminal import one_line
from batchrunner.domain.problem import Problem, Severity
from batchrunner.domain.request import without_secrets
from batchrunner.domain.text import Lines, columns, json_text, visible

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
_WIDEST_LINE = 120
_API_KEY = re.compile(r"mdlx-[A-Za-z0-9_-]{8,}")

Sources = Mapping[str, Sequence[str]]


def as_text(problems: Iterable[Problem], lines: Sources) -> Lines:
    """`file:line:column: code  message`, the line itself with a caret, and the help; a warning says that it is one."""
    blocks = (_one(problem, lines) for problem in problems)
    return Lines("\n\n".join(blocks))


def as_json(problems: Iterable[Problem], jobs: int) -> str:
    """One object: `{"valid", "jobs", "problems": […]}`; its names are fixed."""
    listed = [_object(problem) for problem in problems]
    valid = not any(p["severity"] == Severity.ERROR for p in listed)
    return json_text({"valid": valid, "jobs": jobs, "problems": listed}, indent=2)


def as_github(problems: Iterable[Problem]) -> str:
    """Annotations that GitHub shows beside the line, files as it names them. Source: its workflow commands, 2026."""
    return "\n".join(_annotation(problem) for problem in problems)


def _one(problem: Problem, lines: Sources) -> Lines:
    colour = _COLOURS[problem.severity]
    location = click.style(masked(str(problem.location)), bold=True)
    is_warning = problem.severity is Severity.WARNING
    code = click.style(f"warning: {problem.code.value}" if is_warning else problem.code.value, fg=colour)
    parts = [
        f"{location}: {code}  {masked(problem.message)}{_whom(problem, lines)}",
        *_snippet(problem, lines, colour),
    ]
    if problem.hint:
        parts.append(f"  {click.style('help:', fg='green')} {masked(problem.hint)}")
    return Lines("\n".join(map(one_line, parts)))


def _whom(problem: Problem, lines: Sources) -> str:
    """Which jobs a problem hits, unless its line names the only one."""
    first, *others = map(masked, problem.jobs or ("",))
    if others:
        return f" [affects {len(problem.jobs)} jobs: {first}, …]"
    named = re.search(rf"(?<![\w.-]){re.escape(first)}(?![\w.-])", masked(_line(problem, lines)))
    return "" if named or not first else f" [in job {first}]"


def _snippet(problem: Problem, lines: Sources, colour: str) -> list[str]:
    """The line with a caret under the column; a long line is cut around it."""
    written = _line(problem, lines).replace("\t", " ")
    line = _shown(written)
    column = len(_shown(written[: problem.location.column - 1])) + 1
    start = max(0, column - _WIDEST_LINE // 2) if len(line) > _WIDEST_LINE else 0
    shown = line[start : start + _WIDEST_LINE]
    if not shown.strip():
        return []
    number = f"{problem.location.line:>5} | "
    before = shown[: column - 1 - start]
    caret = " " * (len(number) + columns(before)) + click.style("^", fg=colour)
    return [click.style(number, dim=True) + shown.rstrip(), caret]


def _shown(text: str) -> str:
    """A line of a file as it may stand in the log of a pipeline: no logins, no signatures, no keys."""
    return visible(masked(without_secrets(text)))


def masked(text: str) -> str:
    """A text without keys, whoever's they are: a file may hold one in the wrong place."""
    return _API_KEY.sub("mdlx-…", text)


def _line(problem: Problem, lines: Sources) -> str:
    """The line that a problem stands on; empty if it stands on none."""
    text = lines.get(problem.location.file, ())
    return text[problem.location.line - 1] if 1 <= problem.location.line <= len(text) else ""


def _object(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity.value,
        "code": problem.code.value,
        "file": masked(problem.location.file),
        "line": problem.location.line,
        "column": problem.location.column,
        "sheet": masked(problem.location.sheet) or None,
        "job": masked(problem.jobs[0]) if problem.jobs else None,
        "jobs": [masked(job) for job in problem.jobs],
        "field": problem.field,
        "message": masked(problem.message),
        "hint": problem.hint and masked(problem.hint),
    }


def in_words(problem: Problem) -> str:
    """What is wrong and what helps, for whoever shows the place beside it; but for a workbook's, which has no lines."""
    cell = f"{problem.location.cell}: " if problem.location.cell else ""
    return f"{cell}{problem.message}" + (f" ({problem.hint})" if problem.hint else "")


def _annotation(problem: Problem) -> str:
    message = masked(in_words(problem))
    is_file = problem.location.line > 0
    name = from_repository(problem.location.file) if is_file else problem.location.file
    file = _escaped(masked(name)).replace(":", "%3A").replace(",", "%2C")
    where = f"file={file},line={problem.location.line},col={problem.location.column},title={problem.code.value}"
    return f"::{problem.severity.value} {where}::{_escaped(message)}"


def _escaped(text: str) -> str:
    text = re.sub(r"[^\r\n]+", lambda line: visible(line[0]), text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
