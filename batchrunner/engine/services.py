"""What a run works with, and is handed by whoever starts it."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from batchrunner.domain.event import Listener
from batchrunner.engine.shutdown import Shutdown
from batchrunner.io.clock import Clock
from batchrunner.io.http import Http
from batchrunner.planning.batch import Batch, JobState
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.provider_registry import MakeProvider
from batchrunner.storage.account_limits import AccountLimits
from batchrunner.storage.interface import Ledger


class StateObserver(Protocol):
    """Is told how jobs stand, as values, and must neither raise nor wait."""

    def begun(self, run_id: int, batch: Batch, command: str) -> None:
        """The run is in the ledger; none of its jobs was looked at."""

    def stands(self, state: JobState) -> None:
        """How a job stands now: at the beginning of a run each of them, then those of which something has changed."""


@dataclass(frozen=True, slots=True)
class Services:
    """The world outside of a run; a test hands in its own.

    `account_limits` is what a person's runs in other projects learnt; `host` is the name of this machine.
    """

    ledger: Ledger
    make_http: Callable[[], Http]
    make_provider: MakeProvider
    access: Credentials
    clock: Clock
    listener: Listener
    shutdown: Shutdown
    observer: StateObserver
    account_limits: AccountLimits
    host: str = field(default_factory=socket.gethostname)
