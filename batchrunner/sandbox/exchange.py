"""One HTTP exchange, apart from any socket: what is asked, what is answered, the service's error shape."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qs, unquote, urlsplit

_BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer whose body may still come to grief.

    Attributes:
        headers: lower case, with `content-type` and `content-length`.
        chunks: the body; raises `ConnectionResetError` where the connection is cut in mid-body.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True)
class HttpRequest:
    """What a client sent. `target` is path?query; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def host(self) -> str:
        """The host it was addressed to, with the port where one was named; empty if none was said."""
        return self.headers.get("host", "").lower()

    @cached_property
    def path(self) -> str:
        """The target without its query, still percent-encoded."""
        return self.target.partition("?")[0]

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path's parts, decoded one by one, so that an encoded slash stays within its part."""
        return tuple(unquote(part) for part in self.path.split("/")[1:])

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query's values; of a name said twice, the last."""
        pairs = parse_qs(self.target.partition("?")[2], keep_blank_values=True)
        return {name: values[-1] for name, values in pairs.items()}

    @cached_property
    def key(self) -> str | None:
        """The API key, if one is sent in the one documented form, `Bearer YOUR_API_KEY`.

        Source: the seed, "Authorizations".
        """
        said = self.headers.get("authorization", "")
        return said.removeprefix(_BEARER) if said.startswith(_BEARER) else None

    @property
    def media_type(self) -> str:
        """The content type without its parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def host_of(url: str) -> str:
    """The host as a client names it in its `host` header: `https://api.example.com/x` → `api.example.com`."""
    return urlsplit(url).netloc.lower()


async def pieces(body: bytes, size_bytes: int = 16_384) -> AsyncIterator[bytes]:
    """A body in chunks of one size."""
    for start in range(0, len(body), size_bytes):
        yield body[start : start + size_bytes]


def content(body: bytes, media_type: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """An answer with a whole body of the given type."""
    lengths = {"content-type": media_type, "content-length": str(len(body))}
    return HttpAnswer(status, {**lengths, **(headers or {})}, pieces(body))


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """An answer in JSON, as it stands."""
    return content(json.dumps(value).encode(), "application/json", status, headers)


def success(data: object) -> HttpAnswer:
    """Data in the service's envelope: `{"code": 0, "message": "success", "data": …}`."""
    return json_answer({"code": 0, "message": "success", "data": data})


def refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """The service's error shape: `{"code": 404, "message": "NotFound: no such address"}`."""
    return json_answer({"code": status, "message": message}, status, headers)


def page(status: int, title: str) -> HttpAnswer:
    """A web page where something else was expected, as gateways and captive portals send."""
    html = f"<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return content(html.encode(), "text/html; charset=utf-8", status)
