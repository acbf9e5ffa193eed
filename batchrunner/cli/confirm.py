"""Consent to paid work: shown whole, asked on a terminal, and elsewhere given only by `--yes`."""

import select
import sys
from dataclasses import dataclass
from decimal import Decimal

from batchrunner.cli.terminal import say, say_lines
from batchrunner.domain.money import Cost, dollars
from batchrunner.domain.text import Lines, in_lines, most_usd, plural, with_retries
from batchrunner.errors import InsufficientBalance, NotConfirmed
from batchrunner.planning.outgoing import NOTHING_SENT, Outgoing
from batchrunner.planning.replaced import NONE_REPLACED, Replaced

_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What a run would pay: shown before the first submit. None: there is no such limit, or it was not told.

    `priced` says of when the prices are. `affordable` is how many of the clips the balance pays for. `until` is the
    deadline with its zone.
    """

    manifest: str
    clips: int
    cost: Cost
    retries: int
    priced: str
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
        lines = [*self.replaced.lines(), f"{self.manifest}: {clips} to pay, {self.cost} (estimated, {self.priced})"]
        if self.retries:
            lines.append(f"  {with_retries(self.retries, self.most_usd)}")
        limits = [("this run may cost", self.max_cost_usd), ("left of the budget", self.budget_left_usd)]
        lines += [f"  {words}: {dollars(usd)}" for words, usd in limits if usd is not None]
        if self.until is not None:
            lines.append(f"  submits until {self.until}; what runs then is finished")
        lines += [f"  {line}" for line in self.outgoing.lines()]
        return in_lines(*lines, f"  balance: {self._balance()}", f"  clips go to {self.folder}")

    def _balance(self) -> str:
        if self.balance_usd is None:
            return "not told by the service"
        if not self.is_short:
            return dollars(self.balance_usd)
        then = "then the run waits for a top-up" if self.waits_for_balance else "the rest stays pending"
        return f"{dollars(self.balance_usd)}, which pays for {self.affordable} of {self.clips}: {then}"


def ask(offer: Offer, *, yes: bool, part_is_enough: bool = False) -> None:
    """Returns when somebody agreed. A balance that does not pay for all needs a word of its own: `--yes` is none.

    Raises:
        Unconfirmed: nobody did; nothing was submitted.
        Unaffordable: nobody said that what the balance pays for is enough; nothing was submitted.
    """
    say_lines(Lines(str(offer)), err=True)
    if not yes:
        _ask(offer)
    elif offer.is_short and not (part_is_enough or offer.waits_for_balance):
        raise InsufficientBalance(
            f"the balance pays for {offer.affordable} of {plural(offer.clips, 'clip')}: top it up, or add "
            "--allow-partial or --wait-for-balance. Nothing was submitted"
        )


def _is_terminal() -> bool:
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())


def _ask(offer: Offer) -> None:
    if not _is_terminal():
        raise NotConfirmed("nobody agreed to this: there is no terminal to ask on, so add --yes. Nothing was submitted")
    as_far = ", as far as the balance goes" if offer.is_short and not offer.waits_for_balance else ""
    say(f"Submit {plural(offer.clips, 'paid job')}{as_far}? [y/N] ", nl=False, err=True)
    readable, _, _ = select.select([sys.stdin], [], [], _PATIENCE_S)
    if not readable:
        raise NotConfirmed("no answer in 5 minutes: nothing was submitted")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise NotConfirmed("not agreed: nothing was submitted")
