"""A workbook's values as a person sees them: `8.0` is 8, a time of eight seconds 0:08, the shot 7 may be 007."""

import datetime as dt
import re

_MOST_EXACT = 10**15  # Source: Excel's specifications and limits: 15 digits of precision
_PADDED = re.compile(r'((?:"[^"]*"|\\.)*)(0{2,})')  # `000`, or `"SH"000`
_NO_SIGNS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def cell_text(value: object, number_format: str) -> str:
    """What stands in a cell, as its format shows it where that matters to us; dates as 2026-11-24."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return _number(value, number_format)
        case dt.datetime() | dt.time() | dt.timedelta():
            return _moment(value, number_format)
        case _:
            return re.sub("\r\n?", "\n", str(value)).strip()


def _number(value: float, number_format: str) -> str:
    if abs(value) >= _MOST_EXACT or value != int(value):
        return f"{value:.15g}"
    padded = _PADDED.fullmatch(number_format)
    if padded and value >= 0:
        return re.sub(r'"|\\', "", padded[1]) + str(int(value)).zfill(len(padded[2]))
    return str(int(value))


def _moment(value: dt.datetime | dt.time | dt.timedelta, number_format: str) -> str:
    match value:
        case dt.datetime():
            return f"{value:%Y-%m-%d}" if value.time() == dt.time() else f"{value:%Y-%m-%d %H:%M}"
        case dt.time():
            return _clock(dt.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second), number_format)
        case dt.timedelta():
            return _clock(value, number_format)


def _clock(value: dt.timedelta, number_format: str) -> str:
    """`0:08` where the format shows hours and minutes, `00:08` where minutes and seconds, `0:00:08` where all three."""
    signs = _NO_SIGNS.sub("", re.sub(r"\[([hms]+)\]", r"\1", number_format.lower()))
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if "h" not in signs and "s" in signs:
        return f"{minutes:02}:{seconds:02}"
    return f"{hours}:{minutes_of_hour:02}" + (f":{seconds:02}" if "s" in signs or seconds else "")
