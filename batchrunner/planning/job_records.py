"""The jobs that are wanted, and how a ledger keeps them with each run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from batchrunner.catalog import Catalog, shipped
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.location import Location
from batchrunner.planning.outgoing import NO_SOURCES, Sources


@dataclass(frozen=True, slots=True)
class JobSet:
    """What is wanted: a manifest's name, a profile of it (empty: none), and its jobs in their order.

    `sources` are what it took from files and from the environment; `catalog` has the models that the jobs may name.
    """

    name: str
    profile: str
    jobs: tuple[Job, ...]
    sources: Sources = NO_SOURCES
    catalog: Catalog = field(default_factory=shipped)


def as_record(job: Job) -> dict[str, Any]:
    """A job as the ledger keeps it with each run, so that `status` and `fetch` need no manifest.

    The columns of a sheet are there where there are any: releases before this one wrote none.
    """
    who = job.identity
    columns = {"columns": dict(job.columns)} if job.columns else {}
    return {
        "job": who.job,
        "take": who.take,
        "profile": who.profile,
        "request": job.request.as_json(),
        "output": job.output,
        "tags": list(job.tags),
        "file": job.location.file,
        "line": job.location.line,
        **columns,
    }


def remembered(manifest: str, records: Iterable[Mapping[str, Any]], catalog: Catalog) -> tuple[Job, ...]:
    """The jobs of an earlier run. They can be told and fetched, not submitted: their signed links are not kept."""
    return tuple(_job(manifest, record, catalog) for record in records)


def tags_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of a job, as a run recorded it."""
    return tuple(map(str, record["tags"]))


def _job(manifest: str, record: Mapping[str, Any], catalog: Catalog) -> Job:
    request = catalog.request_of(record["request"]["model"], record["request"]["fields"])
    who = JobId(manifest, record["profile"], record["job"], record["take"])
    location = Location(record["file"], record["line"], 1)
    columns = record.get("columns", {})
    return Job(who, request.fields, request, record["output"], tuple(record["tags"]), location, columns=columns)
