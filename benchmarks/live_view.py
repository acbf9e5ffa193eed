"""What the live view costs a run: CPU a clip with the view on a terminal, as a ratio to the same run without it.

    python benchmarks/live_view.py

A thousand clips of a minute each, 20 at once, in moved time: 50 minutes with a look at every second. Both runs hear
how far they are; the one with the view draws it on a pseudo-terminal of 120 columns, which another thread
reads. They take turns; the best of three counts. The goal is 1.03 at most.
"""

import fcntl
import os
import pty
import struct
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from batchrunner.app.run_manifest import RunPorts
from batchrunner.app.webhook import Notifier
from batchrunner.cli.progress import BEAT_S, ConsoleProgress
from batchrunner.domain.status import Status
from batchrunner.sandbox import Behaviour as SandboxOptions
from tests.moved_time import MovedClock
from tests.studio import Studio, manifest_text

JOBS = 1_000
ROUNDS = 3
GOAL = 1.03


class Watched(Studio):
    """A studio with a console."""

    quiet = True

    def ports(self, clock: MovedClock) -> RunPorts:
        """The same, with a beat a second, of which the console hears."""
        usual = super().ports(clock)
        console = ConsoleProgress(clock, quiet=self.quiet)
        return replace(usual, notifier=Notifier(None, "batch", console), beat_s=BEAT_S)


@contextmanager
def terminal() -> Iterator[None]:
    """Within, stderr is a terminal that somebody reads."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    threading.Thread(target=read_all, args=(master,), daemon=True).start()
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "", "CI": ""}
    stderr = os.fdopen(slave, "w", encoding="utf-8")
    with stderr, patch.object(sys, "stderr", stderr), patch.dict(os.environ, environment, clear=True):
        yield


def read_all(master: int) -> None:
    """Takes what is drawn."""
    try:
        while os.read(master, 65536):
            pass
    except OSError:
        pass  # on Linux the end of a terminal is an error


def cpu_s(*, quiet: bool) -> float:
    """The CPU time of one whole run."""
    with tempfile.TemporaryDirectory() as name, terminal():
        studio = Watched(
            Path(name),
            SandboxOptions(latency_s=60, concurrency=20, rate_per_min=1_000, balance_usd=Decimal(1_000_000)),
        )
        studio.quiet = quiet
        studio.write(manifest_text(*(f"shot-{number:04}" for number in range(JOBS))))
        began_s = time.thread_time()  # the reader's is not ours
        ended = studio.run()
        used_s = time.thread_time() - began_s
    if {step.status for step in ended.steps.values()} != {Status.DONE}:
        raise AssertionError(ended.exit_code)
    return used_s


def main() -> None:
    """Prints one line."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for quiet, each in found.items():
            each.append(cpu_s(quiet=quiet))
    without, with_view = min(found[True]), min(found[False])
    print(
        f"CPU a clip: {without / JOBS * 1e3:.2f} ms without the view, {with_view / JOBS * 1e3:.2f} ms with it: "
        f"{with_view / without:.3f} (goal: {GOAL})"
    )


if __name__ == "__main__":
    main()
