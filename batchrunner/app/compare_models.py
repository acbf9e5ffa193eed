"""The same jobs under other models: which take them, for how much, and what would have to change. Free."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from batchrunner.catalog import PriceList
from batchrunner.domain.money import Cost
from batchrunner.domain.problem import Code, Problem
from batchrunner.manifest.load import Manifest, load_for_model
from batchrunner.manifest.overrides import Override
from batchrunner.manifest.permissions import Permissions
from batchrunner.reports.model_comparison import Change, Comparison, ModelFit


@dataclass(frozen=True, slots=True)
class CompareModels:
    """A valid manifest, and how it is read: once more for each model, as if a profile named that one for all jobs.

    Nothing is written, and nobody is asked.
    """

    manifest: Manifest
    permissions: Permissions
    prices: PriceList
    overrides: tuple[Override, ...] = ()

    def with_models(self, slugs: Iterable[str]) -> Comparison:
        """How the jobs fare with each of these models of the manifest's catalogue."""
        names = tuple(job.name for job in self.manifest.jobs)
        written = ModelFit("", dict(self._costs(self.manifest)))
        return Comparison(str(self.manifest.path), names, written, tuple(map(self._fit, slugs)))

    def _fit(self, slug: str) -> ModelFit:
        found = self._read(slug)
        foreign = _foreign(found)
        if foreign:
            found = self._read(slug, foreign)
        return ModelFit(slug, dict(self._costs(found)), foreign, tuple(_changes(found)))

    def _read(self, slug: str, dropped: Iterable[str] = ()) -> Manifest:
        path, profile = self.manifest.path, self.manifest.profile
        return load_for_model(
            path, profile, slug, tuple(dropped), permissions=self.permissions, overrides=self.overrides
        )

    def _costs(self, manifest: Manifest) -> Iterator[tuple[str, Cost | None]]:
        return ((job.name, self.prices.find(job.request)) for job in manifest.jobs)


def _foreign(manifest: Manifest) -> Mapping[str, tuple[str, ...]]:
    """The fields that the model does not have, and the jobs that have them."""
    found: dict[str, dict[str, None]] = {}
    for problem in manifest.errors:
        if _is_foreign(problem, manifest):
            found.setdefault(problem.field or "", {}).update(dict.fromkeys(problem.jobs))
    return {name: tuple(jobs) for name, jobs in found.items()}


def _changes(manifest: Manifest) -> Iterator[Change]:
    """What is wrong with jobs, each once with all of them, wherever it stands."""
    found: dict[tuple[Code, str], dict[str, None]] = {}
    for problem in manifest.errors:
        found.setdefault((problem.code, problem.message), {}).update(dict.fromkeys(problem.jobs))
    yield from (Change(code, message, tuple(jobs)) for (code, message), jobs in found.items() if jobs)


def _is_foreign(problem: Problem, manifest: Manifest) -> bool:
    return problem.code is Code.UNKNOWN_KEY and bool(problem.jobs) and problem.field in manifest.catalog.field_names
