"""Drift: where the contract that a service publishes is another one than a description tells, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchrunner.catalog.conditions import same
from batchrunner.catalog.contract import LIMITS, Contract, Place

_Facts = Mapping[Place, object]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two contracts differ. `is_here`, `is_published`: who says anything there.

    `is_drift` is False where only we set a limit: we ask for less than is allowed.
    """

    at: str
    here: object
    published: object
    is_here: bool
    is_published: bool
    is_drift: bool = True


def differences(here: Contract, published: Contract) -> list[Difference]:
    """All places in which two contracts differ, in the order of ours; what is unclear in either is none."""
    return list(_differences(here.facts(), published.facts()))


def _differences(ours: _Facts, theirs: _Facts) -> Iterator[Difference]:
    lacking = {place[:2] for place in ours.keys() ^ theirs.keys() if place[2:] == ("type",)}
    for place in dict.fromkeys((*ours, *theirs)):
        is_here, is_published = place in ours, place in theirs
        one, other = ours.get(place), theirs.get(place)
        if place[:2] in lacking:  # that the whole field is missing says it all
            if place[2:] == ("type",):
                yield Difference(dotted(place[:2]), one, other, is_here, is_published)
        elif not (_is_unclear(place, ours) or _is_unclear(place, theirs) or _alike(one, other)):
            is_drift = is_published or place[-1] not in LIMITS
            yield Difference(dotted(place), one, other, is_here, is_published, is_drift)


def dotted(place: Place) -> str:
    """A place as people write it: `path`, `resolution.enum`, `images.items.type`."""
    return ".".join(place[1:] if place[0] == "fields" else place)


def _is_unclear(place: Place, facts: _Facts) -> bool:
    return place in facts and facts[place] is None


def _alike(one: object, other: object) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return same(one, other)
