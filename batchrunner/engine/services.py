"""What a run works with, and is handed by whoever starts it."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from batchrunner.domain.event import Listener
from batchrunner.engine.shutdown import Shutdown
from batchrunner.io.clock import Clock
from batchrunner.io.http import Http
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.provider_registry import MakeProvider
from batchrunner.storage.interface import Ledger


@dataclass(frozen=True, slots=True)
class Services:
    """The world outside of a run; a test hands in its own. `host` is the name of this machine."""

    ledger: Ledger
    make_http: Callable[[], Http]
    make_provider: MakeProvider
    access: Credentials
    clock: Clock
    listener: Listener
    shutdown: Shutdown
    host: str = field(default_factory=socket.gethostname)
