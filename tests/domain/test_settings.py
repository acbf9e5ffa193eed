"""The readers that the manifest and the command line share: each gives a value or a sentence."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchrunner.domain import settings
from batchrunner.domain.settings import AUTO, READERS, Settings

Reader = Callable[[object], object]


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (settings.concurrency, 1, 1),
        (settings.concurrency, "1000", 1000),
        (settings.concurrency, " 20 ", 20),
        (settings.concurrency, "auto", AUTO),
        (settings.rate_per_min, "auto", AUTO),
        (settings.retries, 0, 0),
        (settings.retries, "10", 10),
        (settings.rate_per_min, "100/min", 100),
        (settings.rate_per_min, "5/s", 300),
        (settings.rate_per_min, " 5 / s ", 300),
        (settings.rate_per_min, "100", 100),
        (settings.rate_per_min, 100, 100),
        (settings.rate_per_min, "1000000/min", 1_000_000),
        (settings.duration_s, "90s", 90.0),
        (settings.duration_s, "30m", 1800.0),
        (settings.duration_s, "8h", 28_800.0),
        (settings.duration_s, " 1 h", 3600.0),
        (settings.usd, 900, Decimal(900)),
        (settings.usd, "12.50", Decimal("12.50")),
        (settings.usd, "$12.50", Decimal("12.50")),
        (settings.usd, "0", Decimal(0)),
        (settings.usd, 0.1, Decimal("0.1")),
        (settings.usd, "1e3", Decimal(1000)),
    ],
)
def test_what_people_write_is_read(read: Reader, written: object, value: object) -> None:
    assert read(written) == value


@pytest.mark.parametrize(
    ("read", "written", "sentence"),
    [
        *(
            (settings.concurrency, wrong, "expected a whole number from 1 to 1000")
            for wrong in (0, 1001, -1, 2.0, "2.0", "two", "", None, True, [2], "1e2", "0x2", "\u0662", "9" * 30)
        ),
        *(
            (settings.retries, wrong, "expected a whole number from 0 to 10")
            for wrong in (-1, 11, "once", False, None, 1.5)
        ),
        *(
            (settings.rate_per_min, wrong, "write a rate such as `100/min` or `5/s`, or `auto`")
            for wrong in ("100/hour", "fast", "", None, "-5/min", "1.5/s", "/min", "100 per min", [1], "\u0665/s", 99.5)
        ),
        *(
            (settings.rate_per_min, wrong, "expected a whole number from 1 to 1000000")
            for wrong in ("0/min", "0/s", 0, -1, True, "1000001/min", "9999999/s")
        ),
        *(
            (settings.duration_s, wrong, "write a duration of more than 0, such as `90s`, `30m` or `8h`")
            for wrong in ("0s", "0m", "90", 90, "", None, "1.5h", "-1s", "1d", "1h30m", "\u0663m", "10 minutes")
        ),
        *(
            (settings.usd, wrong, "write an amount in US dollars, such as `900` or `12.50`")
            for wrong in (-1, "-0.01", "free", "", None, True, "$", "$$5", "5€", "1,000", "NaN", "sNaN", "inf", "1e10")
        ),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_sentence(read: Reader, written: object, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # its words are compared below
        read(written)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("read", [read for _, read in READERS.values()])
@given(written=st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()))
def test_a_reader_gives_a_value_or_a_sentence_whatever_is_written(read: Reader, written: object) -> None:
    try:
        read(written)
    except ValueError as error:
        assert str(error)  # noqa: PT017  # both ends are right; this one needs words


def test_every_reader_fills_a_field_of_the_settings() -> None:
    values = {
        "concurrency": 3,
        "rate": "60/min",
        "task_timeout": "5m",
        "retries": 1,
        "budget": "9.50",
        "download_limit": "1GiB",
    }
    assert set(values) == set(READERS)
    fields = {READERS[key][0]: READERS[key][1](value) for key, value in values.items()}
    assert Settings(**fields) == Settings(3, 60, 300.0, 1, Decimal("9.50"), download_limit_bytes=1 << 30)  # type: ignore[arg-type]


def test_without_a_word_a_batch_is_slow_and_pays_once() -> None:
    assert Settings() == Settings(AUTO, AUTO, 1800.0, 0, None, "outputs/${manifest.name}/${job.id}.mp4", 4 << 30)


@pytest.mark.parametrize(
    ("written", "jobs", "failures"),
    [("1", 100, 1), ("5", 3, 5), ("10%", 100, 10), ("10%", 5, 1), ("10%", 11, 2), ("100%", 7, 7), (" 3 % ", 100, 3)],
)
def test_failures_are_a_number_or_a_share_of_the_jobs(written: str, jobs: int, failures: int) -> None:
    assert settings.halt(written).failures(jobs) == failures


@pytest.mark.parametrize("written", ["0", "0%", "101%", "-1", "many", "", "1.5", "5 %%"])
def test_no_failures_at_all_are_no_halt(written: str) -> None:
    with pytest.raises(ValueError, match="write a number of failures such as `5`"):
        settings.halt(written)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()  # by this machine's zone, as a deadline is


@pytest.mark.parametrize(
    ("written", "now", "then"),
    [
        ("8h", "2026-11-23 18:00", "2026-11-24 02:00"),
        ("90s", "2026-11-23 18:00", "2026-11-23 18:01:30"),
        ("07:00", "2026-11-23 18:00", "2026-11-24 07:00"),
        ("7:00", "2026-11-23 06:59", "2026-11-23 07:00"),
        ("23:59", "2026-11-23 18:00", "2026-11-23 23:59"),
        ("18:00", "2026-11-23 18:00", "2026-11-24 18:00"),
        ("00:00", "2026-12-31 18:00", "2027-01-01 00:00"),
        ("1h30m", "2026-11-23 18:00", "2026-11-23 19:30"),
        ("2d", "2026-11-23 18:00", "2026-11-25 18:00"),
        ("1d 2h 3m 4s", "2026-11-23 18:00", "2026-11-24 20:03:04"),
        ("07:00Z", "2026-11-23 18:00Z", "2026-11-24 07:00Z"),
        ("07:00+01:00", "2026-11-24 05:59Z", "2026-11-24 06:00Z"),
        ("7:00 -0530", "2026-11-24 12:30Z", "2026-11-25 12:30Z"),
        ("2026-11-24T07:00+01:00", "2026-11-23 18:00Z", "2026-11-24 06:00Z"),
        ("2026-11-24T07:00:30Z", "2026-11-23 18:00Z", "2026-11-24 07:00:30Z"),
        ("2026-11-24 07:00", "2026-11-23 18:00", "2026-11-24 07:00"),
    ],
)
def test_a_deadline_is_a_while_from_now_or_the_next_time_that_the_clock_says_so(
    written: str, now: str, then: str
) -> None:
    assert settings.deadline(written).at_s(at(now)) == at(then)


@pytest.mark.parametrize(
    "written",
    ["24:00", "7", "07:60", "0h", "0d0h", "tomorrow", "", "07:00:00", "7 am", "30m1h", "1h2h", "07:00+25:00",
     "07:00 CET", "2026-11-24", "2026-13-24T07:00Z", "2026-11-24T07:00 CET"],
)  # fmt: skip
def test_what_is_no_deadline_is_said_in_a_sentence(written: str) -> None:
    sentence = (
        f"{written!r} is not a deadline; write for example `07:00`, `07:00Z`, `2026-11-24T07:00+01:00`, `8h` or `2d`"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        settings.deadline(written)


@pytest.mark.parametrize("written", ["721h", "31d", "999999999h"])
def test_a_deadline_is_no_further_than_a_month(written: str) -> None:
    assert settings.deadline("720h").after_s == settings.deadline("30d").after_s == 30 * 24 * 3600.0
    with pytest.raises(ValueError, match=f"{written} is too far away: a deadline is at most 30 days from now"):
        settings.deadline(written)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-11-24 06:00Z", "is in the past"),
        ("2026-12-24 18:00Z", "is in the past"),
        ("2026-10-25 05:59Z", "is too far away: a deadline is at most 30 days from now"),
    ],
)
def test_a_deadline_with_a_date_lies_ahead_and_no_further_than_a_month(now: str, words: str) -> None:
    deadline = settings.deadline("2026-11-24T07:00+01:00")
    assert deadline.at_s(at("2026-10-25 06:00Z")) == deadline.at_s(at("2026-11-24 05:59Z")) == at("2026-11-24 06:00Z")
    with pytest.raises(ValueError, match=re.escape(f"2026-11-24T07:00+01:00 {words}")):
        deadline.at_s(at(now))


@pytest.mark.parametrize(
    ("written", "finished", "clips"),
    [("0", 60, 0), ("40", 60, 40), ("50%", 61, 30), ("0%", 60, 0), ("100%", 60, 60), ("all", 60, 60), (" 7 ", 0, 7)],
)
def test_so_many_finished_clips_may_be_rendered_again(written: str, finished: int, clips: int) -> None:
    assert settings.max_replace(written).clips(finished) == clips


@pytest.mark.parametrize(("finished", "clips"), [(0, 5), (6, 5), (25, 5), (29, 5), (30, 6), (60, 12), (5000, 1000)])
def test_without_a_word_a_fifth_of_them_may_and_five_at_least(finished: int, clips: int) -> None:
    assert settings.DEFAULT_MAX_REPLACE.clips(finished) == clips


@pytest.mark.parametrize("written", ["", "-1", "101%", "1.5", "ALL", "many", "10 000", "9999999"])
def test_another_word_for_it_is_a_sentence(written: str) -> None:
    with pytest.raises(ValueError, match="write a number of finished clips such as"):
        settings.max_replace(written)


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [("4GiB", 4 << 30), ("4 GB", 4 * 10**9), ("500MB", 500 * 10**6), ("1mib", 1 << 20), ("1024GiB", 1 << 40)],
)
def test_a_size_has_a_unit(written: str, size_bytes: int) -> None:
    assert settings.size_bytes(written) == size_bytes


@pytest.mark.parametrize("wrong", ["4", 4, "4G", "0GB", "1KB", "999999GiB", "-1GB", "1.5GiB", "", None, True])
def test_what_is_no_size_is_said(wrong: object) -> None:
    with pytest.raises(ValueError, match="write a size from 1MB to 1024GiB"):
        settings.size_bytes(wrong)
