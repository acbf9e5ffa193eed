"""Money: US dollars, exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

NOTHING = Decimal(0)

_CENTS = 2
_MOST_DIGITS = 6
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a clip is estimated to cost; a range where the request leaves open what the price depends on.

    Of a price that is only an upper bound nobody knows the lower end: it is nothing.
    """

    low_usd: Decimal
    high_usd: Decimal

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.low_usd + other.low_usd, self.high_usd + other.high_usd)

    def times(self, number: Decimal) -> "Cost":
        """So many of it."""
        return Cost(self.low_usd * number, self.high_usd * number)

    def as_json(self) -> dict[str, float]:
        """`{"low_usd": 1.288, "high_usd": 2.576}`."""
        return {"low_usd": float(self.low_usd), "high_usd": float(self.high_usd)}

    def __str__(self) -> str:
        if self.low_usd == self.high_usd:
            return dollars(self.low_usd)
        if not self.low_usd:
            return f"at most {dollars(self.high_usd.quantize(_CENT, ROUND_CEILING))}"
        return f"{dollars(self.low_usd)} to {dollars(self.high_usd)}"


FREE = Cost(NOTHING, NOTHING)


def usd_number(usd: Decimal) -> float:
    """An amount as programs read it, to a millionth of a dollar."""
    return float(round(usd, 6))


def dollars(usd: Decimal) -> str:
    """`$2.58`: as people read money."""
    return f"${usd:,.2f}"


def sum_in_dollars(parts: Sequence[Decimal]) -> tuple[str, list[str]]:
    """A sum and its parts as people read them, with as many digits as it takes for the parts to add up to it."""
    whole = sum(parts, NOTHING)
    fitting = (n for n in range(_CENTS, _MOST_DIGITS) if sum(round(part, n) for part in parts) == round(whole, n))
    digits = next(fitting, _MOST_DIGITS)
    return f"${whole:,.{digits}f}", [f"${part:,.{digits}f}" for part in parts]
