"""Whether linked images are there: asked over the network, only on request."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from batchrunner.catalog import Catalog
from batchrunner.domain.job import Job
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.domain.settings import Network
from batchrunner.io.http import Http, TransportError, is_loopback
from batchrunner.manifest.image_links import is_link
from batchrunner.manifest.load import Manifest

_KINDS = ("image/png", "image/jpeg", "image/webp", "application/octet-stream", "binary/octet-stream", "")


async def with_dead_links(
    manifests: Iterable[Manifest], base_url: str, allowed: tuple[Network, ...] = ()
) -> list[Manifest]:
    """The manifests with a problem at every link that serves no picture; each link is asked once.

    A manifest may come from anybody: only public addresses are asked, and those in the `allowed` networks, unless the
    service itself, whose address `base_url` is, is on this machine.
    """
    manifests = list(manifests)
    links = {link for manifest in manifests for job in manifest.jobs for _, link in _links(job, manifest.catalog)}
    faults = await _faults(links, Http(loopback=is_loopback(base_url), allowed=allowed))
    return [_with_faults(manifest, faults) for manifest in manifests]


def _links(job: Job, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """The links that a job sends, with the field that names each; prompts may look like links and are none."""
    pictures = catalog.picture_fields(job.request.model)
    for name, value in job.body.items():
        texts = value if isinstance(value, list) else [value]
        yield from ((name, text) for text in texts if name in pictures and isinstance(text, str) and is_link(text))


async def _faults(links: Iterable[str], http: Http) -> dict[str, str]:
    listed = sorted(links)
    try:
        found = await asyncio.gather(*(_fault(http, link) for link in listed))
    finally:
        await http.close()
    return {link: fault for link, fault in zip(listed, found, strict=True) if fault}


async def _fault(http: Http, link: str) -> str | None:
    try:
        reply = await http.probe(link)
    except TransportError as error:
        return str(error)
    if reply.status >= 400:
        return f"the server answered {reply.status}"
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return None if kind in _KINDS else f"it is not an image but {kind}"


def _with_faults(manifest: Manifest, faults: Mapping[str, str]) -> Manifest:
    problems = Problems()
    problems.extend(manifest.problems)
    for job in manifest.jobs:
        for name, link in _links(job, manifest.catalog):
            if link in faults:
                said = f"`{name}` cannot be fetched: {faults[link]}"
                location = job.cells.get(name) or job.locations.get(name, job.location)
                problems.add(Problem(Code.DEAD_LINK, location, said, "check the link", name, (job.name,)))
    return replace(manifest, problems=problems.in_order())
