"""The versions of jobs as people and programs read them, each with what is different from the one before."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchrunner.catalog import Catalog
from batchrunner.domain.money import NOTHING, dollars, usd_number
from batchrunner.domain.text import Lines, display_path, in_lines, local, plural, printable, stacked, utc
from batchrunner.reports.clip_versions import ClipVersion, JobVersions, VersionState
from batchrunner.reports.request_difference import field_changes, request_lines, word_difference

_WIDE = len("current  ")
_WITHOUT_FILE: Mapping[VersionState, str] = {
    VersionState.NOT_DOWNLOADED: "rendered, not downloaded",
    VersionState.RUNNING: "still being rendered",
    VersionState.FAILED: "failed",
    VersionState.EXPIRED: "no longer available from the service",
    VersionState.UNKNOWN: "sent, no answer: may be paid",
}


def version_list(jobs: Sequence[JobVersions], catalog: Catalog, project: str = "") -> Lines:
    """A block a job, its versions oldest first, each with what is different from the one before; then the sum."""
    paid = [version for job in jobs for version in job.versions]
    if not paid:
        return in_lines("nothing was paid yet")
    blocks = [stacked(one_job(job, catalog, project), in_lines("")) for job in jobs if job.versions]
    sum_usd = sum((version.cost_usd for version in paid), NOTHING)
    told = plural(sum(1 for job in jobs if job.versions), "job")
    return stacked(*blocks, in_lines(f"{plural(len(paid), 'version')} of {told}, {dollars(sum_usd)}"))


def one_job(job: JobVersions, catalog: Catalog, project: str = "") -> Lines:
    """One job of them. `project` is the way to the project's folder, with which paths begin."""
    left = " (no longer in the manifest)" if job.is_removed else ""
    lines = [f"{job.identity.name}{left}"]
    if job.is_damaged:
        lines.append("  the ledger is damaged: there may be more")
    for version in job.versions:
        name = version.name or ("current" if version.why else "-")
        lines.append(f"  {name:<{_WIDE}}{local(version.at_s)}  {_cost(version)}{_where(version)}")
        lines += (f"  {'':<{_WIDE}}{line}" for line in _details(version, catalog, project))
    return in_lines(*lines)


def _cost(version: ClipVersion) -> str:
    if version.source:
        return f"$0.00, taken over from {version.source}"
    if version.state is VersionState.UNKNOWN:
        return f"{dollars(version.cost_usd)} reserved"
    word = "booked" if version.attempt.billed_usd is None else "billed"
    return f"{dollars(version.cost_usd)} {word}"


def _where(version: ClipVersion) -> str:
    return f"  on {printable(version.host)}" if version.host else ""


def _details(version: ClipVersion, catalog: Catalog, project: str) -> Iterator[str]:
    why = f"; current: {version.why}" if version.why else ""
    if version.attempt.clip:
        missing = " (missing here)" if version.state is VersionState.MISSING else ""
        yield f"{display_path(version.attempt.clip.path, project)}{missing}{why}"
    else:
        failure = version.attempt.failure
        reason = (
            f": {printable(failure.explained(is_free=False))}"
            if failure and version.state is VersionState.FAILED
            else ""
        )
        paid = ", paid" if version.state in (VersionState.FAILED, VersionState.EXPIRED) else ""
        yield f"{_WITHOUT_FILE[version.state]}{paid}{reason}{why}"
    yield from request_lines(version.before, version.attempt.request, catalog)


def versions_as_json(jobs: Sequence[JobVersions], manifest: str, profile: str, catalog: Catalog) -> dict[str, Any]:
    """The same for programs: `{"manifest", "profile", "cost_usd", "jobs": [{"id", "removed", "versions": […]}]}`."""
    sum_usd = sum((version.cost_usd for job in jobs for version in job.versions), NOTHING)
    return {
        "manifest": manifest,
        "profile": profile,
        "cost_usd": usd_number(sum_usd),
        "jobs": [
            {
                "id": job.identity.name,
                "removed": job.is_removed,
                "versions": [_as_json(version, catalog) for version in job.versions],
            }
            for job in jobs
        ],
    }


def _as_json(version: ClipVersion, catalog: Catalog) -> dict[str, Any]:
    attempt, before = version.attempt, version.before
    prompt, clip = catalog.prompt_of(attempt.request), attempt.clip
    pieces = word_difference(catalog.prompt_of(before), prompt) if before else ()
    changes = field_changes(before, attempt.request) if before else ()
    return {
        "version": version.name or None,
        "attempt": attempt.number,
        "state": version.state.value,
        "current": bool(version.why),
        "why": version.why or None,
        "can_be_picked": version.can_be_picked,
        "prompt": prompt or None,
        "prompt_difference": [[piece.kind.value, piece.text] for piece in pieces],
        "changed": [change.as_json() for change in changes],
        "model": attempt.request.model,
        "request": dict(attempt.request.fields),
        "cost_usd": usd_number(version.cost_usd),
        "is_billed": attempt.billed_usd is not None,
        "taken_over_from": version.source or None,
        "submitted_at": utc(version.at_s),
        "rendered_at": utc(attempt.rendered_at_s),
        "host": version.host or None,
        "task_id": attempt.task_id,
        "file": clip.path if clip else None,
        "sha256": clip.sha256 if clip else None,
        "error": attempt.failure.message if attempt.failure else None,
    }
