"""A request: what a job asks of the service, in the one form in which two requests can be compared."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from batchrunner.domain.image import LocalImage

# The parameters by which stores sign links: they change daily and say nothing about the picture.
# Source: the signing documentation of AWS, Google Cloud, Azure, Alibaba and Tencent storage, 2026-11.
_SIGNATURE_PARAMETER = re.compile(
    r"(x-(amz|goog|oss)-.*|awsaccesskeyid|googleaccessid|ossaccesskeyid|expires|signature|policy|key-pair-id"
    r"|sig|se|sp|sv|sr|st|spr|skoid|sktid|skt|ske|sks|skv|q-(sign|ak|key|header|url|signature).*"
    r"|security-token|x-cos-security-token)",
    re.IGNORECASE,
)
_A_LINK = re.compile("https?://", re.IGNORECASE)
_LINKS = re.compile(
    r"(?P<start>https?://)(?P<login>[^\s/?#\"']*@)?(?P<plain>[^\s?#\"']*)(?P<rest>[^\s\"']*)", re.IGNORECASE
)


@dataclass(frozen=True)
class Request:
    """A model and its fields, canonical: equal requests are equal values.

    `fields` maps the API's names to texts and lists of texts, sorted by name.
    """

    model: str
    fields: Mapping[str, object]

    @cached_property
    def fingerprint(self) -> str:
        """A short label, for eyes only: requests are compared by value, never by it."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def as_json(self) -> dict[str, object]:
        """`{"model": …, "fields": {…}}`, as ledgers and reports carry it."""
        return {"model": self.model, "fields": dict(self.fields)}


def canonical(model: str, body: Mapping[str, object], defaults: Mapping[str, object]) -> Request:
    """The request behind a body: documented defaults filled in, and dropped what makes no other clip.

    It is idempotent, so that the request of an old ledger can be read under today's rules.
    """
    filled = {**defaults, **body}
    return Request(model, {name: _plain(filled[name]) for name in sorted(filled)})


def changed_fields(old: Request, new: Request) -> tuple[str, ...]:
    """The names in which two requests differ, `model` first."""
    return tuple(_changes(old, new))


def _changes(old: Request, new: Request) -> Iterator[str]:
    if old.model != new.model:
        yield "model"
    for name in sorted(old.fields.keys() | new.fields.keys()):
        if old.fields.get(name) != new.fields.get(name):
            yield name


def _plain(value: object) -> object:
    match value:
        case LocalImage():
            return f"sha256:{value.sha256}"
        case str():
            return unsigned(value.rstrip())
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def unsigned(text: str) -> str:
    """A link without its signature parameters, its login and its fragment; any other text as it is."""
    parts = _link_parts(text)
    if parts is None or not (parts.query or parts.fragment or "?" in text or "#" in text or "@" in parts.netloc):
        return text
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not _SIGNATURE_PARAMETER.fullmatch(name)]
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host, query=urlencode(kept), fragment=""))


def is_signed(text: str) -> bool:
    """Whether a text is a link with a store's signature, which ends within hours or days."""
    parts = _link_parts(text)
    names = (name for name, _ in parse_qsl(parts.query, keep_blank_values=True)) if parts else ()
    return any(_SIGNATURE_PARAMETER.fullmatch(name) for name in names)


def _link_parts(text: str) -> SplitResult | None:
    """The parts of a text that is wholly one link; None for any other text."""
    if not _A_LINK.match(text) or len(text.split()) != 1:
        return None
    try:
        return urlsplit(text)
    except ValueError:
        return None


def without_secrets(text: str) -> str:
    """A text to be shown: its links without logins, and without what follows their question mark."""
    return _LINKS.sub(_shown_link, text)


def _shown_link(link: re.Match[str]) -> str:
    login = "…@" if link["login"] else ""
    return f"{link['start']}{login}{link['plain']}{'?…' if link['rest'] else ''}"
