"""Exponential backoff: how long to wait after failed tries of something that costs nothing."""

_MOST_DOUBLINGS = 30


def backoff_s(tries: int, least_s: float = 1.0, most_s: float = 60.0) -> float:
    """How long to wait after so many failed tries: doubling between two bounds, in seconds."""
    return float(min(least_s * 2.0 ** min(max(tries - 1, 0), _MOST_DOUBLINGS), most_s))
