"""One run of a manifest at a time, and who it is."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from batchrunner.errors import ExitCode, RunLocked
from batchrunner.storage import run_lock as lock
from batchrunner.storage.run_lock import LockOwner, lock_owner, run_lock

SINCE = "2026-11-23T18:00:00Z"
HERE = socket.gethostname()

HOLD = """
import sys
from pathlib import Path
from threading import Timer
from batchrunner.storage.run_lock import run_lock
with run_lock(Path(sys.argv[1]), "film", "2026-11-23T18:00:00Z"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_process(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock until it is told to end, or killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_which_process_holds_the_lock(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        said = f"another run of film is active: process {process.pid} on {HERE}, since {SINCE}"
        with pytest.raises(RunLocked) as caught, run_lock(tmp_path, "film", SINCE):
            pass
        assert (str(caught.value), caught.value.exit_code) == (said, ExitCode.LOCKED)
        assert lock_owner(tmp_path, "film") == LockOwner(HERE, process.pid, SINCE)


def test_a_second_run_within_one_process_is_refused_as_well(tmp_path: Path) -> None:
    with run_lock(tmp_path, "film", SINCE), pytest.raises(RunLocked), run_lock(tmp_path, "film", SINCE):
        pass


def test_the_refused_one_leaves_the_note_of_the_holder(tmp_path: Path) -> None:
    with run_lock(tmp_path, "film", SINCE):
        with pytest.raises(RunLocked), run_lock(tmp_path, "film", "later"):
            pass
        assert lock_owner(tmp_path, "film") == LockOwner(HERE, os.getpid(), SINCE)


def test_a_killed_process_frees_the_lock_and_holds_nothing(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert lock_owner(tmp_path, "film") is None
        with run_lock(tmp_path, "film", SINCE):
            assert lock_owner(tmp_path, "film") == LockOwner(HERE, os.getpid(), SINCE)


def test_a_process_id_that_another_process_has_by_now_holds_nothing(tmp_path: Path) -> None:
    """A note that a killed run left names a process that lives: this one. The lock says that it is free."""
    with run_lock(tmp_path, "film", SINCE):
        pass
    (tmp_path / "film.lock").touch()
    note = f'{{"host": "{HERE}", "pid": {os.getpid()}, "since": "{SINCE}"}}'
    (tmp_path / "film.lock.json").write_text(note, encoding="utf-8")
    assert lock_owner(tmp_path, "film") is None
    (tmp_path / "film.lock").unlink()
    assert lock_owner(tmp_path, "film") is None


def test_whoever_only_looks_keeps_nobody_from_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_LOOK_S", 60.0)  # long enough for any machine
    with run_lock(tmp_path, "film", SINCE):
        lock_owner(tmp_path, "film")
    with (tmp_path / "film.lock").open("a") as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        Timer(0.02, fcntl.flock, (looked_at, fcntl.LOCK_UN)).start()
        with run_lock(tmp_path, "film", SINCE):
            assert lock_owner(tmp_path, "film") == LockOwner(HERE, os.getpid(), SINCE)


@pytest.mark.parametrize("errno_", [errno.ENOLCK, errno.ENOSYS])
def test_where_a_disk_knows_no_locks_the_process_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errno_: int
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(errno_, os.strerror(errno_))

    (tmp_path / "film.lock").touch()
    note = f'{{"host": "{HERE}", "pid": {os.getpid()}, "since": "{SINCE}"}}'
    (tmp_path / "film.lock.json").write_text(note, encoding="utf-8")
    monkeypatch.setattr(fcntl, "flock", refuses)
    assert lock_owner(tmp_path, "film") == LockOwner(HERE, os.getpid(), SINCE)


def test_a_process_that_ends_well_leaves_no_note(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        process.communicate("end\n")
        assert process.returncode == 0
    assert not list(tmp_path.glob("*.json"))


def test_an_error_within_the_block_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), run_lock(tmp_path, "film", SINCE):
        raise ZeroDivisionError
    assert lock_owner(tmp_path, "film") is None
    with run_lock(tmp_path, "film", SINCE):
        pass


def test_runs_of_two_manifests_do_not_know_each_other(tmp_path: Path) -> None:
    with run_lock(tmp_path, "film", SINCE), run_lock(tmp_path, "trailer", SINCE):
        assert lock_owner(tmp_path, "trailer") == LockOwner(HERE, os.getpid(), SINCE)
    assert lock_owner(tmp_path, "trailer") is None


def test_the_folder_of_the_lock_is_ignored_by_git(tmp_path: Path) -> None:
    with run_lock(tmp_path / ".batchrunner", "film", SINCE):
        assert (tmp_path / ".batchrunner" / ".gitignore").exists()


def test_a_holder_on_another_machine_is_believed(tmp_path: Path) -> None:
    known = LockOwner("another-machine", 1, SINCE)
    note = {"host": known.host, "pid": known.pid, "since": known.since}
    (tmp_path / "film.lock.json").write_text(json.dumps(note), encoding="utf-8")
    assert lock_owner(tmp_path, "film") == known


@pytest.mark.parametrize("note", ["", "{", "[]", "null", "{}", '{"host": "here"}'])
def test_a_note_that_is_no_note_names_nobody(tmp_path: Path, note: str) -> None:
    (tmp_path / "film.lock.json").write_text(note, encoding="utf-8")
    assert lock_owner(tmp_path, "film") is None


@pytest.mark.parametrize("pid", ['"one"', "null", "[]", "1e300", "99999999999999999999", "-1", "0"])
def test_a_note_with_a_number_that_no_process_has_names_nobody(tmp_path: Path, pid: str) -> None:
    note = f'{{"host": "{HERE}", "pid": {pid}, "since": "{SINCE}"}}'
    (tmp_path / "film.lock.json").write_text(note, encoding="utf-8")
    assert lock_owner(tmp_path, "film") is None
