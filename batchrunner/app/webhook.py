"""Notifications: a word to whoever is not watching, when a run ends, stops paying, or waits for a person."""

import asyncio
import re
from collections.abc import Callable, Mapping

from batchrunner.domain.event import Event, EventKind, Listener, RunEvent
from batchrunner.domain.money import dollars
from batchrunner.domain.settings import Network
from batchrunner.domain.status import counts_in_words
from batchrunner.domain.text import printable, without_unseen
from batchrunner.errors import BatchrunnerError, ExitCode, UsageError
from batchrunner.io.http import Http, TransportError, is_address, is_loopback
from batchrunner.reports.report import Report

PATIENCE_S = 10.0
_LONGEST = 500
_WORTH_A_WORD = {EventKind.HALT, EventKind.WAIT}
# Whatever is signed is signed behind its question mark.
_LINK = re.compile(r"(https?://[^\s?#]*)[?#]\S*", re.IGNORECASE)

_ENDS: Mapping[ExitCode, str] = {
    ExitCode.DONE: "nothing is left to do",
    ExitCode.FAILED: "at least one job failed",
    ExitCode.REFUSED: "the key was refused or the balance is used up",
    ExitCode.PERSON_NEEDED: "a person is needed",
    ExitCode.WORK_LEFT: "stopped with work left: run the same command to continue",
    ExitCode.COST_LIMIT: "a cost limit was reached",
    ExitCode.DEADLINE: "the deadline was reached: run the same command to continue",
    ExitCode.INTERRUPTED: "stopped at once: nothing is lost",
    ExitCode.TERMINATED: "stopped at once: nothing is lost",
}


def read_hook(url: str | None) -> str | None:
    """The address that somebody named, which is never shown: whoever has it can write to it.

    Raises:
        UsageError: it is none, or what is sent there could be read on the way.
    """
    if url is None:
        return None
    url = url.strip()
    if len(url.split()) != 1 or not is_address(url):
        raise UsageError("--notify is not a valid URL, expected for example https://ntfy.sh/my-batches")
    if not url.lower().startswith("https:") and not is_loopback(url):
        raise UsageError("--notify must be https: anything else is sent unencrypted")
    return url


class Notifier:
    """Listens to a run, passes on what it hears, and sends some of it to a hook, by tasks beside the run.

    What cannot be sent is told once, and ends, delays and fails nothing. `secret` is in nothing that is sent. A hook is
    on this machine where its address says so, else it is public or in the `allowed` networks.
    """

    def __init__(
        self,
        hook: str | None,
        who: str,
        listener: Listener,
        *,
        secret: str = "",
        allowed: tuple[Network, ...] = (),
        make_http: Callable[[], Http] | None = None,
    ) -> None:
        self._hook = hook
        self._who = who
        self._listener = listener
        self._secret = secret
        self._make_http = make_http or (lambda: Http(loopback=is_loopback(hook or ""), allowed=allowed))
        self._sending: list[asyncio.Task[None]] = []
        self._is_told = False

    def __call__(self, event: Event) -> None:
        """Hears of one event."""
        self._listener(event)
        if isinstance(event, RunEvent) and event.kind in _WORTH_A_WORD:
            self.say(event.text)

    def say(self, text: str) -> None:
        """Begins to send a text, on the loop that is running; it goes on its way beside what else runs there."""
        if self._hook is not None:
            self._sending.append(asyncio.create_task(self._send(self._hook, self._worded(text))))

    async def drained(self) -> None:
        """Waits until all is sent or given up, each in time."""
        await asyncio.gather(*self._sending)

    def _worded(self, text: str) -> str:
        line = printable(without_unseen(f"batchrunner {self._who}: {text}"))
        if self._secret:
            line = line.replace(self._secret, "…")
        return printable(_LINK.sub(r"\1", line), _LONGEST)

    async def _send(self, hook: str, text: str) -> None:
        trouble = await self._trouble(hook, text)
        if trouble and not self._is_told:
            self._is_told = True
            self._listener(RunEvent(EventKind.NOTE, f"a notification could not be sent: {trouble}"))

    async def _trouble(self, hook: str, text: str) -> str:
        """Sends a text. Gives what went wrong in a few words, and nothing where nothing did."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                status = await self._posted(hook, text)
        except TimeoutError:
            return f"no answer in {PATIENCE_S:g} seconds"
        except TransportError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001  # bad certificates, a bad proxy: whatever it is, the run goes on
            return type(error).__name__
        return "" if status // 100 == 2 else f"the answer was {status}"  # noqa: PLR2004  # 2xx: it was taken

    async def _posted(self, hook: str, text: str) -> int:
        http = self._make_http()
        try:
            return (await http.notify(hook, {"text": text})).status
        finally:
            await http.close()


def last_word(report: Report) -> str:
    """How a run ended: `ended: 3 done, 1 failed; cost so far $10.30, …`."""
    money = f"cost so far {dollars(report.actual_usd)}, estimate for all jobs {dollars(report.estimated_usd)}"
    code = ExitCode(report.exit_code or ExitCode.DONE)
    return f"ended: {counts_in_words(report.counts) or 'no jobs'}; {money}; {_ENDS.get(code, 'stopped')} (exit {code})"


def broken_off(error: Exception) -> str:
    """How a run ended that came to no end of its own."""
    why = str(error) if isinstance(error, BatchrunnerError) else "an error in batchrunner itself"
    return f"ended early: {why}"
