"""Sums of what clips came to: they add up, count each attempt once in all, and say what they leave out."""

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchrunner.domain.attempt import Adoption, Attempt, RejectReason
from batchrunner.domain.cost_totals import NO_TOTALS, CostTotals
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import TaskState
from batchrunner.domain.request import Request
from batchrunner.errors import UsageError
from batchrunner.reports.cost_summary import CostSummary, SumKey, cost_summary
from tests.planning.histories import OPENED_S, accepted, refused, saw, unknown

DAY_S = 86_400.0
CHEAP = Request("google/veo-3.1-fast-i2v", {"prompt": "x"})
MONEY = ("estimated_usd", "reserved_usd", "billed_usd", "refunded_usd", "cost_usd")


def billed(usd: str, state: TaskState = TaskState.SUCCESS) -> Attempt:
    return accepted(replace(saw(state), billed_usd=Decimal(usd)))


PASTS = {
    "rendered": billed("2.41"),
    "rendered, without a bill": accepted(saw(TaskState.SUCCESS)),
    "failed, given back": billed("0", TaskState.FAILED),
    "failed, charged": billed("2.41", TaskState.FAILED),
    "running": accepted(),
    "unknown": unknown(),
    "refused": refused(RejectReason.BALANCE),
    "taken over": replace(billed("2.41"), adoption=Adoption(1, OPENED_S, ())),
}


@pytest.mark.parametrize(
    ("past", "clips", "estimated", "reserved", "paid", "refunded"),
    [
        ("rendered", 1, "3.00", "0", "2.41", "0"),
        ("rendered, without a bill", 1, "3.00", "3.00", "0", "0"),
        ("failed, given back", 0, "3.00", "0", "0", "3.00"),
        ("failed, charged", 0, "3.00", "0", "2.41", "0"),
        ("running", 0, "3.00", "3.00", "0", "0"),
        ("unknown", 0, "3.00", "3.00", "0", "0"),
        ("refused", 0, "0", "0", "0", "0"),
        ("taken over", 0, "0", "0", "0", "0"),
    ],
)
def test_an_attempt_counts_as_what_became_of_it(
    past: str, clips: int, estimated: str, reserved: str, paid: str, refunded: str
) -> None:
    found = CostTotals.of([PASTS[past]])
    assert found.clips == clips
    assert (found.estimated_usd, found.reserved_usd) == (Decimal(estimated), Decimal(reserved))
    assert (found.billed_usd, found.refunded_usd) == (Decimal(paid), Decimal(refunded))
    assert found.cost_usd == PASTS[past].booked_usd


jobs = st.builds(
    JobId, st.sampled_from(["film", "trailer"]), st.sampled_from(["", "draft"]), st.sampled_from("abc"), st.just(1)
)
attempts = st.builds(
    lambda past, days, request: replace(PASTS[past], opened_at_s=OPENED_S + days * DAY_S, request=request),
    st.sampled_from(sorted(PASTS)),
    st.integers(0, 3),
    st.sampled_from([PASTS["rendered"].request, CHEAP]),
)
histories = st.dictionaries(jobs, st.lists(attempts, max_size=4).map(lambda found: JobHistory(tuple(found))))


@settings(deadline=None)
@given(known=histories, by=st.sampled_from([key for key in SumKey if key is not SumKey.TAG]))
def test_the_rows_add_up_to_the_total_which_is_what_is_booked(known: dict[JobId, JobHistory], by: SumKey) -> None:
    found = cost_summary(known, by, {})
    assert NO_TOTALS.plus(*found.rows.values()) == found.total
    assert found.total.cost_usd == sum(each.booked_usd for history in known.values() for each in history.attempts)
    assert found.shared == 0


@settings(deadline=None)
@given(known=histories, by=st.sampled_from(SumKey))
def test_what_is_shown_adds_up_in_every_form(known: dict[JobId, JobHistory], by: SumKey) -> None:
    found = cost_summary(known, by, {})
    told = json.loads(found.to("json"))
    *lines, total = csv.DictReader(io.StringIO(found.to("csv")))
    for name in MONEY:
        assert sum(Decimal(str(row[name])) for row in told["rows"]) == Decimal(str(told["total"][name]))
        assert sum(Decimal(row[name]) for row in lines) == Decimal(total[name])
    *shown, last = [line.split() for line in found.to("table").split("\n\n")[0].splitlines()[2:]]
    assert last[0] == "total"
    for column in range(-4, 0):
        assert sum(Decimal(row[column].strip("$")) for row in shown) == Decimal(last[column].strip("$"))


def tagged() -> CostSummary:
    film = {JobId("film", "", name, 1): JobHistory((PASTS["rendered"],)) for name in "abc"}
    a, b, _ = film
    return cost_summary(film, SumKey.TAG, {a: ("wide", "night"), b: ("night",)})


def test_a_job_with_two_tags_counts_in_both_rows_and_once_in_the_total_which_says_so() -> None:
    found = tagged()
    assert {tag: totals.clips for tag, totals in found.rows.items()} == {"": 1, "night": 2, "wide": 1}
    assert (found.total.clips, found.shared) == (3, 1)
    shown = found.to("table")
    assert "total, each job once        3" in shown
    assert "(no tag)" in shown
    assert shown.endswith("1 job has several tags and counts in the row of each tag, and once in the total")
    assert found.to("csv").splitlines()[-1].startswith('"total, each job once",3,3,9.0,0.0,7.23')
    told = json.loads(found.to("json"))
    assert (told["jobs_in_several_rows"], told["total"]["billed_usd"]) == (1, 7.23)
    assert [row["tag"] for row in told["rows"]] == ["", "night", "wide"]


def test_a_day_is_that_of_the_submit_in_utc() -> None:
    midnight_s = OPENED_S - OPENED_S % DAY_S
    late, early = (replace(PASTS["rendered"], opened_at_s=midnight_s + more) for more in (-1, 0))
    found = cost_summary({JobId("film", "", "a", 1): JobHistory((late, early))}, SumKey.DAY, {})
    assert list(found.rows) == ["2026-11-22", "2026-11-23"]


def test_damaged_rows_are_said() -> None:
    shown = cost_summary({}, SumKey.DAY, {}, damaged=2).to("table")
    assert shown.endswith("2 damaged rows of the ledger cannot be read, and may be missing here")


def test_an_amount_below_a_cent_is_shown_whole() -> None:
    film = {JobId("film", "", name, 1): JobHistory((billed("0.3255"),)) for name in "ab"}
    assert " $0.651 " in cost_summary(film, SumKey.MANIFEST, {}).to("table")


def test_a_tag_is_no_formula_to_a_spreadsheet() -> None:
    hero = JobId("film", "", "a", 1)
    found = cost_summary({hero: JobHistory((PASTS["rendered"],))}, SumKey.TAG, {hero: ("=HYPERLINK(1)",)})
    assert found.to("csv").splitlines()[1].startswith("'=HYPERLINK(1),1")


def test_a_form_that_sums_do_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="sums have no form html: use table, json, csv"):
        tagged().to("html")
