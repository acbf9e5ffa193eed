"""Plans to be shown, in a word."""

from datetime import date
from typing import Any

from batchrunner.domain.job import JobId
from batchrunner.domain.step import Step
from batchrunner.domain.text import day_of
from batchrunner.planning.price_basis import PriceBasis
from batchrunner.reports.plan_table import Planned

PRICED_ON = date(2026, 8, 18)
NOW_S = 1_795_456_800.0


def planned(*steps: tuple[JobId, Step], **parts: Any) -> Planned:
    usual: dict[str, Any] = {
        "removed": (),
        "unpriced": frozenset(),
        "basis": PriceBasis(PRICED_ON, day_of(NOW_S)),
        "concurrency": 2,
        "expected_s": 0.0,
        "digest": "0123456789ab",
    }
    return Planned(steps=steps, **{**usual, **parts})


def shots(*steps: Step) -> list[tuple[JobId, Step]]:
    """Jobs with these steps: `shot-0`, `shot-1`, …"""
    return [(JobId("film", "", f"shot-{n}", 1), step) for n, step in enumerate(steps)]
