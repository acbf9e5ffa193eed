"""The moved loop itself: every other night in these tests is only as true as this one."""

import asyncio
import threading
import time

import pytest

from tests.moved_time import DAY_S, EVENING_S, MovedClock, in_moved_time


def test_eight_hours_of_sleep_take_no_time() -> None:
    async def night(clock: MovedClock) -> float:
        await asyncio.sleep(8 * 3600)
        return clock.monotonic_s()

    began_s = time.monotonic()

    assert in_moved_time(night) == 8 * 3600
    assert time.monotonic() - began_s < 60


def test_timers_come_in_the_order_of_their_times_and_not_of_their_making() -> None:
    async def night(clock: MovedClock) -> list[tuple[str, float]]:
        rung: list[tuple[str, float]] = []

        async def ring(name: str, after_s: float) -> None:
            await asyncio.sleep(after_s)
            rung.append((name, clock.monotonic_s()))

        await asyncio.gather(ring("morning", 8 * 3600), ring("now", 0), ring("midnight", 6 * 3600))
        return rung

    assert in_moved_time(night) == [("now", 0), ("midnight", 6 * 3600), ("morning", 8 * 3600)]


def test_wall_time_moves_with_the_loop() -> None:
    async def night(clock: MovedClock) -> list[float]:
        evening_s = clock.wall_s()
        await asyncio.sleep(3600)
        return [evening_s, clock.wall_s()]

    assert in_moved_time(night) == [EVENING_S, EVENING_S + 3600]


def test_a_clock_that_is_set_forward_moves_no_timer() -> None:
    async def night(clock: MovedClock) -> tuple[float, float]:
        sleeping = asyncio.create_task(asyncio.sleep(60))
        clock.jump_s += 3 * 3600
        await sleeping
        return clock.monotonic_s(), clock.wall_s()

    assert in_moved_time(night) == (60, EVENING_S + 60 + 3 * 3600)


def test_a_deadline_ends_what_would_wait_for_ever() -> None:
    async def night(clock: MovedClock) -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(120):
                await asyncio.get_running_loop().create_future()
        return clock.monotonic_s()

    assert in_moved_time(night) == 120


def test_time_stands_still_while_a_thread_is_at_work() -> None:
    async def night(clock: MovedClock) -> tuple[str, float, float]:
        released = threading.Event()

        def work() -> str:
            released.wait()
            return "worked"

        alarm = asyncio.create_task(asyncio.sleep(8 * 3600))
        working = asyncio.get_running_loop().run_in_executor(None, work)
        await asyncio.sleep(0)
        before_s = clock.monotonic_s()
        released.set()
        said, after_s = await working, clock.monotonic_s()
        await alarm
        return said, after_s - before_s, clock.monotonic_s()

    assert in_moved_time(night) == ("worked", 0, 8 * 3600)


def test_tasks_that_wait_for_each_other_are_an_assertion() -> None:
    async def night(_clock: MovedClock) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(AssertionError, match="nothing can ever happen again"):
        in_moved_time(night)


def test_a_night_without_end_is_an_assertion() -> None:
    async def night(_clock: MovedClock) -> None:
        for _ in range(365 * 24):
            await asyncio.sleep(3600)

    with pytest.raises(AssertionError, match="for ever: 7 days"):
        in_moved_time(night)


def test_what_is_cancelled_after_the_assertion_still_gets_its_time() -> None:
    cleaned: list[float] = []

    async def night(clock: MovedClock) -> None:
        try:
            await asyncio.sleep(30 * DAY_S)
            await asyncio.sleep(30 * DAY_S)
        finally:
            await asyncio.sleep(10)
            cleaned.append(clock.monotonic_s())

    with pytest.raises(AssertionError, match="for ever"):
        in_moved_time(night)

    assert len(cleaned) == 1
