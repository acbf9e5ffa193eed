"""How long results are kept, by the descriptions of their models: no ledger knows that."""

from dataclasses import replace

from batchrunner.catalog import Catalog
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.history import JobHistory


def with_retention(history: JobHistory, catalog: Catalog) -> JobHistory:
    """A history whose attempts know how long results of their models are kept; itself where all know it."""
    attempts = tuple(_kept(attempt, catalog) for attempt in history.attempts)
    is_same = all(one is other for one, other in zip(attempts, history.attempts, strict=True))
    return history if is_same else replace(history, attempts=attempts)


def _kept(attempt: Attempt, catalog: Catalog) -> Attempt:
    retention = catalog.retention(attempt.request.model)
    return attempt if attempt.retention == retention else replace(attempt, retention=retention)
