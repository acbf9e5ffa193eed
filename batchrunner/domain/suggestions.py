"""The known name that somebody probably meant, for a hint."""

import heapq
from difflib import get_close_matches
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_CANDIDATES = 50  # each costs some 20 µs, and a large file may hold thousands of mistakes


def nearest_name(word: str, known: "Iterable[str]") -> str | None:
    """The known name that `word` was probably meant to be, for a hint; None where nothing is near.

    Of a great many names only those are compared that begin and end most like the word: its cost is bounded.
    """
    return _nearest(word.casefold(), tuple(known))


@lru_cache(maxsize=256)  # one mistake in a default comes up with every job
def _nearest(folded: str, known: tuple[str, ...]) -> str | None:
    by_folded = {name.casefold(): name for name in known}
    if len(by_folded) > _MOST_CANDIDATES:
        alike = heapq.nlargest(_MOST_CANDIDATES, by_folded, key=lambda name: _same_ends(name, folded))
        by_folded = {name: by_folded[name] for name in alike}
    found = get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _same_ends(one: str, other: str) -> int:
    """How many characters two words share at their beginnings and at their ends."""
    pairs = (zip(one, other, strict=False), zip(one[::-1], other[::-1], strict=False))
    return sum(1 for each in pairs for _ in takewhile(lambda pair: pair[0] == pair[1], each))
