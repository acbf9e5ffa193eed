"""Keeping the machine awake: a program of the system does it, for as long as a run goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

from batchrunner.domain.text import printable

# As long as a program may take to find out that it is not allowed to.
_PROMPT_S = 0.5
_LONGEST = 200


@contextmanager
def awake(say: Callable[[str], None], platform: str = sys.platform, prompt_s: float = _PROMPT_S) -> Iterator[None]:
    """The machine does not sleep while this lasts; where that cannot be had, `say` hears why, and that is all.

    The program ends with us, however we end: one watches our process, the other the pipe that we hold.
    """
    command = _command(platform)
    process = _started(command, say, prompt_s)
    try:
        yield
    finally:
        if process is not None and (code := _end(process)) != -signal.SIGKILL:
            say(f"the machine may have slept: {command[0]} ended before the run did, with {code}")


def _command(platform: str) -> list[str]:
    if platform == "darwin":
        return ["caffeinate", "-i", "-w", str(os.getpid())]
    why = "--why=clips are being rendered"
    return ["systemd-inhibit", "--what=idle:sleep", "--who=batchrunner", why, "cat"]


def _started(command: list[str], say: Callable[[str], None], prompt_s: float) -> "subprocess.Popen[bytes] | None":
    try:
        with TemporaryFile() as told:
            process = _open(command, told)
            try:
                code = process.wait(prompt_s)
            except subprocess.TimeoutExpired:
                return process
            _end(process)
            told.seek(0)
            why = printable(told.read(_LONGEST).decode(errors="replace").strip())
    except OSError as error:
        say(f"the machine may fall asleep: {command[0]} cannot be used ({error.strerror})")
        return None
    say(f"the machine may fall asleep: {command[0]} ended at once with {code}" + (f" ({why})" if why else ""))
    return None


def _open(command: list[str], told: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603  # the command is ours
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=told,
        start_new_session=True,  # Ctrl-C is for us, who finish what runs
    )


def _end(process: "subprocess.Popen[bytes]") -> int:
    """Ends it at once: it has nothing to tidy up, and what it holds is given back by the system. Gives its code."""
    with process:
        process.kill()
    return process.returncode
