"""What can go wrong on request, and the dice that decide when."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self


class Fault(StrEnum):
    """One way in which the service or the way to it misbehaves; `description` says it in a line."""

    description: str

    def __new__(cls, name: str, description: str) -> Self:
        """A member that is its name and knows its description."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.description = description
        return member

    RATE_LIMITED = "rate-limited", "any API call: 429 although the rate limit is respected"
    CONCURRENT_LIMITED = "concurrent-limited", "submit: 429 concurrent limit exceeded although a slot is free"

    SUBMIT_500_BEFORE = "submit-500-before", "submit: 500, nothing was accepted"
    SUBMIT_503_BEFORE = "submit-503-before", "submit: 503, nothing was accepted"
    SUBMIT_CUT_BEFORE = "submit-cut-before", "submit: the connection is cut, nothing was accepted"
    SUBMIT_HTML_BEFORE = "submit-html-before", "submit: a web page instead of JSON, nothing was accepted"
    SUBMIT_HANG_BEFORE = "submit-hang-before", "submit: no answer, then a cut; nothing was accepted"
    SUBMIT_500_AFTER = "submit-500-after", "submit: 500, yet the task was accepted and charged"
    SUBMIT_503_AFTER = "submit-503-after", "submit: 503, yet the task was accepted and charged"
    SUBMIT_CUT_AFTER = "submit-cut-after", "submit: the connection is cut after the task was charged"
    SUBMIT_HTML_AFTER = "submit-html-after", "submit: a web page instead of JSON, yet the task was charged"
    SUBMIT_HANG_AFTER = "submit-hang-after", "submit: no answer, then a cut, yet the task was charged"
    FOREIGN_GET_RESULT = "foreign-get-result", "submit: get_result.url points at a third host"

    POLL_500 = "poll-500", "poll: 500"
    POLL_503 = "poll-503", "poll: 503"
    POLL_CUT = "poll-cut", "poll: the connection is cut"
    POLL_HTML = "poll-html", "poll: a web page instead of JSON"
    POLL_HANG = "poll-hang", "poll: no answer, then a cut"

    TASK_FAILED = "task-failed", "task: fails by the provider's error and stays charged"
    TASK_MODERATED = "task-moderated", "task: fails in moderation and its charge is given back"
    NO_VIDEO = "no-video", "task: a success without a video, for good, and charged"
    COVER_FIRST = "cover-first", "task: a cover image comes before the video"

    LINK_EXPIRED = "link-expired", "download: this link answers 403 until the task is polled again"
    FOREIGN_DOWNLOAD = "foreign-download", "download: the link points at a third host"
    DOWNLOAD_CUT = "download-cut", "download: the connection is cut in mid-body"
    DOWNLOAD_SHORT = "download-short", "download: a truncated file whose content-length fits what is sent"
    DOWNLOAD_HTML = "download-html", "download: 200 with a web page"
    DOWNLOAD_HANG = "download-hang", "download: begins, then nothing more comes, then a cut"


BEFORE_ACCEPTING = tuple(fault for fault in Fault if fault.endswith("-before"))
AFTER_ACCEPTING = tuple(fault for fault in Fault if fault.endswith("-after"))
POLLING = tuple(fault for fault in Fault if fault.startswith("poll-"))
TASK_TRAITS = (Fault.TASK_FAILED, Fault.TASK_MODERATED, Fault.NO_VIDEO, Fault.COVER_FIRST)
DOWNLOADING = tuple(fault for fault in Fault if fault.startswith("download-"))


def parse_fault(text: str) -> tuple[Fault, float]:
    """A fault and its rate, as a command line says them: `poll-500=0.1`.

    `submit-` may be left out: `cut-after=0.1` is `submit-cut-after`.

    Raises:
        ValueError: with a sentence that names the known faults, or the bounds of a rate.
    """
    name, _, number = text.partition("=")
    by_name = {fault.removeprefix("submit-"): fault for fault in Fault} | {str(fault): fault for fault in Fault}
    fault = by_name.get(name.strip())
    if fault is None:
        raise ValueError(f"{name!r} is not a fault; the known ones are {', '.join(Fault)}.")
    return fault, _rate(fault, number)


def _rate(fault: Fault, text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ValueError(f"The rate of {fault} must be a number from 0 to 1, as in {fault}=0.1, not {text!r}.")
    return rate


def share(*marks: object) -> float:
    """A number in [0, 1) that depends on nothing but the marks."""
    digest = hashlib.sha256(repr(marks).encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


class FaultInjector:
    """Decides when a fault happens: by the seed, the opening of the state file, and how often it was asked.

    Each fault has its own count, so that switching one on does not move the others. The opening counts the
    starts on one state file: a restart goes on with new decisions instead of repeating the old ones.
    """

    def __init__(self, seed: int, opening: int, rates: Mapping[Fault, float]) -> None:
        self._marks = (seed, opening)
        self._rates = rates
        self._asked: Counter[Fault] = Counter()

    def happens(self, fault: Fault) -> bool:
        """Whether it happens this time."""
        self._asked[fault] += 1
        return share(*self._marks, str(fault), self._asked[fault]) < self._rates.get(fault, 0)

    def first(self, faults: Iterable[Fault]) -> Fault | None:
        """The first of some faults that happens this time."""
        return next((fault for fault in faults if self.happens(fault)), None)

    def all(self, faults: Iterable[Fault]) -> frozenset[Fault]:
        """Every one of some faults that happens this time."""
        return frozenset(fault for fault in faults if self.happens(fault))
