"""What a plan is called: equal names, equal payments, and nothing else leaves."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256

from batchrunner.domain.job import Job
from batchrunner.domain.money import dollars
from batchrunner.domain.settings import MOST_RETRIES
from batchrunner.domain.step import Action, Step
from batchrunner.planning.replaced import NONE_REPLACED, Replaced


@dataclass(frozen=True, slots=True)
class Terms:
    """All that decides what a plan may cost and send, beside its jobs.

    `replaced` are finished clips that it renders again, `leaves` names what goes out of this machine apart from the
    requests. A limit of None is none.
    """

    base_url: str
    priced_on: date
    retries: int = 0
    max_cost_usd: Decimal | None = None
    budget_usd: Decimal | None = None
    replaced: Replaced = NONE_REPLACED
    leaves: tuple[str, ...] = ()


def plan_digest(planned: Iterable[tuple[Job | None, Step]], terms: Terms) -> str:
    """Twelve signs that stand for what would be paid and sent: which jobs, what for, where to, under which terms."""
    return _digest(_jobs(planned), terms)


def difference(planned: Iterable[tuple[Job | None, Step]], terms: Terms, digest: str) -> str | None:
    """What alone tells a plan from the one of another name, in words; None where it is not one of the terms."""
    jobs = _jobs(planned)
    return next((words for words, other in _others(terms) if _digest(jobs, other) == digest), None)


def _jobs(planned: Iterable[tuple[Job | None, Step]]) -> str:
    paid = [
        [
            job.identity.manifest,
            job.identity.profile,
            job.name,
            job.request.as_json(),
            job.output,
            str(step.cost.low_usd),
            str(step.cost.high_usd),
        ]
        for job, step in planned
        if job is not None and step.action is Action.SUBMIT
    ]
    return _sha256(paid)


def _digest(jobs: str, terms: Terms) -> str:
    replaced = terms.replaced
    said = [
        jobs,
        terms.base_url,
        terms.priced_on.isoformat(),
        terms.retries,
        _plain(terms.max_cost_usd),
        _plain(terms.budget_usd),
        [replaced.clips, _plain(replaced.had_cost_usd), replaced.ordered, _plain(replaced.ordered_had_cost_usd)],
        sorted(terms.leaves),
    ]
    return _sha256(said)[:12]


def _sha256(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode(errors="surrogatepass")).hexdigest()


def _plain(usd: Decimal | None) -> str | None:
    """The same for amounts that are equal, however they were written: `20` and `20.00`."""
    return None if usd is None else f"{usd.normalize():f}"


def _others(terms: Terms) -> Iterator[tuple[str, Terms]]:
    """Terms that somebody may have looked at, each different in one thing."""
    for retries in range(MOST_RETRIES + 1):
        yield f"`retries` was {retries} and is {terms.retries}", replace(terms, retries=retries)
    if terms.max_cost_usd is not None:
        said = f"it was made without --max-cost {dollars(terms.max_cost_usd)}: pass it to `plan` too"
        yield said, replace(terms, max_cost_usd=None)
    if terms.budget_usd is not None:
        yield f"there was no `budget`, and now there is {dollars(terms.budget_usd)}", replace(terms, budget_usd=None)
    if terms.replaced != NONE_REPLACED:
        yield "it replaced no finished clips then", replace(terms, replaced=NONE_REPLACED)
