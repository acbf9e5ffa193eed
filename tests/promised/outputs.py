"""What the commands print for programs: each key with the types of its values, and the words that stand there."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from batchrunner.domain.observation import ErrorClass
from batchrunner.domain.problem import Severity
from batchrunner.domain.status import Flag, Status
from batchrunner.domain.step import Action, HoldReason
from batchrunner.planning.plan_summary import PlannedChange
from batchrunner.reports.clip_versions import VersionState
from batchrunner.reports.request_difference import PieceKind
from batchrunner.sandbox import Behaviour, Fault
from tests.app.told_events import events_in, run
from tests.promised.story import story
from tests.studio import Studio, manifest_text

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_ROOT = "whole"


def shape(*values: object) -> dict[str, str]:
    """Every key below these values with the types that it has among them: `jobs[].error.class` is a `string`."""
    found: dict[str, set[str]] = {}
    for value in values:
        for path, kind in _typed(value, ""):
            found.setdefault(path, set()).add(kind)
    return {path: " | ".join(sorted(kinds)) for path, kinds in sorted(found.items())}


def _typed(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            yield path or _ROOT, "object"
            for name, each in value.items():
                yield from _typed(each, f"{path}.{name}".lstrip("."))
        case list():
            yield path or _ROOT, "array"
            for each in value:
                yield from _typed(each, f"{path}[]")
        case _:
            yield path or _ROOT, _TYPES[type(value)]


def listed(words: Iterable[str]) -> list[str]:
    """Words as they are written, sorted."""
    return sorted(str(word) for word in words)


def report() -> object:
    """`report`, `status` and what `run` and its kin print at their end."""
    told, lines = story(), story().printed["report of film, lines"].splitlines()
    names = ("report of film", "status of film", "run", "rehearsal", "fetch", "retry", "redo")
    reports = {name: told.read(name) for name in names}
    return {
        "report": shape(*reports.values()),
        "printed by": {name: list(whole) for name, whole in reports.items()},
        "first of the lines": shape(json.loads(lines[0])),
        "other lines": shape(*map(json.loads, lines[1:])),
        "columns of CSV": told.printed["report of film, cells"].partition("\n")[0].split(","),
        "words": {"status": listed(Status), "flags": listed(Flag), "error.class": listed(ErrorClass)},
    }


def plan() -> object:
    """`plan -o json`."""
    told = story()
    kinds = [told.read(name) for name in ("plan of film", "plan of what leaves", "plan of edits")]
    return {
        "plan": shape(*kinds),
        "words": {
            "action": listed(Action),
            "status": listed(Status),
            "block": listed(HoldReason),
            "change": listed(PlannedChange),
        },
    }


def events() -> object:
    """`--events`, of a run in which a clip is done and a task fails."""
    with TemporaryDirectory() as folder:
        studio = Studio(Path(folder), Behaviour(latency_s=60, faults={Fault.TASK_FAILED: 0.5}, seed=3))
        studio.write(manifest_text("a", "b", "c"))
        run(studio, studio.folder / "events.jsonl")
        told = events_in(studio.folder / "events.jsonl")
    data: dict[str, list[object]] = {}
    for event in told:
        of_a_job = event["type"].startswith("batchrunner.job.")
        data.setdefault("batchrunner.job.STATUS" if of_a_job else event["type"], []).append(event.pop("data"))
    return {"line": shape(*told), "data": {kind: shape(*each) for kind, each in sorted(data.items())}}


def versions() -> object:
    """`versions -o json`."""
    told = story()
    kinds = [told.read(name) for name in ("versions of film", "versions of edits")]
    return {"versions": shape(*kinds), "words": {"state": listed(VersionState), "prompt_difference": listed(PieceKind)}}


def validate() -> object:
    """`validate`, as JSON and for GitHub."""
    told = story()
    lines = told.printed["validate for GitHub"].splitlines()
    return {
        "validate": shape(*(told.read(f"validate{what}") for what in ("", " what is valid", " no YAML"))),
        "words": {"severity": listed(Severity)},
        "annotations": sorted({re.sub("[0-9]+", "N", line.split("::")[1]) for line in lines}),
    }
