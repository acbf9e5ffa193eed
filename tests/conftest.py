"""What counts for all tests: how much chance a whole run takes, and which tests are not traced for coverage."""

import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# enough to find what is wrong, in minutes
settings.register_profile("whole-run", max_examples=40, deadline=None)
settings.load_profile("whole-run")

# A shell without job control lets what it starts in the background ignore Ctrl-C, and all that is started by that, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this session's person keeps the ids of the ledgers that are trusted."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Takes the tracer away while an `untraced` test runs, with its fixtures.

    Under pytest-xdist, pytest-cov's own `no_cover` only uncovers a second tracer that its workers start before.
    """
    here, elsewhere = sys.gettrace(), threading.gettrace()
    if item.get_closest_marker("untraced"):
        sys.settrace(None)
        threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(here)
        threading.settrace(elsewhere)
