"""What the sum of a plan rests on: whose descriptions, prices of which day, what was billed, which defaults cost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from batchrunner.catalog import Model, Role
from batchrunner.catalog.models import Confidence, DescriptionSource
from batchrunner.catalog.price_kinds import PriceKind
from batchrunner.domain.job import Job
from batchrunner.domain.money import Cost, dollars
from batchrunner.domain.text import aged, listed, plural
from batchrunner.planning.billed_prices import Bills, Estimates

_FRESH_DAYS = 30
_MOST_LINES = 10
_KNOWN_FROM: Mapping[Confidence, str] = {
    Confidence.DOC: "from the service's page",
    Confidence.CODE: "from the service's own programs",
    Confidence.INFERRED: "inferred",
}


@dataclass(frozen=True, slots=True)
class ModelBasis:
    """What a model of a plan is known by. `priced_on` is the day of its listed price; None: it has none.

    `costly` are defaults that are paid for, as far as a job leaves them as they are.
    """

    slug: str
    source: DescriptionSource
    priced_on: date | None = None
    bound: str | None = None
    costly: tuple[tuple[str, object], ...] = ()

    @property
    def described(self) -> str:
        """Where its description was read, and when: `google/veo-3.1-i2v (from the service's page, 2026-04-29)`."""
        file = f"{self.source.file}, " if self.source.file else ""
        return f"{self.slug} ({file}{_KNOWN_FROM[self.source.confidence]}, {self.source.read_on.isoformat()})"

    def lines(self) -> Iterator[str]:
        """A line where defaults cost that no job had to write."""
        if not self.costly:
            return
        said = ", ".join(f"{name} {_written(value)}" for name, value in self.costly)
        switches = [f"`{name}: false`" for name, value in self.costly if value is True]
        others = [f"`{name}`" for name, value in self.costly if value is not True]
        helps = [f"to leave it out, write {', '.join(switches)}"] if switches else []
        helps += [f"to choose another, write {', '.join(others)}"] if others else []
        what = "the price includes defaults that cost" if self.priced_on else "defaults that cost"
        yield f"{what}: {said} ({self.slug}); {'; '.join(helps)}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "model": self.slug,
            "described_on": self.source.read_on.isoformat(),
            "confidence": self.source.confidence.value,
            "file": self.source.file or None,
            "priced_on": self.priced_on.isoformat() if self.priced_on else None,
            "bound": self.bound,
            "costly_defaults": [{"field": name, "value": value} for name, value in self.costly],
        }


@dataclass(frozen=True, slots=True)
class BilledKind:
    """What clips of one kind were billed lately, beside what the list says of them (None: nothing)."""

    kind: PriceKind
    words: str
    bills: Bills
    list_price: Cost | None

    def __str__(self) -> str:
        """`billed lately: $2.41 a clip (3 clips of minimax/hailuo-2.3-i2v, 6 s, 768P), the list says $2.58`."""
        billed = f"billed lately: {self.bills.cost} a clip ({plural(self.bills.clips, 'clip')} of {self.words})"
        if self.list_price is None:
            return f"{billed}; {_BY_BILLS if self.bills.are_enough else _TOO_FEW}"
        return f"{billed}, {_as_listed(str(self.bills.cost), str(self.list_price))}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "model": self.kind.model,
            "values": self.kind.as_json(),
            "clips": self.bills.clips,
            "billed": self.bills.cost.as_json(),
            "listed": self.list_price.as_json() if self.list_price else None,
        }


_BY_BILLS = "without a list price: priced by its bills"
_TOO_FEW = "without a list price: three bills that this machine has seen will price it"


def _as_listed(billed: str, list_price: str) -> str:
    return "as listed" if billed == list_price else f"the list says {list_price}"


@dataclass(frozen=True, slots=True)
class PriceBasis:
    """What an estimate is made of, as it is on the day `today`. `priced_on` is the oldest price that matters.

    Of `clips` to pay, `unpriced` have no price.
    """

    priced_on: date
    today: date
    clips: int = 0
    unpriced: int = 0
    models: tuple[ModelBasis, ...] = ()
    billed: tuple[BilledKind, ...] = ()

    def sum_in_words(self, cost: Cost) -> str:
        """A sum with what it is: `$2.58 (estimated, prices of 2026-08-18, 97 days old)`."""
        if self.unpriced and self.unpriced == self.clips:
            return "no known price"
        if self.unpriced:
            known = f"{cost} for {self.clips - self.unpriced} of them (estimated, {self._dates()})"
            return f"{known}; no known price for {self.unpriced}"
        return f"{cost} (estimated, {self._dates()})"

    def estimate_in_words(self, usd: Decimal) -> str:
        """A sum that may be paid already, without its age: `estimate for all jobs $12.88 (prices of 2026-08-18)`."""
        if self.unpriced and self.unpriced == self.clips:
            return "no known prices"
        which = f"{self.clips - self.unpriced} of {plural(self.clips, 'job')}" if self.unpriced else "all jobs"
        return f"estimate for {which} {dollars(usd)} ({self._from()})"

    def lines(self) -> Iterator[str]:
        """A short line each, for people; none where nothing is to pay."""
        days = self._days()
        if len(set(days.values())) > 1:
            yield f"prices: {listed(f'{slug} {day.isoformat()}' for slug, day in days.items())}"
        if any((self.today - day).days > _FRESH_DAYS for day in days.values()):
            help_ = "`batchrunner models prices --check`, or pass newer ones with `--prices FILE`"
            yield f"prices older than {_FRESH_DAYS} days may have changed: check them with {help_}"
        for model in self.models:
            yield from model.lines()
        yield from map(str, self.billed[:_MOST_LINES])
        if len(self.billed) > _MOST_LINES:
            yield f"billed lately: {len(self.billed) - _MOST_LINES} more kinds of clips, see `plan -o json`"
        if self.models:
            described = listed(model.described for model in self.models)
            yield f"models as described: {described}; check with `batchrunner models check`"

    def as_json(self) -> dict[str, Any]:
        """The same for programs, with every model and every kind of clip."""
        return {
            "unpriced": self.unpriced,
            "models": [model.as_json() for model in self.models],
            "billed": [kind.as_json() for kind in self.billed],
        }

    def _days(self) -> dict[str, date]:
        return {model.slug: model.priced_on for model in self.models if model.priced_on}

    def _dates(self) -> str:
        """From when the prices are, with their age where all are of one day."""
        days = set(self._days().values()) or {self.priced_on}
        is_one_day = len(days) == 1 and (self._days() or not self.models)
        return f"{self._from()}, {aged(max(days), self.today)}" if is_one_day else self._from()

    def _from(self) -> str:
        days = sorted(set(self._days().values())) or [self.priced_on]
        if self.models and not self._days():
            return "by what was billed"
        return f"prices of {days[0].isoformat()}" + (f" to {days[-1].isoformat()}" if len(days) > 1 else "")


def price_basis(jobs: Iterable[Job], known: Estimates, today: date) -> PriceBasis:
    """What the estimate for these jobs, all of which would be paid, is made of."""
    jobs = list(jobs)
    asked: dict[str, list[Job]] = {}
    for job in jobs:
        asked.setdefault(job.request.model, []).append(job)
    models = ((model, of_it) for slug, of_it in asked.items() if (model := known.prices.catalog.find(slug)))
    return PriceBasis(
        priced_on=known.prices.priced_on,
        today=today,
        clips=len(jobs),
        unpriced=sum(1 for job in jobs if not known.knows(job.request)),
        models=tuple(_model(model, of_it, known) for model, of_it in models),
        billed=tuple(_billed(jobs, known)),
    )


def _model(model: Model, jobs: Iterable[Job], known: Estimates) -> ModelBasis:
    price = known.prices.prices.get(model.slug)
    left = dict.fromkeys(name for job in jobs for name in model.costly_defaults if name not in job.body)
    costly = tuple((name, model.defaults[name]) for name in left if name in model.defaults)
    if price is None:
        return ModelBasis(model.slug, model.source, costly=costly)
    return ModelBasis(model.slug, model.source, price.read_on, price.bound.value, costly)


def _billed(jobs: Iterable[Job], known: Estimates) -> Iterator[BilledKind]:
    requests = {kind: job.request for job in jobs if (kind := known.prices.kind_of(job.request))}
    for kind, request in requests.items():
        bills, model = known.bills_of(request), known.prices.catalog.find(kind.model)
        if bills and model:
            yield BilledKind(kind, kind.in_words(model.field(Role.DURATION)), bills, known.prices.find(request))


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
