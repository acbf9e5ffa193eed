"""What a plan comes to, for everybody who is shown it."""

from collections.abc import Iterable

from batchrunner.domain.step import Action
from batchrunner.domain.text import day_of
from batchrunner.planning.batch import Batch, JobState
from batchrunner.planning.outgoing import Outgoing, outgoing
from batchrunner.planning.price_basis import PriceBasis, price_basis


def sends_of(batch: Batch, seen: Iterable[JobState], base_url: str, hook: str | None = None) -> Outgoing:
    """What leaves this machine with what would be submitted."""
    submitted = (s.job for s in seen if s.job and s.step.action is Action.SUBMIT)
    return outgoing(submitted, batch.catalog, batch.sources, base_url, hook)


def basis_of(batch: Batch, seen: Iterable[JobState], now_s: float) -> PriceBasis:
    """What the sum for what would be submitted is made of."""
    submitted = (s.job for s in seen if s.job and s.step.action is Action.SUBMIT)
    return price_basis(submitted, batch.estimates, day_of(now_s))
