"""Settings: how a batch is run, in words that the manifest and the command line share."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_network

_DURATION = re.compile(r"([0-9]{1,9})\s*(s|m|h)")
_RATE = re.compile(r"([0-9]{1,7})\s*/\s*(min|s)")
_WHILE = re.compile(r"(?:([0-9]{1,9})\s*d)?\s*(?:([0-9]{1,9})\s*h)?\s*(?:([0-9]{1,9})\s*m)?\s*(?:([0-9]{1,9})\s*s)?")
_WHILE_SECONDS = (86_400.0, 3600.0, 60.0, 1.0)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\s*(Z|[+-][0-9]{2}:?[0-9]{2})?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
_SIZE = re.compile(r"([0-9]{1,7})\s*([KMG]i?B)", re.IGNORECASE)
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
_HALT = re.compile(r"([0-9]{1,6})\s*(%?)")
_LONGEST_DEADLINE_S = 30 * 24 * 3600.0
_WHOLE_SHARE = 100
_MOST_FAILURES = 1_000_000
_MOST_CLIPS = 1_000_000
MOST_RETRIES = 10
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}

# As much as the account allows, which is learned.
AUTO = 0

DEFAULT_DOWNLOAD_BYTES = 4 << 30

# Where links of others may lead.
Network = IPv4Network | IPv6Network

DEFAULT_OUTPUT = "outputs/${manifest.name}/${job.id}.mp4"


@dataclass(frozen=True, slots=True)
class Settings:
    """All optional in the manifest; an option on the command line wins.

    `rate_per_min` counts requests of all kinds; `budget_usd` is the manifest's lifetime limit; a file of more than
    `download_limit_bytes` is not fetched.
    """

    concurrency: int = AUTO
    rate_per_min: int = AUTO
    task_timeout_s: float = 1800.0
    retries: int = 0
    budget_usd: Decimal | None = None
    output: str = DEFAULT_OUTPUT
    download_limit_bytes: int = DEFAULT_DOWNLOAD_BYTES


def concurrency(value: object) -> int:
    """Running tasks: a whole number from 1 to 1000, or `auto`: as many as the account allows.

    Raises:
        ValueError: with the sentence to show; so do all readers here.
    """
    return AUTO if str(value).strip() == "auto" else _whole(value, 1, 1000)


def retries(value: object) -> int:
    """How often a failed task is submitted again: a whole number from 0 to 10."""
    return _whole(value, 0, MOST_RETRIES)


def rate_per_min(value: object) -> int:
    """`100/min`, `5/s`, or a number of requests per minute, at least 1; or `auto`: what the account allows."""
    if str(value).strip() == "auto":
        return AUTO
    found = _RATE.fullmatch(str(value).strip())
    if found:
        return _whole(int(found[1]) * (60 if found[2] == "s" else 1), 1, 1_000_000)
    if isinstance(value, int) or (str(value).isascii() and str(value).isdigit()):
        return _whole(value, 1, 1_000_000)
    raise ValueError("write a rate such as `100/min` or `5/s`, or `auto`")


def duration_s(value: object) -> float:
    """`90s`, `30m`, `8h`: seconds, more than 0."""
    found = _DURATION.fullmatch(str(value).strip())
    if not found or int(found[1]) == 0:
        raise ValueError("write a duration of more than 0, such as `90s`, `30m` or `8h`")
    return int(found[1]) * _SECONDS[found[2]]


@dataclass(frozen=True, slots=True)
class Halt:
    """How many failures of a run end its submits: a number, or a percentage of the jobs that it submits."""

    number: int
    is_share: bool

    def failures(self, jobs: int) -> int:
        """The number of failures, of so many jobs; at least 1."""
        return max(1, -(-jobs * self.number // 100)) if self.is_share else self.number


def halt(value: object) -> Halt:
    """`5` failures, or `10%` of the jobs that are submitted; more than 0."""
    found = _HALT.fullmatch(str(value).strip())
    if not found or not 0 < int(found[1]) <= (_WHOLE_SHARE if found[2] else _MOST_FAILURES):
        raise ValueError("write a number of failures such as `5`, or a share such as `10%`, more than 0")
    return Halt(int(found[1]), bool(found[2]))


@dataclass(frozen=True, slots=True)
class MaxReplace:
    """How many finished clips a run may render again: a number, or a percentage of them, but `least` in any case."""

    number: int
    is_share: bool
    least: int = 0

    def clips(self, finished: int) -> int:
        """The number, where so many are finished."""
        return max(self.least, finished * self.number // _WHOLE_SHARE if self.is_share else self.number)


# Taking a few shots again is everyday work; a slip in `defaults` hits most of what there is.
DEFAULT_MAX_REPLACE = MaxReplace(20, is_share=True, least=5)


def max_replace(value: object) -> MaxReplace:
    """`40` finished clips, `50%` of them, or `all`."""
    text = str(value).strip()
    found = _HALT.fullmatch("100%" if text == "all" else text)
    if not found or int(found[1]) > (_WHOLE_SHARE if found[2] else _MOST_CLIPS):
        raise ValueError("write a number of finished clips such as `40`, a share such as `50%`, or `all`")
    return MaxReplace(int(found[1]), bool(found[2]))


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last moment of submitting: so long from now, or that moment, or the next time that a clock says so.

    `moment_s` is in Unix seconds; the clock is that of `zone`, or of this machine. `written` is what somebody typed.
    """

    written: str
    after_s: float | None = None
    moment_s: float | None = None
    hour: int = 0
    minute: int = 0
    zone: tzinfo | None = None

    def at_s(self, now_s: float) -> float:
        """That moment in Unix seconds.

        Raises:
            ValueError: it is in the past, or is more than a month away; with the sentence to show.
        """
        if self.after_s is not None:
            return now_s + self.after_s
        if self.moment_s is not None:
            if self.moment_s <= now_s:
                raise ValueError(f"{self.written} is in the past")
            _check_distance(self.written, self.moment_s - now_s)
            return self.moment_s
        # by the calendar of the zone, so that a night with a change of the clock ends as the wall says
        now = datetime.fromtimestamp(now_s, self.zone)
        today = now.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        return (today if today > now else today + timedelta(days=1)).timestamp()


def deadline(value: object) -> Deadline:
    """`8h`, `1h30m` or `2d` from now, `07:00` or `2026-11-24T07:00`; a month at most.

    A time of day or a date may name its zone (`Z`, `+01:00`); else it is by this machine's clock.
    """
    text = str(value).strip()
    if found := _WHILE.fullmatch(text):
        parts = zip(found.groups(), _WHILE_SECONDS, strict=True)
        seconds = sum(int(number) * unit for number, unit in parts if number)
        _check_distance(text, seconds)
        if seconds:
            return Deadline(text, after_s=seconds)
    try:
        if found := _CLOCK.fullmatch(text):
            zone = datetime.strptime(found[3], "%z").tzinfo if found[3] else None
            return Deadline(text, hour=int(found[1]), minute=int(found[2]), zone=zone)
        if _MOMENT.fullmatch(text):
            return Deadline(text, moment_s=datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        pass  # no such day, or no such zone
    raise ValueError(
        f"{text!r} is not a deadline; write for example `07:00`, `07:00Z`, `2026-11-24T07:00+01:00`, `8h` or `2d`"
    )


def _check_distance(written: str, seconds: float) -> None:
    if seconds > _LONGEST_DEADLINE_S:
        raise ValueError(f"{written} is too far away: a deadline is at most 30 days from now")


def usd(value: object) -> Decimal:
    """An amount in US dollars, 0 or more, with or without a leading `$`."""
    text = str(value).strip().removeprefix("$")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if isinstance(value, bool) or not amount.is_finite() or not 0 <= amount <= 10**9:
        raise ValueError("write an amount in US dollars, such as `900` or `12.50`")
    return amount


def size_bytes(value: object) -> int:
    """`500MB`, `4GiB`: bytes, from a megabyte to a tebibyte."""
    found = _SIZE.fullmatch(str(value).strip())
    number = int(found[1]) * _UNITS[found[2].upper()] if found else 0
    if not _UNITS["MB"] <= number <= 1 << 40:
        raise ValueError("write a size from 1MB to 1024GiB, such as `500MB` or `4GiB`")
    return number


def network(value: object) -> Network:
    """A network like `198.18.0.0/15`, or one address."""
    try:
        return ip_network(str(value).strip())
    except ValueError:
        raise ValueError(f"{str(value)!r} is not a network; write for example `198.18.0.0/15` or `10.0.0.7`") from None


def _whole(value: object, least: int, most: int) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise ValueError(f"expected a whole number from {least} to {most}")
    return int(text)


# The manifest's key -> (the field of Settings, its reader). `output` has rules of its own.
READERS: dict[str, tuple[str, Callable[[object], object]]] = {
    "concurrency": ("concurrency", concurrency),
    "rate": ("rate_per_min", rate_per_min),
    "task_timeout": ("task_timeout_s", duration_s),
    "retries": ("retries", retries),
    "budget": ("budget_usd", usd),
    "download_limit": ("download_limit_bytes", size_bytes),
}
