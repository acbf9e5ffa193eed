"""Disks under the ledger: one that counts its writes, one under which the process is killed, one that is full."""

import shutil
import sqlite3
from collections.abc import Callable, Container
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.studio import Studio


class Kill(SystemExit):
    """The process is gone in the middle of a write. As with a real kill, nobody is asked."""


class Connection(sqlite3.Connection):
    """A connection whose every COMMIT goes through its disk."""

    disk: "Disk"

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.disk.touch()
        if sql == "COMMIT":
            return self.disk.commit(lambda: super(Connection, self).execute(sql))
        return super().execute(sql, parameters)

    def cursor(self, factory: Any = None) -> Any:
        self.disk.touch()
        return super().cursor(factory or sqlite3.Cursor)


class Disk:
    """A healthy disk. `commits` counts the ledger's writes: each is one transaction."""

    def __init__(self) -> None:
        self.commits = 0
        self._connections: list[Connection] = []

    def connect(self, *where: Any, **how: Any) -> sqlite3.Connection:
        connection: Connection = sqlite3.connect(*where, factory=Connection, **how)
        connection.disk = self
        self._connections.append(connection)
        return connection

    def touch(self) -> None:
        """Every statement comes by here first."""

    def commit(self, really: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        self.commits += 1
        return really()

    def let_go(self) -> None:
        """The process has ended: the system takes its files back."""
        for connection in self._connections:
            connection.close()


class Moment(StrEnum):
    """When a process is killed: just before a write takes effect, or just after."""

    BEFORE = "before"
    AFTER = "after"


class KillingDisk(Disk):
    """The process is killed at its n-th write."""

    def __init__(self, number: int, moment: Moment) -> None:
        super().__init__()
        self._number = number
        self._moment = moment
        self.killed = False

    def touch(self) -> None:
        if self.killed:
            raise Kill("this process is dead")

    def commit(self, really: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        self.commits += 1
        if self.commits != self._number:
            return really()
        if self._moment is Moment.AFTER:
            really()
        self.killed = True
        raise Kill(f"killed at write {self._number}")


class FullDisk(Disk):
    """The writes with these numbers find no space."""

    def __init__(self, fails: Container[int]) -> None:
        super().__init__()
        self._fails = fails
        self.refused = 0

    def commit(self, really: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        self.commits += 1
        if self.commits in self._fails:
            self.refused += 1
            raise sqlite3.OperationalError("database or disk is full")
        return really()


def run_on(studio: Studio, disk: Disk) -> None:
    """One process on this disk, until it ends or is killed."""
    studio.connect = disk.connect
    try:
        studio.run()
    finally:
        disk.let_go()


def writes_of_a_run(studio: Studio, folder: Path) -> int:
    """How many writes the next run would make, tried on a copy."""
    shutil.copytree(studio.folder, folder)
    disk = Disk()
    run_on(Studio(folder, studio.options, clock_s=studio.clock_s), disk)
    return disk.commits
