"""Signals before a run listens to them: while Python still imports, and while the service is asked before the start."""

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from .service import PATIENCE_S, Service
from .user import User

# The signal comes at the moment in which a module is about to be imported, whatever the machine's speed.
SCRIPT = """
import importlib.abc, os, sys
module, number = sys.argv[1:3]
class Sender(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), int(number))
sys.meta_path.insert(0, Sender())
sys.argv = ["batchrunner", "run", "shots.yaml", "--yes"]
from batchrunner.cli.start import main
main()
"""
EARLY = [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "a TERM signal"), (signal.SIGHUP, 130, "a HUP signal")]


def signalled(
    user: User, module: str, number: signal.Signals, before: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, module, str(int(number))],
        cwd=user.folder,
        env=user.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        preexec_fn=before,
        check=False,
    )


@pytest.mark.parametrize(("number", "code", "name"), EARLY)
def test_a_signal_during_the_first_imports_ends_with_a_sentence(
    user: User, service: Service, number: signal.Signals, code: int, name: str
) -> None:
    user.writes("a")

    ended = signalled(user, "click", number)

    assert ended.returncode == code, ended.stderr
    assert ended.stderr.strip() == f"batchrunner: stopped by {name} before it began: nothing was submitted"
    assert service.submits == 0


@pytest.mark.parametrize(("number", "code", "name"), EARLY)
def test_a_signal_while_a_command_is_imported_ends_with_a_sentence(
    user: User, service: Service, number: signal.Signals, code: int, name: str
) -> None:
    user.writes("a")

    ended = signalled(user, "httpx", number)

    assert ended.returncode == code, ended.stderr
    assert "nothing is lost" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert service.submits == 0


@pytest.mark.parametrize(("number", "code", "name"), EARLY)
def test_a_signal_before_the_run_begins_ends_with_a_sentence(
    user: User, service: Service, number: signal.Signals, code: int, name: str
) -> None:
    user.writes("a")
    with service.holding(lambda asked: asked.path.endswith("/validate")) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        run.send(number)
        said = run.end()
        gate.open()
    assert said.code == code, said.text
    assert "nothing is lost" in said.err
    assert "Traceback" not in said.err
    assert service.submits == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_shall_not_matter_does_not(user: User, service: Service, number: signal.Signals) -> None:
    """Under nohup, and in the background of a shell script."""
    user.writes("a", head="settings: {concurrency: 1}")

    ended = signalled(user, "click", number, before=lambda: signal.signal(number, signal.SIG_IGN))

    assert ended.returncode == 0, ended.stderr
    assert service.submits == 1
