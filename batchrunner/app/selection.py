"""Which jobs a person means: ids with globs, tags, models, statuses, error classes, or a file of ids."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from batchrunner.app.job_set import no_such_job
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action
from batchrunner.errors import UsageError
from batchrunner.manifest.load import Manifest
from batchrunner.planning.batch import JobState

_GLOB_SIGNS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Selection:
    """`select` and `exclude` as typed: a comma is *or*, a repeated option is *and*; `limit` takes the first N.

    `named` are the jobs that were named apart from these options; None: all.
    """

    select: Sequence[str] = ()
    exclude: Sequence[str] = ()
    limit: int | None = None
    named: frozenset[str] | None = None

    @property
    def is_all(self) -> bool:
        """Whether nobody chose anything."""
        return not (self.select or self.exclude) and self.limit is None and self.named is None


def names(selection: Selection, seen: Iterable[JobState]) -> frozenset[str] | None:
    """The names of the jobs that may be submitted; None where nobody chose.

    Raises:
        UsageError: nothing is selected, or there is no such job, word or file.
    """
    if selection.is_all:
        return None
    chosen = matching(selection, seen)
    if selection.limit is not None:
        to_do = [each for each in chosen if each.step.action is Action.SUBMIT]
        chosen = to_do[: selection.limit]
    return frozenset(each.identity.name for each in chosen)


def matching(selection: Selection, seen: Iterable[JobState]) -> list[JobState]:
    """The jobs that are meant, whatever the limit.

    Raises:
        UsageError: nothing is selected, or there is no such job, word or file.
    """
    listed = [each for each in seen if each.job is not None]
    chosen = [each for each in listed if selection.named is None or each.identity.name in selection.named]
    chosen = [each for each in chosen if _matches_all(each, selection.select, listed)]
    chosen = [each for each in chosen if not any(_matches(each, words, listed) for words in selection.exclude)]
    if not chosen:
        raise UsageError("no job is selected: check --select and --exclude")
    return chosen


def named_jobs(manifest: Manifest, words: Iterable[str]) -> frozenset[str]:
    """The names of the jobs that somebody typed, each a name or a glob over names.

    Raises:
        UsageError: there is no such job.
    """
    known = {job.name for job in manifest.jobs}
    return frozenset().union(*(_called(word, known, manifest.path) for word in words))


def _called(word: str, known: AbstractSet[str], manifest: Path) -> AbstractSet[str]:
    if word in known:
        return {word}
    if not _GLOB_SIGNS & set(word):
        raise no_such_job(word, known, manifest)
    found = {name for name in known if fnmatchcase(name, word)}
    if not found:
        raise UsageError(f"no job in {manifest} matches {word}")
    return found


def _matches_all(seen: JobState, selects: Iterable[str], listed: Sequence[JobState]) -> bool:
    return all(_matches(seen, words, listed) for words in selects)


def _matches(seen: JobState, words: str, listed: Sequence[JobState]) -> bool:
    return any([_matches_word(seen, word.strip(), listed) for word in words.split(",") if word.strip()])  # noqa: C419  # every word is checked


def _matches_word(seen: JobState, word: str, listed: Sequence[JobState]) -> bool:
    kind, colon, value = word.partition(":")
    if colon:
        if kind not in _KINDS:
            raise UsageError(f"`{word}` selects nothing: write tag:, model:, status: or class: before a word")
        return _KINDS[kind](seen, value)
    if word.startswith("@"):
        return any(_matches_id(seen, each, listed) for each in _ids_in(word[1:]))
    return _matches_id(seen, word, listed)


def _matches_id(seen: JobState, word: str, listed: Sequence[JobState]) -> bool:
    """A plain id means all its takes; a take's name means itself."""
    if not _GLOB_SIGNS & set(word):
        _check_id(word, listed)
    who = seen.identity
    return fnmatchcase(who.name, word) or fnmatchcase(who.job, word)


def _check_id(word: str, listed: Sequence[JobState]) -> None:
    known = {name for each in listed for name in (each.identity.name, each.identity.job)}
    if word not in known:
        raise no_such_job(word, known)


def _ids_in(path: str) -> list[str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read ids from {path}: {error}") from error
    return [line.strip() for line in lines if line.strip()]


def _has_status(seen: JobState, word: str) -> bool:
    if word not in set(Status):
        raise UsageError(f"there is no status {word}; use one of {', '.join(Status)}")
    return seen.step.status == word


def _has_class(seen: JobState, word: str) -> bool:
    failure = seen.step.attempt.failure if seen.step.attempt else None
    return failure is not None and failure.error_class == word


_KINDS: dict[str, Callable[[JobState, str], bool]] = {
    "tag": lambda seen, word: seen.job is not None and any(fnmatchcase(tag, word) for tag in seen.job.tags),
    "model": lambda seen, word: seen.job is not None and fnmatchcase(seen.job.request.model, word),
    "status": _has_status,
    "class": _has_class,
}
