"""The versions of a job: every clip that was paid for or taken over, which is current and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from batchrunner.domain.attempt import Attempt, Outcome
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import TaskState
from batchrunner.domain.request import Request, changed_fields
from batchrunner.domain.text import local


class VersionState(StrEnum):
    """What became of something that was paid for."""

    HERE = "here"
    MISSING = "missing"
    NOT_DOWNLOADED = "not-downloaded"
    RUNNING = "running"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClipVersion:
    """One of a job's clips, or a payment without one. `before` is the request of the one before it.

    `why` says why it is the current one; it is empty where another is. `source` names the job that paid for it, where
    that is another one.
    """

    attempt: Attempt
    before: Request | None
    state: VersionState
    why: str = ""
    source: str = ""

    @property
    def name(self) -> str:
        """`v1`, by which `pick` puts it back; empty where it is not in versions/."""
        return self.attempt.clip.version if self.attempt.clip else ""

    @property
    def can_be_picked(self) -> bool:
        """Whether `pick` can put it back."""
        return bool(self.name) and self.state is VersionState.HERE

    @property
    def at_s(self) -> float:
        """When it was paid for, or taken over."""
        return _at_s(self.attempt)

    @property
    def cost_usd(self) -> Decimal:
        """What is billed, else what is booked."""
        return self.attempt.booked_usd

    @property
    def host(self) -> str:
        """The machine that paid for it; empty where that is not known."""
        return self.attempt.host or self.attempt.made_on or ""


@dataclass(frozen=True, slots=True)
class JobVersions:
    """All of a job, oldest first. `is_removed`: it left the manifest. `is_damaged`: the ledger does not tell all."""

    identity: JobId
    versions: tuple[ClipVersion, ...]
    is_removed: bool = False
    is_damaged: bool = False


def versions_of(
    identity: JobId, wanted: Request | None, history: JobHistory, present: frozenset[int], sources: Mapping[str, str]
) -> JobVersions:
    """The versions of a job that asks for `wanted` now (None: it left the manifest).

    `present` are the attempts whose clip is on the disk; `sources` name, by task, whose clip it was first.
    """
    attempts = sorted((a for a in history.attempts if _is_paid(a)), key=_at_s)
    current = _current(attempts, present)
    found: list[ClipVersion] = []
    for attempt in attempts:
        before = found[-1].attempt.request if found else None
        why = _why(attempt, wanted, history) if attempt is current else ""
        source = sources.get(attempt.task_id or "", "another job") if attempt.is_adopted else ""
        found.append(ClipVersion(attempt, before, _state(attempt, present), why, source))
    return JobVersions(identity, tuple(found), wanted is None, bool(history.damage))


def _at_s(attempt: Attempt) -> float:
    return attempt.adoption.at_s if attempt.adoption else attempt.opened_at_s


def _is_paid(attempt: Attempt) -> bool:
    """Whether money went, or may have gone, or somebody else's money did."""
    if attempt.outcome is Outcome.REFUSED:
        return False
    return bool(attempt.booked_usd or attempt.clips or attempt.is_adopted or attempt.task is not TaskState.FAILED)


def _state(attempt: Attempt, present: frozenset[int]) -> VersionState:
    if attempt.clip is not None:
        return VersionState.HERE if attempt.id in present else VersionState.MISSING
    if attempt.outcome is not Outcome.ACCEPTED:
        return VersionState.UNKNOWN
    if attempt.task is TaskState.FAILED:
        return VersionState.FAILED
    if attempt.is_gone:
        return VersionState.EXPIRED
    return VersionState.NOT_DOWNLOADED if attempt.task is TaskState.SUCCESS else VersionState.RUNNING


def _current(attempts: Sequence[Attempt], present: frozenset[int]) -> Attempt | None:
    """The one under the final name; where no file is here, the one that was put there last."""
    final = [(a.id in present, a.clip.at_s, a) for a in attempts if a.clip and a.clip.role is ClipRole.FINAL]
    return max(final, key=lambda each: each[:2])[2] if final else None


def _why(attempt: Attempt, wanted: Request | None, history: JobHistory) -> str:
    clips = sorted((a for a in history.attempts if a.clips), key=_at_s)
    is_newest = clips[-1] is attempt
    decision = _kept_by(attempt, history)
    edited = changed_fields(attempt.request, wanted) if wanted else ()
    if decision is None:
        if edited:
            return f"newest; the job was edited since: {', '.join(edited)}" if is_newest else "the job was edited since"
        return "newest" if is_newest else "the job asks for it again"
    came_back = any(clip.role is ClipRole.VERSION for clip in attempt.clips)
    how = "accepted" if is_newest and not came_back else "picked"
    whom = f" on {decision.host}" if decision.host else ""
    although = ""
    if decision.request and (differs := changed_fields(attempt.request, decision.request)):
        although = f", although the job differs in {', '.join(differs)}"
    return f"{how}{whom}, {local(decision.at_s)}{although}"


def _kept_by(attempt: Attempt, history: JobHistory) -> Decision | None:
    """The decision by which a clip is kept; None where there is none, or another clip came since."""
    last = next((d for d in reversed(history.decisions) if d.kind is DecisionKind.ACCEPT), None)
    if last is None or history.chosen_by(last) is not attempt:
        return None
    return None if any(a.number > last.after and a.clips for a in history.attempts) else last
