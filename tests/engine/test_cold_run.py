"""A first run knows nothing and loses next to nothing by it: for few requests and hardly a refused submit."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from batchrunner.domain.status import Status
from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import Behaviour as SandboxOptions
from tests.engine.audit import counts
from tests.studio import Studio, manifest_text

pytestmark = pytest.mark.untraced

# Tasks at once, requests a minute, jobs, requests a clip at most; the last account is of no published tier.
ACCOUNTS = ((10, 100, 60, 5), (20, 200, 120, 5), (50, 500, 150, 5), (7, 300, 60, 6))
# Latencies of 60 s, plus or minus so much; and what chance makes of it.
SPREADS_S = ((0, 1), (5, 1), (5, 2))
WIDE_S = 20


class Bench(Studio):
    """Counts the submits that were refused."""

    refused = 0

    def counting(self, answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            found = await answer(method, target, headers, body)
            self.refused += method == "POST" and found.status == 429
            return found

        return answered


def bench(folder: Path, slots: int, per_min: int, jobs: int, spread_s: float, seed: int) -> Bench:
    rng = Random(seed)
    latencies_s = tuple(60.0 + rng.uniform(-spread_s, spread_s) for _ in range(jobs))
    options = SandboxOptions(
        concurrency=slots, rate_per_min=per_min, latencies_s=latencies_s, balance_usd=Decimal(1_000_000)
    )
    made = Bench(folder, options)
    made.way = made.counting
    return made


def names(first: str, count: int) -> list[str]:
    return [f"{first}{number:03}" for number in range(count)]


def first_and_next(studio: Bench, jobs: int) -> tuple[float, float, int]:
    """How much longer a first run takes than the next of the same length; its requests a clip, and its refusals."""
    studio.write(manifest_text(*names("cold", jobs)))
    cold = studio.run()
    requests, refused = sum(asked.is_api for asked in studio.asked) / jobs, studio.refused
    studio.write(manifest_text(*names("warm", jobs)))
    warm = studio.run()
    assert counts(studio) == {Status.DONE: 2 * jobs}
    return cold.seconds / warm.seconds, requests, refused


@pytest.mark.parametrize(("spread_s", "seed"), SPREADS_S)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_first_run_is_as_fast_as_the_next_for_few_requests_and_refusals(
    tmp_path: Path, account: tuple[int, int, int, int], spread_s: float, seed: int
) -> None:
    slots, per_min, jobs, most_requests = account
    studio = bench(tmp_path, slots, per_min, jobs, spread_s, seed)

    ratio, requests, refused = first_and_next(studio, jobs)

    assert ratio <= 1.02
    assert requests <= most_requests
    assert refused < 10


def test_renders_of_40_to_80_s_cost_a_few_requests_more_and_are_found_as_well(tmp_path: Path) -> None:
    ratio, requests, refused = first_and_next(bench(tmp_path, 20, 200, 120, WIDE_S, 2), 120)

    assert ratio <= 1.02
    assert requests <= 8
    assert refused < 10
