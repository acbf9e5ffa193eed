"""Keeping the machine awake, with programs that only stand in for the system's."""

import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TextIO

import pytest

from batchrunner.io.keep_awake import awake

ROOT = Path(__file__).parents[2]
PROMPT_S = 0.05

# Writes its number and its arguments, one a line, into a pipe that stays open for as long as it lives.
LIVES = "#!/bin/sh\nexec > {life}\nprintf '%s\\n' $$ \"$@\" .\nexec {rest}\n"
CAT = shutil.which("cat", path="/bin:/usr/bin")
SLEEP = shutil.which("sleep", path="/bin:/usr/bin")
INHIBIT = ["--what=idle:sleep", "--who=batchrunner", "--why=clips are being rendered", "cat"]

# One that is killed while it keeps the machine awake.
VICTIM = (
    f"import sys; from batchrunner.io.keep_awake import awake\nwith awake(print, 'linux', {PROMPT_S}): sys.stdin.read()"
)


class Desk:
    """A folder that is all of PATH, and the pipe by which a program in it shows that it lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.life = folder / "life"
        os.mkfifo(self.life)

    def put(self, name: str, script: str) -> None:
        program = self.folder / name
        program.write_text(script, encoding="utf-8")
        program.chmod(0o755)

    def put_living(self, name: str, rest: str) -> None:
        """One that does the rest once it has told its arguments."""
        self.put(name, LIVES.format(life=self.life, rest=rest))

    def opened(self) -> TextIO:
        """The pipe, as soon as a program writes into it; its end is the program's."""
        return self.life.open(encoding="utf-8")


def told(life: TextIO) -> tuple[int, list[str]]:
    """The program's number and its arguments."""
    number, *arguments = [line.rstrip("\n") for line in iter(life.readline, ".\n")]
    return int(number), arguments


def is_alive(life: TextIO) -> bool:
    """Whether the pipe has not come to its end."""
    return not select.select([life], [], [], 0)[0]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path)
    monkeypatch.setenv("PATH", str(made.folder))
    return made


@pytest.mark.parametrize(
    ("platform", "program", "rest", "wanted"),
    [
        ("linux", "systemd-inhibit", CAT, INHIBIT),
        ("darwin", "caffeinate", f"{SLEEP} 1000", ["-i", "-w", str(os.getpid())]),
    ],
)
def test_the_systems_program_lives_as_long_as_the_run(
    desk: Desk, platform: str, program: str, rest: str, wanted: list[str]
) -> None:
    desk.put_living(program, rest)
    said: list[str] = []
    with ExitStack() as later:
        with awake(said.append, platform, PROMPT_S):
            life = later.enter_context(desk.opened())
            assert told(life)[1] == wanted
            assert is_alive(life)
        assert life.read() == "", "it ended when the run did"
    assert said == []


def test_it_ends_when_the_run_breaks_off(desk: Desk) -> None:
    desk.put_living("systemd-inhibit", f"{SLEEP} 1000")
    with ExitStack() as later:
        with suppress(ZeroDivisionError), awake(pytest.fail, "linux", PROMPT_S):
            life = later.enter_context(desk.opened())
            told(life)
            raise ZeroDivisionError
        assert life.read() == ""


def test_it_ends_when_we_are_killed(desk: Desk) -> None:
    desk.put_living("systemd-inhibit", str(CAT))
    with (
        subprocess.Popen([sys.executable, "-c", VICTIM], cwd=ROOT, stdin=subprocess.PIPE) as victim,
        desk.opened() as life,
    ):
        told(life)
        assert is_alive(life)
        victim.kill()
        assert life.read() == ""


def test_ctrl_c_on_our_terminal_does_not_reach_it(desk: Desk) -> None:
    desk.put_living("systemd-inhibit", str(CAT))
    with awake(pytest.fail, "linux", PROMPT_S), desk.opened() as life:
        number, _ = told(life)
        assert os.getsid(number) == number


@pytest.mark.parametrize(("platform", "program"), [("linux", "systemd-inhibit"), ("darwin", "caffeinate")])
def test_a_program_that_is_missing_is_told_and_the_run_goes_on(desk: Desk, platform: str, program: str) -> None:
    said: list[str] = []
    with awake(said.append, platform):
        assert said == [f"the machine may fall asleep: {program} cannot be used (No such file or directory)"]


def test_a_program_that_may_not_be_started_is_told(desk: Desk) -> None:
    desk.put("systemd-inhibit", "#!/bin/sh\n")
    (desk.folder / "systemd-inhibit").chmod(0o644)
    said: list[str] = []
    with awake(said.append, "linux"):
        assert said == ["the machine may fall asleep: systemd-inhibit cannot be used (Permission denied)"]


def test_a_program_that_ends_at_once_is_told_and_the_run_goes_on(desk: Desk) -> None:
    desk.put("systemd-inhibit", "#!/bin/sh\necho 'Failed to inhibit: Access denied' >&2\nexit 1\n")
    said: list[str] = []
    with awake(said.append, "linux", prompt_s=60.0):
        [why] = said
    assert why == "the machine may fall asleep: systemd-inhibit ended at once with 1 (Failed to inhibit: Access denied)"


def test_a_program_that_ends_before_the_run_does_is_told(desk: Desk) -> None:
    desk.put_living("systemd-inhibit", f"{SLEEP} 1000")
    said: list[str] = []
    with awake(said.append, "linux", PROMPT_S), desk.opened() as life:
        number, _ = told(life)
        os.kill(number, signal.SIGTERM)
        assert life.read() == ""
    assert said == ["the machine may have slept: systemd-inhibit ended before the run did, with -15"]
