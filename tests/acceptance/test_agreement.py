"""What somebody agrees to, as its user meets it: a plan by its name, a balance that is short, prices of one's own."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.sandbox import Fault

from .conftest import Open, new_user
from .service import Service
from .terminal import Terminal
from .test_commands import ONE_AT_A_TIME
from .user import User, prompt_of

PRICES = {"priced_on": "2026-11-01", "usd_per_second": {"google/veo-3.1-i2v": {"720p": "0.40"}}}


def digest_of(user: User, *options: str) -> str:
    (digest,) = re.findall(r"^plan ([0-9a-f]{12}):", user.types("plan", "shots.yaml", *options).out, re.MULTILINE)
    return str(digest)


@pytest.fixture
def poor(open_service: Open, tmp_path: Path) -> tuple[User, Service]:
    """Somebody whose balance pays for one clip."""
    service = open_service(balance_usd=Decimal(3))
    return new_user(tmp_path, service), service


# the plan


def test_a_run_of_the_plan_that_was_looked_at_pays_for_it(user: User, service: Service) -> None:
    user.writes("a", "b")
    said = user.types("run", "shots.yaml", "--yes", "--plan", digest_of(user))
    assert said.code == 0, said.text
    assert service.submits == 2


def test_a_plan_that_changed_is_not_paid(user: User, service: Service) -> None:
    user.writes("a", "b")
    digest = digest_of(user)
    user.writes("a", "b", prompts={"b": "Another wish"})
    said = user.types("run", "shots.yaml", "--yes", "--plan", digest)
    assert said.code == 2, said.text
    assert f"not {digest}" in said.err
    assert service.submits == 0


def test_a_plan_and_its_run_select_alike(user: User, service: Service) -> None:
    user.writes("a", "b", "c")
    digest = digest_of(user, "--select", "b")
    assert user.types("run", "shots.yaml", "--yes", "--plan", digest).code == 2
    said = user.types("run", "shots.yaml", "--yes", "--plan", digest, "--select", "b")
    assert said.code == 0, said.text
    assert service.charged_prompts == [prompt_of("b")]


def test_a_plan_is_no_consent(user: User, service: Service) -> None:
    user.writes("a")
    assert user.types("run", "shots.yaml", "--plan", digest_of(user)).code == 2
    assert service.submits == 0


# the balance


def test_a_balance_that_is_short_ends_with_3_off_a_terminal(poor: tuple[User, Service]) -> None:
    user, service = poor
    user.writes("a", "b")
    said = user.types("run", "shots.yaml", "--yes")
    assert said.code == 3, said.text
    assert "the balance covers 1 of 2 clips" in said.err
    assert "--allow-partial" in said.err
    assert service.submits == 0


def test_whoever_says_that_a_part_is_enough_gets_it(poor: tuple[User, Service]) -> None:
    user, service = poor
    user.writes("a", "b")
    said = user.types("run", "shots.yaml", "--yes", "--allow-partial")
    assert said.code == 3, said.text
    assert "which covers 1 of 2" in said.err
    assert service.charged_prompts == [prompt_of("a")]
    assert user.sees().counts == {"done": 1, "pending": 1}


def test_on_a_terminal_a_short_balance_is_asked_about(poor: tuple[User, Service]) -> None:
    user, service = poor
    user.writes("a", "b")
    with Terminal(user, "run", "shots.yaml") as terminal:
        assert "as far as the balance goes" in terminal.read_until("[y/N]")
        assert service.submits == 0
        terminal.type("y\n")
        assert terminal.end() == 3
    assert service.charged_prompts == [prompt_of("a")]


def test_the_end_says_what_the_account_paid(user: User) -> None:
    user.writes("a", "b")
    said = user.types("run", "shots.yaml", "--yes")
    assert "account balance: $1,000.00 before this run, $994.85 after it ($5.15 less)" in said.out


# prices


def test_prices_of_ones_own_count_for_plan_and_consent(user: User) -> None:
    user.writes("a")
    (user.folder / "prices.json").write_text(json.dumps(PRICES), encoding="utf-8")
    plan = user.types("plan", "shots.yaml", "--prices", "prices.json")
    assert "1 clip to render: $3.20 (estimated, prices of 2026-11-01" in plan.out
    said = user.types("run", "shots.yaml", "--yes", "--prices", "prices.json")
    assert "$3.20 (estimated, prices of 2026-11-01" in said.err
    assert said.code == 0


def test_the_shipped_prices_can_be_written_into_such_a_file(user: User) -> None:
    user.writes("a")
    (user.folder / "prices.json").write_text(user.types("models", "-o", "prices").out, encoding="utf-8")
    own, shipped = (user.types("plan", "shots.yaml", *more) for more in (["--prices", "prices.json"], []))
    assert own.out.splitlines()[:5] == shipped.out.splitlines()[:5]


def test_a_job_without_a_price_is_paid_only_where_somebody_says_so(user: User, service: Service) -> None:
    user.writes("a", "b", head=ONE_AT_A_TIME)
    prices = PRICES | {"usd_per_second": {"google/veo-3.1-i2v": {"4k": "0.5"}}}
    (user.folder / "prices.json").write_text(json.dumps(prices), encoding="utf-8")
    plan = user.types("plan", "shots.yaml", "--prices", "prices.json")
    assert "no known price: a, b" in plan.out
    said = user.types("run", "shots.yaml", "--yes", "--prices", "prices.json")
    assert said.code == 2
    assert "--allow-unpriced" in said.err
    assert service.submits == 0
    said = user.types("run", "shots.yaml", "--yes", "--prices", "prices.json", "--allow-unpriced")
    assert said.code == 0, said.text
    assert service.submits == 2


# halts


@pytest.mark.parametrize(("halt", "submits"), [("1", 1), ("50%", 2)])
def test_so_many_failures_halt_the_run(open_service: Open, tmp_path: Path, halt: str, submits: int) -> None:
    service = open_service(faults={Fault.TASK_MODERATED: 1.0})
    user = new_user(tmp_path, service)
    user.writes("a", "b", "c", "d", head=ONE_AT_A_TIME)
    said = user.runs("--halt", halt)
    assert said.code == 5, said.text
    assert service.submits == submits
    assert said.report.counts == {"failed": submits, "pending": 4 - submits}


def test_a_deadline_is_shown_with_its_zone_before_anything_is_submitted(user: User) -> None:
    user.writes("a")
    said = user.types("run", "shots.yaml", "--yes", "--deadline", "8h")
    assert re.search(
        r"^  submits until \d{4}-\d\d-\d\d \d\d:\d\d \S+; tasks that run then are finished$", said.err, re.MULTILINE
    )
