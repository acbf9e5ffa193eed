"""What the headers of a reply say of the account's pace. Pure."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from batchrunner.providers.modellix import untrusted as foreign
from batchrunner.providers.provider import RateLimitHeaders

# A window is a minute: what is reset days later is no time in seconds.
_LONGEST_RESET_S = 86_400.0
_LONGEST_WAIT_S = 86_400.0


def limits_of(headers: Mapping[str, str], now_s: float) -> RateLimitHeaders:
    """What the headers say. Source: X-RateLimit-* is documented, Retry-After is read by the official clients."""
    return RateLimitHeaders(
        per_min=foreign.whole(headers.get("x-ratelimit-limit")),
        remaining=foreign.whole(headers.get("x-ratelimit-remaining")),
        wait_s=_wait_s(headers, now_s),
        sent_at_s=_date_s(headers.get("date")),
    )


def _wait_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """How long to send nothing: more than 0; None where no header says so.

    Dates are the service's: they are read by its clock where it tells the time, for ours may be wrong.
    """
    sent_at_s = _date_s(headers.get("date")) or now_s
    after_s = foreign.number(headers.get("retry-after"))
    until_s = _date_s(headers.get("retry-after"))
    reset_s = foreign.number(headers.get("x-ratelimit-reset"))
    waits_s = (
        after_s or 0.0,
        until_s - sent_at_s if until_s else 0.0,
        reset_s - sent_at_s if reset_s and reset_s - sent_at_s < _LONGEST_RESET_S else 0.0,
    )
    return min(max(waits_s), _LONGEST_WAIT_S) if max(waits_s) > 0 else None


def _date_s(text: str | None) -> float | None:
    """The time in an HTTP date, in seconds since the epoch; None for anything else."""
    try:
        return parsedate_to_datetime(text or "").timestamp()
    except (ValueError, OverflowError):
        return None
