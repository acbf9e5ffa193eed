"""What a test says about a batch in a word: an edit, a price, what would be done next."""

from decimal import Decimal
from typing import Any

from batchrunner.domain.step import Action, HoldReason
from tests.studio import Studio

PRICE_USD = Decimal("2.576")  # 8 seconds of 720p


def actions(studio: Studio) -> dict[str, Action]:
    """What the next run would do with each job."""
    return {seen.identity.name: seen.step.action for seen in studio.seen()}


def blocks(studio: Studio, **wishes: Any) -> dict[str, HoldReason | None]:
    return {identity.name: step.hold_reason for identity, step in studio.run(**wishes).steps.items()}


def edited(text: str) -> str:
    """The same manifest, with another wish for job `a`."""
    return text.replace("variant a\n", "variant a, smiling\n")
