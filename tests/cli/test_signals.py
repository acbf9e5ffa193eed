"""Signals: a run that listens is asked to end, and else each does what it did before."""

import asyncio
import signal

import pytest

from batchrunner.cli.early_signals import Stopped
from batchrunner.cli.signals import passed_on
from batchrunner.engine.shutdown import Shutdown, ShutdownReason

NUMBERS = [
    (signal.SIGINT, ShutdownReason.INTERRUPT),
    (signal.SIGTERM, ShutdownReason.TERMINATE),
    (signal.SIGHUP, ShutdownReason.HANGUP),
]


@pytest.mark.parametrize(("number", "reason"), NUMBERS)
def test_the_first_signal_drains_a_run_that_listens(number: signal.Signals, reason: ShutdownReason) -> None:
    shutdown, drained = Shutdown(), list[str]()

    async def run() -> None:
        with shutdown.heard_by(drained.append):
            signal.raise_signal(number)
            await asyncio.sleep(0)

    with asyncio.Runner() as runner, passed_on(shutdown, runner.get_loop()):
        runner.run(run())
    assert drained == [reason.value]
    assert not shutdown.leaving.is_set()


@pytest.mark.parametrize(("number", "reason"), NUMBERS)
def test_the_second_one_leaves_at_once_unless_it_is_a_terminal_that_is_gone(
    number: signal.Signals, reason: ShutdownReason
) -> None:
    shutdown = Shutdown()

    async def run() -> None:
        with shutdown.heard_by(lambda _: None):
            signal.raise_signal(number)
            signal.raise_signal(number)
            await asyncio.sleep(0)

    with asyncio.Runner() as runner, passed_on(shutdown, runner.get_loop()):
        runner.run(run())
    assert shutdown.left_by is (None if reason is ShutdownReason.HANGUP else reason)
    assert shutdown.leaving.is_set() == (reason is not ShutdownReason.HANGUP)


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Stopped)])
def test_while_no_run_listens_a_signal_ends_what_goes_on(number: signal.Signals, error: type[BaseException]) -> None:
    async def ask() -> None:
        signal.raise_signal(number)
        await asyncio.sleep(3600)

    with pytest.raises(error), asyncio.Runner() as runner, passed_on(Shutdown(), runner.get_loop()):
        runner.run(ask())


def test_in_the_end_each_signal_does_what_it_did_before() -> None:
    before = [signal.getsignal(number) for number, _ in NUMBERS]
    with asyncio.Runner() as runner, passed_on(Shutdown(), runner.get_loop()):
        assert [signal.getsignal(number) for number, _ in NUMBERS] != before
    assert [signal.getsignal(number) for number, _ in NUMBERS] == before


def test_what_was_asked_before_a_run_listens_drains_it_at_once() -> None:
    shutdown, drained = Shutdown(), list[str]()
    shutdown.request(ShutdownReason.CALLER)
    with shutdown.heard_by(drained.append):
        assert drained == ["the program that started it"]
