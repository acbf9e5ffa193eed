"""Consent to paid work: shown whole, and given by a person or by `--yes`, never by silence."""

import io
import os
import pty
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.app.offer import Offer
from batchrunner.catalog import price_list, shipped
from batchrunner.cli import confirm as consent
from batchrunner.cli.confirm import ask
from batchrunner.cli.main import outcome
from batchrunner.domain.money import Cost
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, Step
from batchrunner.errors import ExitCode, NotConfirmed
from batchrunner.planning.billed_prices import Bills, Estimates
from batchrunner.planning.price_basis import price_basis
from batchrunner.reports.plan_table import plan_table
from tests.planning.histories import a_job
from tests.reports.plans import planned, shots, stated, summary
from tests.studio import manifest_text

SUBMIT = Step(Action.SUBMIT, Status.PENDING, "new", cost=Cost(Decimal("1.288"), Decimal("2.576")))
SHOTS = [stated(*each) for each in shots(SUBMIT, SUBMIT, SUBMIT)]
OFFER = Offer(summary=summary(*SHOTS), balance_usd=Decimal(50), folder="outputs/film", affordable=3)


def offer_with(**parts: Any) -> Offer:
    return replace(OFFER, summary=replace(OFFER.summary, **parts))


def test_an_offer_says_how_many_what_for_how_much_and_where() -> None:
    assert str(OFFER).splitlines() == [
        "film: 3 jobs",
        "  3 new: $3.86 to $7.73",
        "3 clips to render: $3.86 to $7.73 (estimated, prices of 2026-08-18, 97 days old)",
        "  balance: $50.00",
        "  clips go to outputs/film",
    ]


def test_an_offer_tells_every_limit_that_there_is() -> None:
    limited = summary(*SHOTS[:1], max_cost_usd=Decimal(20), budget_left_usd=Decimal("812.50"))
    offer = replace(OFFER, summary=limited, balance_usd=None, until="2026-11-24 07:00 CET")
    assert str(offer).splitlines()[2:] == [
        "1 clip to render: $1.29 to $2.58 (estimated, prices of 2026-08-18, 97 days old)",
        "  cost limit of this run: $20.00",
        "  left of the manifest's budget: $812.50",
        "  balance: the service did not say",
        "  submits until 2026-11-24 07:00 CET; tasks that run then are finished",
        "  clips go to outputs/film",
    ]


@pytest.mark.parametrize(
    ("retries", "noun", "most", "words"), [(1, "retry", "15.456", "$15.46"), (2, "retries", "23.184", "$23.18")]
)
def test_retries_are_agreed_to_with_what_they_may_cost(retries: int, noun: str, most: str, words: str) -> None:
    offer = offer_with(retries=retries)
    assert offer.summary.most_usd == Decimal(most)
    assert str(offer).splitlines()[3] == f"  with up to {retries} {noun} of failed tasks, at most {words}"


def test_what_is_agreed_to_at_most_is_no_more_than_the_limits() -> None:
    offer = offer_with(retries=3, max_cost_usd=Decimal(20), budget_left_usd=Decimal(12))
    assert offer.summary.most_usd == Decimal(12)


def test_an_offer_tells_what_the_plan_tells_and_what_only_the_question_knows() -> None:
    """So that both can be compared, line by line."""
    plan = planned(*shots(SUBMIT, SUBMIT, SUBMIT), retries=2, expected_s=7_500)
    shown = plan_table(plan).partition("\n\n")[0].splitlines()
    asked = str(replace(OFFER, summary=plan.summary)).splitlines()
    assert [line for line in asked if line not in shown] == ["  balance: $50.00", "  clips go to outputs/film"]
    assert [line for line in asked if line in shown] == shown


def test_without_retries_the_upper_end_is_the_most() -> None:
    assert OFFER.summary.most_usd == OFFER.summary.cost.high_usd


def test_yes_agrees_and_shows_what_to(capsys: pytest.CaptureFixture[str]) -> None:
    ask(OFFER, yes=True)
    assert capsys.readouterr() == ("", f"{OFFER}\n")


class Terminal(io.StringIO):
    """Where a person reads along."""

    def isatty(self) -> bool:
        return True


@contextmanager
def person(typing: str | None) -> Iterator[Terminal]:
    """A person at a terminal who types this; None: who is away."""
    keys, line = pty.openpty()
    if typing is not None:
        os.write(keys, typing.encode())
    seen = Terminal()
    with open(line, encoding="utf-8") as stdin, pytest.MonkeyPatch.context() as patch:  # noqa: PTH123  # a descriptor
        patch.setattr(sys, "stdin", stdin)
        patch.setattr(sys, "stderr", seen)
        try:
            yield seen
        finally:
            os.close(keys)


@pytest.mark.parametrize("typing", ["y\n", "yes\n", "Y\n", "YES\n", "  y \n"])
def test_a_person_who_says_yes_agrees(typing: str) -> None:
    with person(typing) as seen:
        ask(OFFER, yes=False)
    assert seen.getvalue() == f"{OFFER}\nSubmit 3 paid jobs? [y/N] "


END_OF_INPUT = "\x04"


@pytest.mark.parametrize("typing", ["\n", "n\n", "no\n", "yy\n", "j\n", "sure\n", "1\n", "ny\n", END_OF_INPUT])
def test_anything_but_yes_is_no(typing: str) -> None:
    with person(typing), pytest.raises(NotConfirmed, match="not confirmed: nothing was submitted") as caught:
        ask(OFFER, yes=False)
    assert caught.value.exit_code == ExitCode.USAGE


def test_nobody_who_answers_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "_PATIENCE_S", 0.0)
    with person(None), pytest.raises(NotConfirmed, match="not confirmed within 5 minutes: nothing was submitted"):
        ask(OFFER, yes=False)


def no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    monkeypatch.setattr(sys, "stderr", Terminal())


def no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())


def closed_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under cron and `nohup` on some systems: there is no standard input at all."""
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", Terminal())


@pytest.mark.parametrize("place", [no_input, no_output, closed_input])
def test_off_a_terminal_only_the_flag_agrees(
    monkeypatch: pytest.MonkeyPatch, place: Callable[[pytest.MonkeyPatch], None]
) -> None:
    place(monkeypatch)
    with pytest.raises(NotConfirmed, match="pass --yes"):
        ask(OFFER, yes=False)


def test_a_quiet_run_shows_what_is_paid_and_says_that_it_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "film.yaml"
    manifest.write_text(manifest_text("a"), encoding="utf-8")
    assert outcome(["run", str(manifest), "--sandbox", "--quiet"]) == ExitCode.USAGE
    assert "1 clip to render: $2.58" in capsys.readouterr().err
    outcome(["run", "--help"])
    assert "what is paid, the result" in capsys.readouterr().out.partition("--quiet")[2].partition("--notify")[0]


def test_an_offer_says_what_its_sum_is_made_of_below_it() -> None:
    """An age beyond 30 days, whose descriptions, what was billed: as the plan does, so that both can be compared."""
    models = shipped()
    prices = price_list(models)
    job = a_job()
    kind = prices.kind_of(job.request)
    assert kind is not None
    usd = Decimal("2.41")
    basis = price_basis([job], Estimates(prices, {kind: Bills(3, Cost(usd, usd), are_enough=True)}), date(2026, 11, 23))
    lines = str(offer_with(basis=basis)).splitlines()
    assert lines[4:-1] == [f"  {line}" for line in basis.lines()]
    assert [line.split()[0] for line in basis.lines()] == ["prices", "billed", "models"]
