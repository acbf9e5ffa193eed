"""Which jobs a person means: the words that mean the same in every command."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from batchrunner.app.job_set import no_such_job
from batchrunner.catalog import ROLE_WORDS, Catalog
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass
from batchrunner.domain.request import Request
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action
from batchrunner.domain.suggestions import nearest_name
from batchrunner.errors import UsageError
from batchrunner.manifest.load import Manifest
from batchrunner.planning.batch import JobState
from batchrunner.reports.report import failure_of

_GLOB_SIGNS = frozenset("*?[")
_MOST_BYTES = 1 << 20
# What a word of these kinds may be; another one is a slip, and no empty selection.
_WORDS: Mapping[str, tuple[str, AbstractSet[str]]] = {
    "status": ("status", frozenset(Status)),
    "class": ("error class", frozenset(ErrorClass)),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """What was typed to choose jobs: a comma is *or*; `limit` takes the first N that have something to do.

    `select` and `exclude` are options, of which repetitions are *and*, and *or*; a plain id means all takes there.
    `jobs` are arguments: each adds what it means, and a plain id means the clip of that very name.
    """

    select: Sequence[str] = ()
    exclude: Sequence[str] = ()
    limit: int | None = None
    jobs: Sequence[str] = ()

    @property
    def is_all(self) -> bool:
        """Whether nobody chose anything."""
        return not (self.select or self.exclude or self.jobs) and self.limit is None

    @property
    def spelt(self) -> frozenset[str]:
        """The names that were typed one by one."""
        typed = (word for words in self.jobs for word in _split(words))
        return frozenset(word for word in typed if not (_is_glob(word) or _is_kind(word)))


ALL = Selection()


def names(selection: Selection, seen: Iterable[JobState], catalog: Catalog) -> frozenset[str] | None:
    """The names of the jobs that may be submitted; None where nobody chose.

    Raises:
        UsageError: as `matching`.
    """
    if selection.is_all:
        return None
    chosen = matching(selection, seen, catalog)
    if selection.limit is not None:
        to_do = [each for each in chosen if each.step.action is Action.SUBMIT]
        chosen = to_do[: selection.limit]
    return frozenset(each.identity.name for each in chosen)


def matching(
    selection: Selection, seen: Iterable[JobState], catalog: Catalog, *, with_removed: bool = False
) -> list[JobState]:
    """The jobs that are meant, whatever the limit; those that left the manifest only where a command tells of them.

    Raises:
        UsageError: nothing is selected, or there is no such job, word or file.
    """
    jobs = _Jobs(listed := [each for each in seen if with_removed or each.job is not None], catalog)
    chosen: AbstractSet[JobId] = {each.identity for each in listed}
    if selection.jobs:
        chosen = _any(jobs.typed(word) for words in selection.jobs for word in _split(words))
    for words in selection.select:
        chosen &= _any(map(jobs.meant_by, _split(words)))
    for words in selection.exclude:
        chosen -= _any(map(jobs.meant_by, _split(words)))
    if not chosen:
        hint = next((hint for words in selection.select for word in _split(words) if (hint := jobs.hint(word))), "")
        raise UsageError(f"no job is selected: {hint or 'check --select and --exclude'}")
    return [each for each in listed if each.identity in chosen]


def typed_jobs(manifest: Manifest, words: Iterable[str]) -> tuple[str, ...]:
    """The words that somebody typed for jobs, once the names and globs among them are known to mean some.

    Raises:
        UsageError: there is no such job.
    """
    words = tuple(words)
    known = {job.name for job in manifest.jobs}
    for word in (word for each in words for word in _split(each) if not _is_kind(word)):
        _called(word, known, manifest.path)
    return words


@dataclass(frozen=True)
class _Jobs:
    """The jobs that can be chosen."""

    seen: Sequence[JobState]
    catalog: Catalog

    @cached_property
    def _named(self) -> Mapping[str, AbstractSet[JobId]]:
        return {each.identity.name: {each.identity} for each in self.seen}

    @cached_property
    def _called(self) -> Mapping[str, AbstractSet[JobId]]:
        # by name and by id: `hero` is all its takes
        found: dict[str, set[JobId]] = defaultdict(set)
        for each in self.seen:
            found[each.identity.name].add(each.identity)
            found[each.identity.job].add(each.identity)
        return found

    def typed(self, word: str) -> AbstractSet[JobId]:
        """Those that a word means as an argument: it means some, or it is a mistake."""
        found = self._of(word, self._named)
        if not found:
            raise UsageError(f"no job matches {word}{f': {hint}' if (hint := self.hint(word)) else ''}")
        return found

    def meant_by(self, word: str) -> AbstractSet[JobId]:
        """Those that a word means as a part of an option."""
        return self._of(word, self._called)

    def hint(self, word: str) -> str:
        """What was probably meant by a word that means no job; empty where nothing is near."""
        kind, _, value = word.partition(":")
        near = nearest_name(value, self._values(kind)) if kind in ("tag", "model") else None
        return f"did you mean {kind}:{near}?" if near and near != value else ""

    def _of(self, word: str, called: Mapping[str, AbstractSet[JobId]]) -> AbstractSet[JobId]:
        if word.startswith("@"):
            return _any(_among(each, called) for each in _ids_in(word[1:]))
        kind, colon, value = word.partition(":")
        if not colon:
            return _among(word, called)
        if kind not in _KINDS:
            *others, last = (f"{each}:" for each in _KINDS)
            raise UsageError(f"`{word}` selects nothing: write {', '.join(others)} or {last} before a word")
        self._check(kind, value)
        return {each.identity for each in self.seen if _matches(_KINDS[kind](each, self.catalog), value)}

    def _check(self, kind: str, value: str) -> None:
        if kind in _WORDS and value not in _WORDS[kind][1] and not _is_glob(value):
            what, known = _WORDS[kind]
            raise UsageError(f"there is no {what} {value}; use one of {', '.join(sorted(known))}")
        if kind == "changed" and not _is_glob(value) and value not in (known := set(self._values("field"))):
            near = nearest_name(value, known)
            raise UsageError(f"there is no field {value} in any job" + (f": did you mean {near}?" if near else ""))

    def _values(self, kind: str) -> Iterator[str]:
        """All that there is of a kind."""
        if kind == "field":
            yield from ("model", *ROLE_WORDS)
        for each in self.seen:
            yield from _request(each).fields if kind == "field" else _KINDS[kind](each, self.catalog)
            yield from each.step.changed if kind == "field" else ()


def _request(seen: JobState) -> Request:
    attempt = seen.step.attempt or next(reversed(seen.history.attempts), None)
    return seen.job.request if seen.job else attempt.request if attempt else Request("", {})


def _class(seen: JobState, _: Catalog) -> Iterable[str]:
    attempt = seen.step.attempt
    failure = failure_of(seen.step, attempt) if attempt else None
    return [failure.error_class] if failure else []


def _changed(seen: JobState, catalog: Catalog) -> Iterator[str]:
    """The fields that the plan says are changed, by the model's names and by the words for what they are for."""
    roles = {catalog.role_of(name) for name in seen.step.changed} - {None}
    yield from seen.step.changed
    yield from (word for word, role in ROLE_WORDS.items() if role in roles)


# What a job has of each kind: a word after the colon, a glob or not, means the jobs of which it matches something.
_KINDS: Mapping[str, Callable[[JobState, Catalog], Iterable[str]]] = {
    "tag": lambda seen, _: seen.job.tags if seen.job else (),
    "model": lambda seen, _: [_request(seen).model],
    "status": lambda seen, _: [seen.step.status],
    "class": _class,
    "changed": _changed,
}


def _matches(values: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(value, pattern) for value in values)


def _any(found: Iterable[AbstractSet[JobId]]) -> AbstractSet[JobId]:
    return frozenset().union(*found)


def _split(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def _is_glob(word: str) -> bool:
    return not _GLOB_SIGNS.isdisjoint(word)


def _is_kind(word: str) -> bool:
    return ":" in word or word.startswith("@")


def _among(word: str, called: Mapping[str, AbstractSet[JobId]]) -> AbstractSet[JobId]:
    if _is_glob(word):
        return _any(who for name, who in called.items() if fnmatchcase(name, word))
    if word not in called:
        raise no_such_job(word, called)
    return called[word]


def _called(word: str, known: AbstractSet[str], manifest: Path) -> None:
    if not _is_glob(word) and word not in known:
        raise no_such_job(word, known, manifest)
    if not any(fnmatchcase(name, word) for name in known):
        raise UsageError(f"no job in {manifest} matches {word}")


def _ids_in(path: str) -> list[str]:
    """The lines of a file, which somebody else may have written."""
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
        lines = text.decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read ids from {path}: {error}") from error
    if len(text) > _MOST_BYTES:
        raise UsageError(f"cannot read ids from {path}: it has more than 1 MiB")
    return [line.strip() for line in lines if line.strip()]
