"""What is planned at a place, as far as its memory decides it: the same on every machine."""

from decimal import Decimal
from pathlib import Path

from batchrunner.app.job_set import wanted_of
from batchrunner.app.session import known_ledger
from batchrunner.catalog import shipped_prices
from batchrunner.domain.job import JobId
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason
from batchrunner.manifest.load import load
from batchrunner.planning.batch import load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.storage.paths import find_project
from tests.moved_time import EVENING_S

# What is done with a job next, as what it counts, what holds it, which fields changed, and what it costs.
Next = tuple[JobId, Action, Status, HoldReason | None, tuple[str, ...], Decimal]
# What the manifest has cost so far, and the next step of each job.
Plan = tuple[Decimal, list[Next]]


def planned(path: Path) -> Plan:
    """The plan for a manifest, without the reasons: they tell on which machine something was made."""
    manifest, project = load(path), find_project(path)
    with known_ledger(project) as book:
        batch = load_batch(project, wanted_of(manifest), book, shipped_prices(), EVENING_S)
    steps = [(seen.identity, seen.step) for seen in batch.first_steps(PlanOptions(manifest.settings.retries), None)]
    return batch.lifetime_usd(), [
        (who, step.action, step.status, step.hold_reason, step.changed, step.cost.high_usd) for who, step in steps
    ]
