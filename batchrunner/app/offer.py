"""What a run would pay, as it is shown before anybody agrees."""

from dataclasses import dataclass
from decimal import Decimal

from batchrunner.domain.money import Cost, dollars
from batchrunner.domain.text import in_lines, most_usd, plural, with_retries
from batchrunner.errors import InsufficientBalance
from batchrunner.planning.outgoing import NOTHING_SENT, Outgoing
from batchrunner.planning.price_basis import PriceBasis
from batchrunner.planning.replaced import NONE_REPLACED, Replaced


@dataclass(frozen=True, slots=True)
class Offer:
    """What a run would pay: shown before the first submit. None: there is no such limit, or it was not told.

    `basis` is what the sum is made of. `affordable` is how many of the clips the balance pays for. `until` is the
    deadline with its zone.
    """

    manifest: str
    clips: int
    cost: Cost
    retries: int
    basis: PriceBasis
    max_cost_usd: Decimal | None
    budget_left_usd: Decimal | None
    balance_usd: Decimal | None
    folder: str
    affordable: int
    waits_for_balance: bool = False
    replaced: Replaced = NONE_REPLACED
    outgoing: Outgoing = NOTHING_SENT
    until: str | None = None

    @property
    def most_usd(self) -> Decimal:
        """What is agreed to at most, the retries of the settings included."""
        return most_usd(self.cost, self.retries, self.max_cost_usd, self.budget_left_usd)

    @property
    def is_short(self) -> bool:
        """Whether the balance does not pay for all of it."""
        return self.affordable < self.clips

    def __str__(self) -> str:
        """The offer in lines."""
        clips = plural(self.clips, "clip")
        lines = [*self.replaced.lines(), f"{self.manifest}: {clips} to render, {self.basis.sum_in_words(self.cost)}"]
        if self.retries:
            lines.append(f"  {with_retries(self.retries, self.most_usd)}")
        limits = [
            ("cost limit of this run", self.max_cost_usd),
            ("left of the manifest's budget", self.budget_left_usd),
        ]
        lines += [f"  {words}: {dollars(usd)}" for words, usd in limits if usd is not None]
        if self.until is not None:
            lines.append(f"  submits until {self.until}; tasks that run then are finished")
        lines += [f"  {line}" for line in (*self.basis.lines(), *self.outgoing.lines())]
        return in_lines(*lines, f"  balance: {self._balance()}", f"  clips go to {self.folder}")

    def _balance(self) -> str:
        if self.balance_usd is None:
            return "the service did not say"
        if not self.is_short:
            return dollars(self.balance_usd)
        then = "the run then waits for a top-up" if self.waits_for_balance else "the rest stays pending"
        return f"{dollars(self.balance_usd)}, which covers {self.affordable} of {self.clips}: {then}"


def check_affordable(offer: Offer, *, part_is_enough: bool) -> None:
    """Nothing, where the balance pays for all, or where what it pays for is enough.

    Raises:
        InsufficientBalance: nobody said so; nothing was submitted.
    """
    if offer.is_short and not (part_is_enough or offer.waits_for_balance):
        raise InsufficientBalance(
            f"the balance covers {offer.affordable} of {plural(offer.clips, 'clip')}: top it up, or pass "
            "--allow-partial or --wait-for-balance. Nothing was submitted"
        )
