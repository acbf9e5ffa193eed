"""A project that a program opened, with the imitated service behind it, in moved time."""

import asyncio
from dataclasses import dataclass, field, replace

from batchrunner import Credentials, Project, open_project
from tests.moved_time import EVENING_S, MovedClock, MovedLoop
from tests.studio import Studio


class LoopClock(MovedClock):
    """Wall time that moves with whatever moved loop is running, and goes on from one to the next."""

    def __init__(self, start_s: float = EVENING_S) -> None:
        self._base_s = self._latest_s = start_s
        self._seen: MovedLoop | None = None

    def pass_time(self, seconds: float) -> None:
        """So long nothing runs."""
        self._latest_s += seconds

    def wall_s(self) -> float:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._latest_s
        assert isinstance(loop, MovedLoop)
        if loop is not self._seen:
            self._seen, self._base_s = loop, self._latest_s - loop.now_s
        self._latest_s = self._base_s + loop.now_s
        return self._latest_s


@dataclass
class ProgramHarness(Studio):
    """A studio whose runs a program starts."""

    time: LoopClock = field(default_factory=LoopClock)

    def open(self, profile: str = "") -> Project:
        """The project, as `open_project` gives it, but for what it is connected to."""
        endpoint = self.endpoint(self.time)
        opened = open_project(self.manifest, profile=profile, credentials=Credentials(self.api, self.key))
        return replace(
            opened,
            clock=self.time,
            loop_factory=MovedLoop,
            connect=lambda access: replace(endpoint, access=access),
        )
