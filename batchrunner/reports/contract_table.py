"""How contracts compare with the published ones, as text and as JSON."""

import json
from collections.abc import Iterable
from typing import Any, Protocol

from batchrunner.catalog.contract import Point
from batchrunner.catalog.contract_drift import Difference
from batchrunner.domain.text import Lines, in_lines, plural, printable, stacked
from batchrunner.reports.layout import table

_LONGEST_VALUE = 60
_NOTHING = "-"


class Compared(Protocol):
    """A model whose contract was compared; `failure` says why it was not."""

    @property
    def slug(self) -> str: ...  # noqa: D102
    @property
    def differences(self) -> tuple[Difference, ...]: ...  # noqa: D102
    @property
    def points(self) -> tuple[Point, ...]: ...  # noqa: D102
    @property
    def published(self) -> str: ...  # noqa: D102
    @property
    def failure(self) -> str: ...  # noqa: D102


def contract_lines(models: Iterable[Compared]) -> Lines:
    """A sentence for each model, and a table of what differs, place by place."""
    return stacked(*(block for model in models for block in _blocks(model)))


def contract_json(models: Iterable[Compared]) -> dict[str, Any]:
    """The same for programs: `{"models": [{"model", "compared", "failure", "published", "differences", "points"}]}`."""
    return {"models": [_object(model) for model in models]}


def _blocks(model: Compared) -> Iterable[Lines]:
    drift = [each for each in model.differences if each.is_drift]
    if model.failure:
        yield in_lines(f"{model.slug}: not compared: {model.failure}")
        return
    if drift:
        places = plural(len(drift), "place")
        yield in_lines(f"{model.slug}: differs from what is published in {places}; its runs wait for --accept-drift")
        rows = [(each.at, _value(each.here, is_there=each.is_here), _theirs(each)) for each in drift]
        yield table(("where", "described here", "published"), rows)
    else:
        yield in_lines(f"{model.slug}: as published")
    narrower = [f"{each.at} {_value(each.here, is_there=True)}" for each in model.differences if not each.is_drift]
    if narrower:
        yield in_lines(f"  only described here, so less is asked than is allowed: {', '.join(narrower)}")
    yield from (in_lines(f"  odd in what is published: {point}") for point in model.points)


def _theirs(difference: Difference) -> str:
    return _value(difference.published, is_there=difference.is_published)


def _value(value: object, *, is_there: bool) -> str:
    if not is_there:
        return _NOTHING
    if isinstance(value, list):
        return printable(", ".join(map(_text, value)) or "none", _LONGEST_VALUE)
    return printable(_text(value), _LONGEST_VALUE)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _object(model: Compared) -> dict[str, Any]:
    return {
        "model": model.slug,
        "compared": not model.failure,
        "failure": model.failure or None,
        "published": model.published or None,
        "differences": [
            {
                "at": each.at,
                "here": each.here,
                "published": each.published,
                "is_here": each.is_here,
                "is_published": each.is_published,
                "drift": each.is_drift,
            }
            for each in model.differences
        ],
        "points": [{"at": point.at, "said": point.said} for point in model.points],
    }
