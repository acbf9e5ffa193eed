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

import pytest

from batchrunner.app.offer import Offer
from batchrunner.catalog import price_list, shipped
from batchrunner.cli import confirm as consent
from batchrunner.cli.confirm import ask
from batchrunner.cli.main import outcome
from batchrunner.domain.money import Cost
from batchrunner.errors import ExitCode, NotConfirmed
from batchrunner.planning.billed_prices import Bills, Estimates
from batchrunner.planning.price_basis import PriceBasis, price_basis
from batchrunner.planning.replaced import Replaced
from tests.planning.histories import a_job
from tests.studio import manifest_text

OFFER = Offer(
    manifest="film",
    clips=3,
    cost=Cost(Decimal("3.864"), Decimal("7.728")),
    retries=0,
    basis=PriceBasis(date(2026, 8, 18), date(2026, 11, 23)),
    max_cost_usd=None,
    budget_left_usd=None,
    balance_usd=Decimal(50),
    folder="outputs/film",
    affordable=3,
)


def test_an_offer_says_how_many_what_for_how_much_and_where() -> None:
    assert str(OFFER).splitlines() == [
        "film: 3 clips to render, $3.86 to $7.73 (estimated, prices of 2026-08-18, 97 days old)",
        "  balance: $50.00",
        "  clips go to outputs/film",
    ]


def test_an_offer_tells_every_limit_that_there_is() -> None:
    offer = replace(OFFER, clips=1, max_cost_usd=Decimal(20), budget_left_usd=Decimal("812.50"), balance_usd=None)
    assert str(offer).splitlines() == [
        "film: 1 clip to render, $3.86 to $7.73 (estimated, prices of 2026-08-18, 97 days old)",
        "  cost limit of this run: $20.00",
        "  left of the manifest's budget: $812.50",
        "  balance: the service did not say",
        "  clips go to outputs/film",
    ]


@pytest.mark.parametrize(
    ("retries", "noun", "most", "words"), [(1, "retry", "15.456", "$15.46"), (2, "retries", "23.184", "$23.18")]
)
def test_retries_are_agreed_to_with_what_they_may_cost(retries: int, noun: str, most: str, words: str) -> None:
    offer = replace(OFFER, retries=retries)
    assert offer.most_usd == Decimal(most)
    assert str(offer).splitlines()[1] == f"  with up to {retries} {noun} of failed tasks, at most {words}"


def test_what_is_agreed_to_at_most_is_no_more_than_the_limits() -> None:
    offer = replace(OFFER, retries=3, max_cost_usd=Decimal(20), budget_left_usd=Decimal(12))
    assert offer.most_usd == Decimal(12)


def test_an_offer_says_first_which_finished_clips_are_rendered_again() -> None:
    again = Replaced(finished=3, ordered=3, ordered_had_cost_usd=Decimal(6))
    first, second, *_ = str(replace(OFFER, replaced=again)).splitlines()
    assert first == "3 finished clips would be rendered again (already paid: $6.00): as requested"
    assert second.startswith("film: 3 clips to render")


def test_without_retries_the_upper_end_is_the_most() -> None:
    assert OFFER.most_usd == OFFER.cost.high_usd


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
    assert "batch: 1 clip to render, $2.58" in capsys.readouterr().err
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
    lines = str(replace(OFFER, basis=basis)).splitlines()
    assert lines[1:-2] == [f"  {line}" for line in basis.lines()]
    assert [line.split()[0] for line in basis.lines()] == ["prices", "billed", "models"]
