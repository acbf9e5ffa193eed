"""What a person saw of the contracts of models: a small file for each model, in that person's state folder."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from batchrunner.domain.text import printable
from batchrunner.errors import UsageError
from batchrunner.io.files import Root
from batchrunner.storage.trusted_ids import state_folder

_FOLDER = "contracts"
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST_SLUG = 128
_DIGEST = re.compile(r"([0-9a-f]{64})?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?")
_PLACE = re.compile(r".{1,120}")
_MOST_BYTES = 16_384
_MOST_PLACES = 40
_LONGEST_PLACE = 120
_MOST_PAID = 8


@dataclass(frozen=True, slots=True)
class SeenContract:
    """What is remembered of one model; what never happened is empty.

    `checked_at` is when the `published` contract (its digest) was last compared with the one described `here`, and
    `drifted` says where they differed. `accepted` is the published one with which somebody renders all the same,
    `paid` are those described for the last paid clips: several, where projects describe it differently.
    """

    checked_at: str = ""
    published: str = ""
    here: str = ""
    drifted: tuple[str, ...] = ()
    accepted: str = ""
    paid: tuple[str, ...] = ()


def seen_contract(slug: str) -> SeenContract:
    """What this person saw of a model's contract; nothing, where there is no record.

    Raises:
        UsageError: there is a record that cannot be read: whether it holds a warning, nobody knows.
    """
    if not _is_slug(slug):
        return SeenContract()
    try:
        root, path = _place(slug)
        with root.open(path) as file:
            data = file.read(_MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return SeenContract()
    except OSError as error:
        raise UsageError(f"what is known of {slug} cannot be read: {error}") from error
    try:
        return _read(data)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        typed = f"batchrunner models check {slug}"
        raise UsageError(f"{path} was not written by batchrunner: delete it, and check the model: `{typed}`") from error


def remember_contract(slug: str, seen: SeenContract) -> None:
    """From now on this is known of a model's contract.

    Raises:
        OSError: it cannot be written.
    """
    if not _is_slug(slug):
        return
    root, path = _place(slug)
    places = tuple(printable(place, _LONGEST_PLACE) for place in seen.drifted[:_MOST_PLACES])
    root.write_whole(path, json.dumps(asdict(seen) | {"drifted": places, "paid": seen.paid[-_MOST_PAID:]}).encode())


def _is_slug(slug: str) -> bool:
    """A model that is no provider's, as an old manifest may name one, has no contract."""
    return len(slug) <= _LONGEST_SLUG and bool(_SLUG.fullmatch(slug))


def _place(slug: str) -> tuple[Root, Path]:
    folder = state_folder().parent
    return Root(folder, is_private=True), folder / _FOLDER / f"{slug}.json"


def _read(data: bytes) -> SeenContract:
    if len(data) > _MOST_BYTES:
        raise ValueError(len(data))
    said: dict[str, Any] = json.loads(data)
    drifted = _listed(said.pop("drifted"), _MOST_PLACES, _PLACE)
    paid = _listed(said.pop("paid"), _MOST_PAID, _DIGEST)
    checked_at = _checked(said.pop("checked_at"), _TIME)
    return SeenContract(
        checked_at, drifted=drifted, paid=paid, **{name: _checked(said[name], _DIGEST) for name in said}
    )


def _listed(values: object, most: int, form: re.Pattern[str]) -> tuple[str, ...]:
    if not isinstance(values, list) or len(values) > most:
        raise ValueError(values)
    return tuple(_checked(value, form) for value in values)


def _checked(value: object, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value) or not value.isprintable():
        raise ValueError(value)
    return value
