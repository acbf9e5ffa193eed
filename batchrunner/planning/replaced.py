"""What a plan replaces: finished clips that would be rendered again, what they had cost, and which edit did it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import Job
from batchrunner.domain.location import Location
from batchrunner.domain.money import NOTHING
from batchrunner.domain.request import changed_fields
from batchrunner.domain.step import Action, Step

_MOST_CAUSES = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """A field whose new value renders so many clips again.

    `layer` is where it was written: `defaults`, `template "hero"`; empty for the jobs themselves, of which `place` is
    the first. No place: it is not written any more.
    """

    field: str
    layer: str
    location: Location | None
    clips: int

    def __str__(self) -> str:
        if self.location is None:
            return f"`{self.field}`, which was removed"
        at = self.location.at
        if self.layer:
            return f"`{self.field}` in {self.layer}, {at}"
        return f"`{self.field}`, {at}" if self.clips == 1 else f"`{self.field}` of {self.clips} jobs, from {at} on"


@dataclass(frozen=True, slots=True)
class Replaced:
    """So many finished clips would be rendered again because of edits; `ordered` are those that somebody wants so.

    `finished` is how many of the wanted jobs have a clip at all.
    """

    finished: int = 0
    clips: int = 0
    had_cost_usd: Decimal = NOTHING
    causes: tuple[Cause, ...] = ()
    ordered: int = 0
    ordered_had_cost_usd: Decimal = NOTHING

    def why(self) -> str:
        """The causes in words, the one that hits most clips first."""
        told = [self._told(cause) for cause in self.causes[:_MOST_CAUSES]]
        more = len(self.causes) - len(told)
        return "; ".join(told) + (f"; and {more} more" if more else "")

    def _told(self, cause: Cause) -> str:
        return str(cause) if cause.clips == self.clips or not cause.layer else f"{cause} ({cause.clips} of them)"

    def as_json(self) -> dict[str, Any]:
        """`{"clips", "had_cost_usd", "finished", "ordered", "causes": [{"field", "layer", "file", "line", …}]}`."""
        return {
            "clips": self.clips,
            "had_cost_usd": float(self.had_cost_usd),
            "finished": self.finished,
            "ordered": self.ordered,
            "causes": [
                {
                    "field": cause.field,
                    "layer": cause.layer,
                    "file": cause.location.file if cause.location else None,
                    "line": cause.location.line if cause.location else None,
                    "clips": cause.clips,
                }
                for cause in self.causes
            ],
        }


NONE_REPLACED = Replaced()


def replaced(planned: Iterable[tuple[Job | None, JobHistory, Step]]) -> Replaced:
    """What the submits of a plan would replace."""
    clips = [(job, history, step, clip) for job, history, step in planned if job and (clip := finished_clip(history))]
    again = [(job, history, clip) for job, history, step, clip in clips if step.action is Action.SUBMIT]
    ordered = [clip for job, history, clip in again if is_ordered(job, history, clip)]
    edited = [(job, clip) for job, history, clip in again if not is_ordered(job, history, clip)]
    return Replaced(
        finished=len(clips),
        clips=len(edited),
        had_cost_usd=sum((clip.booked_usd for _, clip in edited), NOTHING),
        causes=_causes(edited),
        ordered=len(ordered),
        ordered_had_cost_usd=sum((clip.booked_usd for clip in ordered), NOTHING),
    )


def finished_clip(history: JobHistory) -> Attempt | None:
    """The attempt that gave a job's newest clip, which another submit would replace."""
    return history.newest_clip(history.next_number)


def is_ordered(job: Job, history: JobHistory, clip: Attempt) -> bool:
    """Whether somebody decided that this request is submitted again, or agreed to it once since the clip was made."""
    last = history.of_request(job.request)
    return history.open_decision(job.request) is not None or (last is not None and last.number > clip.number)


def _causes(edited: Iterable[tuple[Job, Attempt]]) -> tuple[Cause, ...]:
    """One a field and layer; values that stand in the jobs themselves are one cause a file."""
    counts: Counter[tuple[str, str, str, int]] = Counter()
    locations: dict[tuple[str, str, str, int], Location | None] = {}
    for job, clip in edited:
        for name in changed_fields(clip.request, job.request):
            layer, location = job.layers.get(name, ""), job.locations.get(name)
            key = (name, layer, location.file if location else "", location.line if location and layer else 0)
            counts[key] += 1
            locations.setdefault(key, location)
    return tuple(Cause(key[0], key[1], locations[key], count) for key, count in counts.most_common())
