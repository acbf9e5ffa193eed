"""The same jobs with several models, side by side: prices, totals, and what would have to change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from batchrunner.domain.money import FREE, Cost
from batchrunner.domain.problem import Code
from batchrunner.domain.text import LONGEST_TABLE, Lines, in_lines, plural, printable, stacked
from batchrunner.reports.layout import table

_SUMMARY = ("model", "jobs", "total", "left out")
_SHOWN = 3
_NOT_TAKEN, _UNPRICED = "-", "?"
_LEFT_OUT = "*"
# What a table puts between two columns, and may put behind a heading.
_GAP = 4


@dataclass(frozen=True, slots=True)
class Change:
    """What would have to change in some jobs for a model to take them."""

    code: Code
    message: str
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelFit:
    """How the jobs fare with one model; without a slug, as they are written.

    `costs` has the jobs that it takes; None: no price is known. `dropped` are the fields that it does not have and that
    would be left out, with the jobs that have them. `changes` are in the way of the jobs that it does not take.
    """

    slug: str
    costs: Mapping[str, Cost | None]
    dropped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()

    @property
    def total(self) -> Cost:
        """The sum of the prices that are known."""
        return sum((cost for cost in self.costs.values() if cost is not None), FREE)

    @property
    def unpriced(self) -> int:
        """How many jobs it takes whose price is not known."""
        return sum(cost is None for cost in self.costs.values())

    def loses(self, job: str) -> bool:
        """Whether a field of a job would be left out."""
        return any(job in jobs for jobs in self.dropped.values())


@dataclass(frozen=True, slots=True)
class Comparison:
    """The jobs of a manifest by name, as they are written, and with each of some models."""

    manifest: str
    jobs: tuple[str, ...]
    written: ModelFit
    models: tuple[ModelFit, ...]


def comparison_table(found: Comparison, width: int | None = None) -> Lines:
    """Totals by model; each job with the models that take some and fit into the `width`; what would have to change."""
    rows = [_summary("as written", found.written, found), *(_summary(each.slug, each, found) for each in found.models)]
    parts = [table(_SUMMARY, rows, ("left", "right", "right", "left"))]
    shown = [each for each in found.models if each.costs]
    fitting = _fitting(found, shown, width)
    if fitting:
        parts += [in_lines(""), _matrix(found, fitting)]
    more = len(shown) - len(fitting)
    notes = [f"({plural(more, 'model')} more than a line has room for: choose with --with)"] if more else []
    if any(each.dropped for each in found.models):
        notes.append(f"{_LEFT_OUT} a field of the job is left out, as with `drop: [FIELD]` in a profile")
    changes = list(_changes(found))
    return stacked(*parts, in_lines(*notes, *changes) if notes or changes else in_lines(""))


def _summary(name: str, fit: ModelFit, found: Comparison) -> tuple[str, ...]:
    taken = f"{len(fit.costs)} of {len(found.jobs)}"
    return name, taken, _total(fit), ", ".join(fit.dropped)


def _total(fit: ModelFit) -> str:
    if not fit.costs:
        return _NOT_TAKEN
    if fit.unpriced == len(fit.costs):
        return _UNPRICED
    return str(fit.total) + (f" + {fit.unpriced} without a price" if fit.unpriced else "")


def _fitting(found: Comparison, models: Sequence[ModelFit], width: int | None) -> Sequence[ModelFit]:
    """As many models as a line has room for, in their order; of a width that is not known, all."""
    if width is None:
        return models
    left = width - _column("job", found.jobs[:LONGEST_TABLE])
    fitting: list[ModelFit] = []
    for each in models:
        left -= _column(_short(each), (_cell(each, job) for job in found.jobs[:LONGEST_TABLE]))
        if left < 0 and fitting:
            break
        fitting.append(each)
    return fitting


def _column(heading: str, cells: Iterable[str]) -> int:
    """How wide a column may become at most."""
    return max([len(heading), *map(len, cells)]) + _GAP


def _matrix(found: Comparison, models: Sequence[ModelFit]) -> Lines:
    cells = _cells(found, models)
    hidden = len(found.jobs) - len(cells)
    rest = [in_lines(f"({plural(hidden, 'job')} more: -o json has all)")] if hidden else []
    return stacked(table(("job", *map(_short, models)), cells, ["left"] + ["right"] * len(models)), *rest)


def _cells(found: Comparison, models: Sequence[ModelFit]) -> list[list[str]]:
    return [[job, *(_cell(each, job) for each in models)] for job in found.jobs[:LONGEST_TABLE]]


def _cell(fit: ModelFit, job: str) -> str:
    if job not in fit.costs:
        return _NOT_TAKEN
    cost = fit.costs[job]
    return (_UNPRICED if cost is None else str(cost)) + (_LEFT_OUT if fit.loses(job) else "")


def _short(fit: ModelFit) -> str:
    """A model's name without its maker's."""
    return fit.slug.partition("/")[2]


def _changes(found: Comparison) -> Iterator[str]:
    for fit in found.models:
        if fit.changes:
            yield ""
            yield f"what would have to change for {fit.slug}:"
        for change in fit.changes:
            yield f"  {printable(change.message)} ({_listed(change.jobs)})"


def _listed(jobs: Sequence[str]) -> str:
    more = len(jobs) - _SHOWN
    return ", ".join(jobs[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def comparison_as_json(found: Comparison) -> dict[str, Any]:
    """The same for programs: `{"manifest", "written", "models": [{"model", "jobs", "total", "dropped", "changes"}]}`.

    A job that a model does not take is null in `jobs`; one without a price has null for its `cost`.
    """
    return {
        "manifest": found.manifest,
        "written": _object(found.written, found.jobs),
        "models": [{"model": each.slug, **_object(each, found.jobs)} for each in found.models],
    }


def _object(fit: ModelFit, jobs: Sequence[str]) -> dict[str, Any]:
    return {
        "takes": len(fit.costs),
        "total": _range(fit.total),
        "unpriced": fit.unpriced,
        "jobs": {job: {"cost": _range(fit.costs[job])} if job in fit.costs else None for job in jobs},
        "dropped": [{"field": name, "jobs": list(those)} for name, those in fit.dropped.items()],
        "changes": [
            {"code": each.code.value, "message": each.message, "jobs": list(each.jobs)} for each in fit.changes
        ],
    }


def _range(cost: Cost | None) -> dict[str, float] | None:
    return None if cost is None else {"low_usd": float(cost.low_usd), "high_usd": float(cost.high_usd)}
