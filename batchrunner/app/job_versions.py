"""The versions of a manifest's jobs: all that was ever paid for them, from the ledger and the receipts."""

from collections.abc import Sequence
from dataclasses import dataclass

from batchrunner.app.job_set import wanted_or_remembered
from batchrunner.app.selection import Selection, matching
from batchrunner.app.session import in_flight_run, known_ledger
from batchrunner.catalog import Catalog, shipped_prices
from batchrunner.domain.job import JobId
from batchrunner.manifest.load import Manifest
from batchrunner.planning.batch import JobState, load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.reports.clip_versions import JobVersions, versions_of
from batchrunner.storage.clip_files import on_disk
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import ProjectPaths


@dataclass(frozen=True, slots=True)
class ManifestVersions:
    """The jobs of a manifest with all their versions; those that left it come last."""

    manifest: str
    profile: str
    jobs: tuple[JobVersions, ...]
    catalog: Catalog


def job_versions(manifest: Manifest, project: ProjectPaths, selection: Selection, now_s: float) -> ManifestVersions:
    """The versions of the selected jobs. Nothing is written, and nobody is asked.

    Raises:
        InvalidManifest: it has errors, and it never ran.
        UsageError: nothing is selected, or there is no such job, word or file.
    """
    with read_ledger(project.ledger) as book:
        wanted, _ = wanted_or_remembered(manifest, project, book)
    with known_ledger(project) as book:
        flying = in_flight_run(project, book, wanted.name)
        batch = load_batch(project, wanted, book, shipped_prices(), now_s, flying)
        seen = batch.first_steps(PlanOptions(), None)
        if not selection.is_all:
            seen = matching(selection, seen, batch.catalog, with_removed=True)
        sources = _sources(book, seen)
    jobs = tuple(_versions(each, project, sources) for each in seen)
    return ManifestVersions(wanted.name, wanted.profile, jobs, batch.catalog)


def _versions(seen: JobState, project: ProjectPaths, sources: dict[str, str]) -> JobVersions:
    history, present = on_disk(project, seen.history)
    return versions_of(seen.identity, seen.job.request if seen.job else None, history, present, sources)


def _sources(book: LedgerReader, seen: Sequence[JobState]) -> dict[str, str]:
    """Whose each task is of which another job took over the clip: `sh010`, `sh010 (of other)`."""
    if not any(attempt.is_adopted for each in seen for attempt in each.history.attempts):
        return {}
    own = seen[0].identity
    payers = ((who, attempt) for who, history in book.all_histories().items() for attempt in history.attempts)
    return {a.task_id: _called(who, own) for who, a in payers if a.task_id and not a.is_adopted}


def _called(who: JobId, own: JobId) -> str:
    if who.manifest != own.manifest:
        return f"{who.name} (of {who.manifest})"
    if who.profile != own.profile:
        return f"{who.name} ({f'of the profile {who.profile}' if who.profile else 'without a profile'})"
    return who.name
