"""What helps against a failure: to edit the job, to submit it again, or to wait first. Pure."""

import re
from collections.abc import Mapping
from enum import StrEnum

from batchrunner.domain.observation import ErrorClass, Failure

# What services say while they have no room. It is undocumented what this one says.
_BUSY = re.compile(r"overload|capacity|busy|unavailable|exhausted|try again later|tim(?:ed|e) ?out", re.IGNORECASE)

_EDITED = {ErrorClass.MODERATION, ErrorClass.INVALID}


class Help(StrEnum):
    """What helps."""

    RETRY = "retry"
    WAIT = "wait"
    EDIT = "edit"


_WHY: Mapping[ErrorClass, str] = {
    ErrorClass.MODERATION: "blocked by content moderation",
    ErrorClass.INVALID: "refused as invalid",
    ErrorClass.PROVIDER: "failed at the service",
}

_HELPS: Mapping[Help, str] = {
    Help.RETRY: "a retry may help",
    Help.WAIT: "wait a while, then retry",
    Help.EDIT: "edit the job: unchanged it will probably be refused again",
}


def help_of(failure: Failure | None) -> Help:
    """What helps against it."""
    if failure is None:
        return Help.RETRY
    if failure.error_class in _EDITED:
        return Help.EDIT
    return Help.WAIT if _BUSY.search(failure.message) else Help.RETRY


def in_words(error_class: ErrorClass | None, help_: Help) -> str:
    """Both in words: `failed at the service; a retry may help`."""
    why = _WHY.get(error_class, "failed") if error_class else "failed"
    return f"{why}; {_HELPS[help_]}"
