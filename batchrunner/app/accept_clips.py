"""Accepting: the clips of jobs that were edited are kept, and nothing is paid for them."""

from collections.abc import Mapping
from dataclasses import dataclass

from batchrunner.app.decision_session import DecisionSession
from batchrunner.app.selection import Selection, matching
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.request import changed_fields
from batchrunner.domain.status import Status
from batchrunner.engine.unverified import take as take_odd
from batchrunner.errors import UsageError
from batchrunner.planning.batch import JobState
from batchrunner.planning.inputs import PlanOptions
from batchrunner.storage.clip_files import on_disk
from batchrunner.storage.paths import ProjectPaths


@dataclass(frozen=True, slots=True)
class AcceptedClips:
    """What was decided, by the names of the jobs.

    `kept` has the fields of each request that changed since its clip was rendered, `taken` the paths of files that
    could not be verified and count as clips now.
    """

    kept: Mapping[str, tuple[str, ...]]
    taken: Mapping[str, str]


def accept_clips(session: DecisionSession, selection: Selection) -> AcceptedClips:
    """Keeps the clips of the selected jobs, as they are written now.

    Raises:
        UsageError: nothing is selected, a job that was typed has no clip, or one is still being rendered.
    """
    chosen = matching(selection, session.batch.first_steps(PlanOptions(), None), session.batch.catalog)
    taken = {seen.identity: path for seen in chosen if (path := _taken(session, seen)) is not None}
    chosen = [seen for seen in chosen if seen.identity not in taken]
    chosen = [seen for seen in chosen if seen.identity.name in selection.spelt or _can_be_kept(seen, session.project)]
    kept = {seen.identity: _clip_to_keep(seen, session.project) for seen in chosen}
    session.book.decide([session.keep(who, attempt) for who, attempt in kept.items()])
    return AcceptedClips(
        {
            who.name: tuple(changed_fields(attempt.request, session.batch.jobs[who].request))
            for who, attempt in kept.items()
        },
        {who.name: path for who, path in taken.items()},
    )


def _taken(session: DecisionSession, seen: JobState) -> str | None:
    """The file that came for a clip and could not be verified, under its final name; None where there is none."""
    try:
        return take_odd(session.batch, session.book, session.clock, seen)
    except OSError as error:
        raise UsageError(f"{seen.identity.name}: the kept file cannot be used: {error}") from error


def _can_be_kept(seen: JobState, project: ProjectPaths) -> bool:
    """Whether a job that nobody spelt has a clip in whose place another one would be rendered."""
    is_open = seen.history.open_attempt is not None
    return not is_open and seen.step.status is not Status.DONE and _clip_of(seen, project) is not None


def _clip_of(seen: JobState, project: ProjectPaths) -> Attempt | None:
    """The attempt whose clip lies under its final name; where none does, the last one that gave a clip."""
    memory, present = on_disk(project, seen.history)
    lying = (a for a in reversed(memory.attempts) if a.id in present and a.clip and a.clip.role is ClipRole.FINAL)
    return next(lying, memory.newest_clip(memory.next_number))


def _clip_to_keep(seen: JobState, project: ProjectPaths) -> Attempt:
    attempt = _clip_of(seen, project)
    if attempt is None:
        raise UsageError(f"{seen.identity.name} has no clip to keep")
    return attempt
