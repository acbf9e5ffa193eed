"""Where in a reply its task stands, and where in a task its video: each model has a form of its own. Pure.

Source: the service's documentation for `data` and `result.resources`; for the others a client of the service, 2026-08.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from batchrunner.providers.modellix import untrusted as foreign


def task_of(document: Any) -> Mapping[str, Any]:
    """The members of the task in a reply: of `data`, and of `data.task` where there is one.

    What both tell, and not alike, is told by neither: it is None.
    """
    outer = foreign.data_of(document)
    inner = foreign.dict_of(outer.get("task"))
    contradicted = (name for name in outer.keys() & inner.keys() if not foreign.is_same(outer[name], inner[name]))
    return {**outer, **inner, **dict.fromkeys(contradicted)}


def video_link(task: Mapping[str, Any]) -> str | None:
    """The link of a task's video; None where there is none, or where two lists name different ones."""
    listed = (foreign.dict_of(task.get("result")).get("resources"), task.get("result_resources"))
    links = [link for resources in listed for link in _first_video(resources)]
    return links[0] if links and all(_unsigned(link) == _unsigned(links[0]) for link in links) else None


def _first_video(resources: Any) -> Iterator[str]:
    """The link of the first video of a list, if there is one: a cover or a thumbnail can stand before it."""
    for resource in resources if isinstance(resources, list) else ():
        url = foreign.dict_of(resource).get("url")
        if foreign.dict_of(resource).get("type") == "video" and isinstance(url, str) and url:
            yield url
            return


def _unsigned(link: str) -> str:
    """What stays the same when a link is signed anew."""
    try:
        return urlsplit(link)._replace(query="", fragment="").geturl()
    except ValueError:
        return link
