"""Consent to paid work: shown whole, asked on a terminal, and elsewhere given only by `--yes`."""

import select
import sys
from dataclasses import dataclass
from decimal import Decimal

import click

from batchrunner.errors import Unconfirmed
from batchrunner.nouns.money import Cost, dollars
from batchrunner.reports.words import counted

_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What a run would pay: shown before the first submit. None: there is no such limit, or it was not told."""

    manifest: str
    clips: int
    cost: Cost
    retries: int
    priced_on: str
    max_cost_usd: Decimal | None
    budget_left_usd: Decimal | None
    balance_usd: Decimal | None
    folder: str

    @property
    def most_usd(self) -> Decimal:
        """What is agreed to at most, the retries of the settings included."""
        return self.cost.high_usd * (1 + self.retries)

    def __str__(self) -> str:
        """The offer in lines."""
        clips = counted(self.clips, "clip")
        lines = [f"{self.manifest}: {clips} to pay, {self.cost} (estimated, prices of {self.priced_on})"]
        if self.retries:
            retries = "1 retry" if self.retries == 1 else f"{self.retries} retries"
            lines.append(f"  with up to {retries} of failed tasks: at most {dollars(self.most_usd)}")
        limits = [("this run may cost", self.max_cost_usd), ("left of the budget", self.budget_left_usd)]
        lines += [f"  {words}: {dollars(usd)}" for words, usd in limits if usd is not None]
        balance = "not told by the service" if self.balance_usd is None else dollars(self.balance_usd)
        return "\n".join([*lines, f"  balance: {balance}", f"  clips go to {self.folder}"])


def ask(offer: Offer, *, yes: bool) -> None:
    """Returns when somebody agreed.

    Raises:
        Unconfirmed: nobody did; nothing was submitted.
    """
    click.echo(str(offer), err=True)
    if yes:
        return
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise Unconfirmed("nobody agreed to this: there is no terminal to ask on, so add --yes. Nothing was submitted")
    click.echo(f"Submit {counted(offer.clips, 'paid job')}? [y/N] ", nl=False, err=True)
    readable, _, _ = select.select([sys.stdin], [], [], _PATIENCE_S)
    if not readable:
        raise Unconfirmed("no answer in 5 minutes: nothing was submitted")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Unconfirmed("not agreed: nothing was submitted")
