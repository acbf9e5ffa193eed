"""A machine that stands still while paid requests are on the wire: what was answered meanwhile is read."""

import signal
import sys
import time
from pathlib import Path

import pytest

from . import user as users
from .conftest import Open, new_user
from .service import Moment, submits

PATIENCE_S = 2.0
SCRIPT = f"""\
#!{sys.executable}
from batchrunner.io.http import clients
clients._SUBMIT_READ_S = {PATIENCE_S}
from batchrunner.cli.start import main
main()
"""


def test_an_answer_that_came_while_the_process_was_stopped_is_read(
    open_service: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP for longer than an answer is waited for: on CONT the time is over, and the answer lies in the socket."""
    command = tmp_path / "impatient"
    command.write_text(SCRIPT)
    command.chmod(0o755)
    monkeypatch.setattr(users, "COMMAND", command)
    service = open_service(latency_s=0.1)
    user = new_user(tmp_path, service)
    user.writes("hero")

    with (
        service.holding(submits) as arriving,
        service.holding(submits, Moment.SENT) as sent,
        user.starts_a_run() as running,
    ):
        assert service.wait_until(lambda: arriving.held == 1)
        running.send(signal.SIGSTOP)
        arriving.open()
        assert service.wait_until(lambda: sent.held == 1)
        sent.open()
        time.sleep(PATIENCE_S + 0.2)
        running.send(signal.SIGCONT)
        said = running.end()

    assert said.code == 0, said.text
    assert said.report.statuses == {"hero": "done"}
    assert service.submits == len(service.record.charges) == 1
