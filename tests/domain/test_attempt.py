"""When a paid result counts as gone: only by the service's own word, said again and again after its retention."""

from dataclasses import replace

import pytest

from batchrunner.domain.attempt import LONGEST_RETENTION_S, Attempt, Retention
from batchrunner.domain.observation import FILE_GONE, Observation, TaskState
from tests.moved_time import DAY_S
from tests.planning.histories import EARLY_S, OPENED_S, SUCCESS, WAITING, accepted, closed, saw

TOLD_S = EARLY_S + 24 * 3600.0
TOLD = replace(SUCCESS, expires_at_s=TOLD_S)
OVER_S = EARLY_S + LONGEST_RETENTION_S


def gone(*at_s: float, word: str = "404") -> tuple[Observation, ...]:
    return tuple(saw(TaskState.GONE, each, word) for each in at_s)


def file_gone(*at_s: float) -> tuple[Observation, ...]:
    return gone(*at_s, word=f"{FILE_GONE}404")


GONE = {
    "three looks over five minutes": accepted(TOLD, *gone(TOLD_S, TOLD_S + 150, TOLD_S + 300)),
    "more looks over more time": accepted(TOLD, *gone(*(TOLD_S + 70 * n for n in range(6)))),
    "nobody said for how long it is kept": accepted(SUCCESS, *gone(OVER_S, OVER_S + 150, OVER_S + 300)),
    "never seen rendered": accepted(*gone(*(OPENED_S + LONGEST_RETENTION_S + n for n in (0, 150, 300)))),
    "the file server alone says so": accepted(TOLD, *file_gone(TOLD_S, TOLD_S + 150, TOLD_S + 300)),
    "the service says success between, and the file stays gone": accepted(
        TOLD, *file_gone(TOLD_S), TOLD, *file_gone(TOLD_S + 150), TOLD, *file_gone(TOLD_S + 300)
    ),
    "an older release closed it at one look": closed(accepted(SUCCESS, *gone(TOLD_S)), TOLD_S),
}
KEPT = {
    "one look": accepted(TOLD, *gone(TOLD_S)),
    "three looks within four minutes": accepted(TOLD, *gone(TOLD_S, TOLD_S + 120, TOLD_S + 240)),
    "two looks over an hour": accepted(TOLD, *gone(TOLD_S, TOLD_S + 3600)),
    "three looks before its time": accepted(TOLD, *gone(TOLD_S - 900, TOLD_S - 600, TOLD_S - 1)),
    "two of three looks before its time": accepted(TOLD, *gone(TOLD_S - 900, TOLD_S - 1, TOLD_S + 300)),
    "25 hours, and nobody said for how long it is kept": accepted(SUCCESS, *gone(TOLD_S, TOLD_S + 150, TOLD_S + 300)),
    "it was there again": accepted(TOLD, *gone(TOLD_S, TOLD_S + 150, TOLD_S + 300), TOLD),
    "it was there between": accepted(TOLD, *gone(TOLD_S, TOLD_S + 150), TOLD, *gone(TOLD_S + 300)),
    "it runs again": accepted(*gone(OVER_S, OVER_S + 150, OVER_S + 300), WAITING),
    "an older release closed it, and it was there again": closed(accepted(SUCCESS, *gone(TOLD_S), SUCCESS), TOLD_S),
    "closed with its clip, and looked for once since": closed(accepted(SUCCESS, *gone(TOLD_S)), EARLY_S),
}


LONG = Retention(7 * DAY_S, 30 * DAY_S, 2 * DAY_S)


def long_kept(attempt: Attempt) -> Attempt:
    return replace(attempt, retention=LONG)


LATE_S = (0, 150, 300)
GONE |= {
    "its model keeps results for 30 days": long_kept(
        accepted(SUCCESS, *gone(*(EARLY_S + 30 * DAY_S + n for n in LATE_S)))
    ),
    "the service said a day, whatever its model says": long_kept(accepted(TOLD, *gone(*(TOLD_S + n for n in LATE_S)))),
    "never seen rendered, and it may have waited for two days": long_kept(
        accepted(*gone(*(OPENED_S + 32 * DAY_S + n for n in LATE_S)))
    ),
}
KEPT |= {
    "a week, and its model keeps results for 30 days": long_kept(
        accepted(SUCCESS, *gone(*(OVER_S + n for n in LATE_S)))
    ),
    "never seen rendered, and it may just have begun": long_kept(
        accepted(*gone(*(OPENED_S + 30 * DAY_S + n for n in LATE_S)))
    ),
    "an older release closed it within its model's time": long_kept(closed(accepted(SUCCESS, *gone(TOLD_S)), TOLD_S)),
}


@pytest.mark.parametrize("attempt", GONE.values(), ids=GONE)
def test_it_is_gone(attempt: Attempt) -> None:
    assert attempt.is_gone


@pytest.mark.parametrize("attempt", KEPT.values(), ids=KEPT)
def test_it_is_not_gone_yet(attempt: Attempt) -> None:
    assert not attempt.is_gone
