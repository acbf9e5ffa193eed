"""What leaves this machine when a plan is carried out: named before anybody agrees to it."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from batchrunner.catalog import Catalog
from batchrunner.domain.image import LocalImage
from batchrunner.domain.job import Job
from batchrunner.domain.text import listed, plural


@dataclass(frozen=True, slots=True)
class Sources:
    """What a manifest took from elsewhere: tables and captions, and variables of the environment, by their names."""

    texts: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


NO_SOURCES = Sources()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is sent, and to whom. Pictures are files that are uploaded; hosts of links are what the service will ask."""

    service: str = ""
    requests: int = 0
    pictures: tuple[str, ...] = ()
    sources: Sources = NO_SOURCES
    link_hosts: tuple[str, ...] = ()
    hook_host: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What a plan of the same requests may differ in: files count by their content, which the requests have."""
        variables = (f"variable {name}" for name in self.sources.variables)
        return (*variables, *(f"link {host}" for host in self.link_hosts)) if self.requests else ()

    def lines(self) -> Iterator[str]:
        """A short line each, for people; none where nothing is sent."""
        if not self.requests:
            return
        folders = dict.fromkeys(posixpath.dirname(path) or "." for path in self.pictures)
        pictures = f", {plural(len(self.pictures), 'image')} from {listed(folders)}" if folders else ""
        yield f"sent to {self.service}: {plural(self.requests, 'request')}{pictures}"
        if self.sources.texts:
            yield f"texts in them are read from {listed(self.sources.texts)}"
        if self.sources.variables:
            yield f"environment variables in them: {', '.join(self.sources.variables)}"
        if self.link_hosts:
            yield f"links in them lead to {listed(self.link_hosts)}"
        if self.hook_host:
            yield f"progress is reported to {self.hook_host}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs, with every file by its name."""
        return {
            "service": self.service,
            "requests": self.requests,
            "pictures": list(self.pictures),
            "texts": list(self.sources.texts),
            "variables": list(self.sources.variables),
            "link_hosts": list(self.link_hosts),
            "hook_host": self.hook_host,
        }


NOTHING_SENT = Outgoing()


def outgoing(
    jobs: Iterable[Job], catalog: Catalog, sources: Sources, base_url: str, hook: str | None = None
) -> Outgoing:
    """What leaves with the submits of these jobs, under the address of a service and of a web hook."""
    jobs = list(jobs)
    values = [value for job in jobs for value in _files(job, catalog.link_fields(job.request.model))]
    links = (value for value in values if isinstance(value, str))
    return Outgoing(
        service=_host(base_url),
        requests=len(jobs),
        pictures=tuple(sorted({value.path for value in values if isinstance(value, LocalImage)})),
        sources=sources if jobs else NO_SOURCES,
        link_hosts=tuple(sorted({_host(link) for link in links})),
        hook_host=_host(hook) if hook else None,
    )


def _files(job: Job, links: frozenset[str]) -> Iterator[object]:
    """The local pictures of a job, and its links; a prompt that looks like a link is a text that nobody follows."""
    for name, value in job.body.items():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, LocalImage) or (name in links and isinstance(each, str)):
                yield each


def _host(link: str) -> str:
    return urlsplit(link).hostname or ""
