"""What a clip is estimated to cost: the list of prices, corrected by what the service billed lately."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from batchrunner.catalog import PriceList
from batchrunner.catalog.price_kinds import PriceKind
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.history import JobHistory
from batchrunner.domain.money import FREE, Cost
from batchrunner.domain.observation import TaskState
from batchrunner.domain.request import Request
from batchrunner.domain.text import day_of

_LATELY = timedelta(days=60)
_CLOCKS_DIFFER = timedelta(days=1)
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Bills:
    """What so many clips of one kind were billed lately, the least and the most.

    `are_enough`: they say what such a clip costs, where the list does not say it exactly.
    """

    clips: int
    cost: Cost
    are_enough: bool


@dataclass(frozen=True, slots=True)
class Estimates:
    """The estimates of one plan and of its run: what is billed meanwhile counts for the next plan only.

    Where the list has one exact sum, bills widen it to both sides, so that no less is reserved than is listed. A range,
    an upper bound and a missing price give way to the bills, as soon as there are enough of them; until then bills only
    widen them.
    """

    prices: PriceList
    bills: Mapping[PriceKind, Bills] = field(default_factory=dict)
    _known: dict[PriceKind, Cost | None] = field(init=False, default_factory=dict, compare=False, repr=False)

    def cost(self, request: Request) -> Cost:
        """The estimate for one clip; what has none costs nothing here: whoever pays asks `knows` first."""
        return self._find(request) or FREE

    def knows(self, request: Request) -> bool:
        """Whether there is an estimate."""
        return self._find(request) is not None

    def bills_of(self, request: Request) -> Bills | None:
        """What clips of this kind were billed lately; None where none was."""
        kind = self.prices.kind_of(request)
        return self.bills.get(kind) if kind else None

    def _find(self, request: Request) -> Cost | None:
        kind = self.prices.kind_of(request)
        if kind is None:
            return None
        if kind not in self._known:  # jobs of few kinds are looked at again and again
            self._known[kind] = self._corrected(request, self.bills.get(kind))
        return self._known[kind]

    def _corrected(self, request: Request, bills: Bills | None) -> Cost | None:
        listed = self.prices.find(request)
        if bills is None:
            return listed
        if bills.are_enough and not self.prices.is_exact(request):
            return bills.cost
        return None if listed is None else _around(listed, bills.cost)


def estimates(prices: PriceList, histories: Iterable[JobHistory], now_s: float) -> Estimates:
    """The list corrected by the bills in these histories.

    A bill counts for 60 days, once, if its clip was rendered; one of nothing says nothing of the next one. Three are
    enough, of those that this machine has seen itself since the list was read: what receipts say may raise what is
    reserved and never lowers it, for anybody can have written them.
    """
    today = day_of(now_s)
    found: dict[PriceKind, list[_Bill]] = defaultdict(list)
    for attempt in _once(histories):
        bill = _bill_of(attempt)
        if bill is None or not -_CLOCKS_DIFFER <= today - bill.day <= _LATELY:
            continue
        kind = prices.kind_of(attempt.request)
        if kind is not None:
            found[kind].append(bill)
    return Estimates(prices, {kind: _together(bills, _since(prices, kind)) for kind, bills in found.items()})


@dataclass(frozen=True, slots=True)
class _Bill:
    """What a clip was billed, and when that was seen; `is_own`: by this machine."""

    usd: Decimal
    day: date
    is_own: bool


def _once(histories: Iterable[JobHistory]) -> Iterator[Attempt]:
    """Every attempt that was paid, however many jobs and histories have it."""
    seen: set[int] = set()
    for history in histories:
        for attempt in history.attempts:
            if not attempt.is_adopted and attempt.id not in seen:
                seen.add(attempt.id)
                yield attempt


def _bill_of(attempt: Attempt) -> _Bill | None:
    last = next((seen for seen in reversed(attempt.observations) if seen.billed_usd is not None), None)
    if last is None or not last.billed_usd or attempt.task is not TaskState.SUCCESS:
        return None
    return _Bill(last.billed_usd, day_of(last.at_s), attempt.made_on is None)


def _since(prices: PriceList, kind: PriceKind) -> date:
    price = prices.prices.get(kind.model)
    return price.read_on if price else date.min


def _together(bills: list[_Bill], since: date) -> Bills:
    amounts = [bill.usd for bill in bills]
    counting = sum(1 for bill in bills if bill.is_own and bill.day >= since)
    return Bills(len(bills), Cost(min(amounts), max(amounts)), counting >= _ENOUGH)


def _around(one: Cost, other: Cost) -> Cost:
    return Cost(min(one.low_usd, other.low_usd), max(one.high_usd, other.high_usd))
