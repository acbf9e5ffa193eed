"""Consent to paid work: shown whole, asked on a terminal, and elsewhere given only by `--yes`."""

import select
import sys

from batchrunner.app.offer import Offer, check_affordable
from batchrunner.cli.terminal import say, say_lines
from batchrunner.domain.text import Lines, plural
from batchrunner.errors import NotConfirmed

_PATIENCE_S = 300.0


def ask(offer: Offer, *, yes: bool, part_is_enough: bool = False) -> None:
    """Returns when somebody agreed. A balance that does not pay for all needs a word of its own: `--yes` is none.

    Raises:
        Unconfirmed: nobody did; nothing was submitted.
        Unaffordable: nobody said that what the balance pays for is enough; nothing was submitted.
    """
    say_lines(Lines(str(offer)), err=True)
    if not yes:
        _ask(offer)
    else:
        check_affordable(offer, part_is_enough=part_is_enough)


def _is_terminal() -> bool:
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())


def _ask(offer: Offer) -> None:
    if not _is_terminal():
        raise NotConfirmed("not confirmed: no terminal to ask on; pass --yes. Nothing was submitted")
    as_far = ", as far as the balance goes" if offer.is_short and not offer.waits_for_balance else ""
    say(f"Submit {plural(offer.clips, 'paid job')}{as_far}? [y/N] ", nl=False, err=True)
    readable, _, _ = select.select([sys.stdin], [], [], _PATIENCE_S)
    if not readable:
        raise NotConfirmed("not confirmed within 5 minutes: nothing was submitted")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise NotConfirmed("not confirmed: nothing was submitted")
