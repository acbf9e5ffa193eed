"""Notifications: what is sent, what never is, and that nothing of it holds a run up."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.app.webhook import Notifier, broken_off, last_word, read_hook
from batchrunner.cli.main import outcome
from batchrunner.domain.event import Event, EventKind, RunEvent
from batchrunner.errors import ExitCode, LedgerError, UsageError
from batchrunner.io.http import Http, InProcessTransport
from batchrunner.planning.price_basis import PriceBasis
from batchrunner.reports.report import Report
from tests.io.in_process import Answered, answered
from tests.moved_time import MovedLoop, in_moved_time
from tests.studio import manifest_text

HOOK = "https://hooks.example.com/services/T000/very-secret"
KEY = "mdlx-test-0001"
HALT = RunEvent(EventKind.HALT, "no more submits: the service refuses the key")
WAIT = RunEvent(EventKind.WAIT, "the balance is used up, waiting for a top-up")


@dataclass
class Receiver:
    """A hook in this process, which answers like this and this late; it remembers what came."""

    status: int = 200
    silent_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    bodies: list[object] = field(default_factory=list)
    heads: list[Mapping[str, str]] = field(default_factory=list)

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        assert (method, target) == ("POST", "/services/T000/very-secret")
        self.bodies.append(json.loads(body))
        self.heads.append(headers)
        await asyncio.sleep(self.silent_s)
        return answered(b"ok", status=self.status, headers=self.headers)

    def http(self) -> Http:
        return Http(lambda: InProcessTransport(self.answer), loopback=False)

    @property
    def texts(self) -> list[str]:
        """What it was told, each without the words that all begin with."""
        return [str(body["text"]).removeprefix("batchrunner film: ") for body in self.bodies if isinstance(body, dict)]


@dataclass
class Night:
    """A run in moved time that tells some events; what was heard, and when all was over."""

    heard: list[Event] = field(default_factory=list)
    run_s: float = -1.0
    end_s: float = -1.0

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.heard if isinstance(event, RunEvent) and event.kind is EventKind.NOTE]


def night(
    *events: Event,
    make_http: Callable[[], Http],
    last: str | None = None,
    hook: str | None = HOOK,
    stays_s: float = 0.0,
) -> Night:
    """A run that tells these events at once, stays for a while, ends, and says a last word."""
    told = Night()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MovedLoop)
        notifier = Notifier(hook, "film", told.heard.append, secret=KEY, make_http=make_http)
        for event in events:
            notifier(event)
        await asyncio.sleep(stays_s)
        told.run_s = loop.now_s
        if last:
            notifier.say(last)
        await notifier.drained()
        told.end_s = loop.now_s

    in_moved_time(lambda _: run())
    return told


def report(code: ExitCode) -> Report:
    return Report(
        "film", "", 1, 0.0, 1.0, code, (), (), Decimal("7.5"), PriceBasis(date(2026, 11, 1), date(2026, 11, 23))
    )


# What is sent


def test_a_halt_a_wait_and_the_end_are_sent_in_their_order() -> None:
    receiver = Receiver()
    told = night(HALT, WAIT, make_http=receiver.http, last="ended: 3 done")
    assert receiver.texts == [HALT.text, WAIT.text, "ended: 3 done"]
    assert told.heard == [HALT, WAIT]


def test_a_body_is_one_text_and_carries_no_key() -> None:
    receiver = Receiver()
    night(make_http=receiver.http, last="ended")
    assert receiver.bodies == [{"text": "batchrunner film: ended"}]
    assert "authorization" not in receiver.heads[0]


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind not in {EventKind.HALT, EventKind.WAIT}])
def test_nobody_is_woken_for_anything_else(kind: EventKind) -> None:
    receiver = Receiver()
    told = night(RunEvent(kind, "it happened", "hero"), make_http=receiver.http)
    assert receiver.texts == []
    assert len(told.heard) == 1


def test_without_a_hook_nothing_is_sent() -> None:
    receiver = Receiver()
    told = night(HALT, make_http=receiver.http, hook=None, last="ended")
    assert receiver.texts == []
    assert told.heard == [HALT]


def test_a_run_that_breaks_off_says_why_as_far_as_that_helps() -> None:
    assert broken_off(LedgerError("the disk is full")) == "ended early: the disk is full"
    assert broken_off(ZeroDivisionError("division")) == "ended early: an error in batchrunner itself"


@pytest.mark.parametrize(
    "code", [code for code in ExitCode if code not in {ExitCode.USAGE, ExitCode.LOCKED, ExitCode.BUG}]
)
def test_the_last_word_tells_every_end_in_words(code: ExitCode) -> None:
    word = last_word(report(code))
    assert word.startswith("ended: no jobs; cost so far $0.00, estimate for all jobs $7.50; ")
    assert word.endswith(f" (exit {int(code)})")
    assert "; stopped (" not in word


# What never is


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("two\nlines\tand \x1b[31mred\x07", "two lines and [31mred"),
        ("turned \u202egnp.exe", "turned gnp.exe"),
        (f"the key {KEY} is refused", "the key … is refused"),
        (f"the key {KEY[:6]}\x00{KEY[6:]} is refused", "the key … is refused"),
        ("see https://files.test/a.mp4?Signature=abc&x=1 now", "see https://files.test/a.mp4 now"),
        ("see HTTPS://files.test/a.mp4#token=abc", "see HTTPS://files.test/a.mp4"),
        ("is this it? yes", "is this it? yes"),
    ],
)
def test_a_text_is_one_clean_line_without_key_or_signature(said: str, sent: str) -> None:
    receiver = Receiver()
    night(RunEvent(EventKind.HALT, said), make_http=receiver.http)
    assert receiver.texts == [sent]


def test_a_long_text_is_cut() -> None:
    receiver = Receiver()
    night(RunEvent(EventKind.HALT, "x" * 10_000), make_http=receiver.http)
    assert [len(text) for text in receiver.texts] == [500 - len("batchrunner film: ")]


# What cannot be sent


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_hook_that_refuses_is_told_once_and_redirects_are_not_followed(status: int) -> None:
    receiver = Receiver(status, headers={"location": "https://elsewhere.test/"})
    told = night(HALT, WAIT, make_http=receiver.http, last="ended")
    assert told.notes == [f"a notification could not be sent: the answer was {status}"]
    assert len(receiver.texts) == 3


def test_a_hook_that_hangs_holds_up_no_run_and_its_end_for_ten_seconds() -> None:
    told = night(HALT, make_http=Receiver(silent_s=1e6).http, last="ended", stays_s=2.0)
    assert told.run_s == 2.0
    assert told.end_s == 12.0
    assert told.notes == ["a notification could not be sent: no answer in 10 seconds"]


def test_a_hook_that_is_slow_is_waited_for() -> None:
    receiver = Receiver(silent_s=9.0)
    told = night(HALT, make_http=receiver.http, last="ended", stays_s=60.0)
    assert told.notes == []
    assert told.end_s == 69.0


def test_a_connection_that_nobody_takes_is_told_without_the_address() -> None:
    async def refuse(*_: object) -> Answered:
        raise ConnectionRefusedError

    told = night(HALT, make_http=lambda: Http(lambda: InProcessTransport(refuse), loopback=False))
    assert told.notes == ["a notification could not be sent: no connection (ConnectError)"]


def test_certificates_that_cannot_be_read_end_no_run() -> None:
    def no_http() -> Http:
        raise FileNotFoundError(HOOK)

    assert night(HALT, make_http=no_http).notes == ["a notification could not be sent: FileNotFoundError"]


# The address


@pytest.mark.parametrize(
    "url", [HOOK, "https://ntfy.sh:8443/x?auth=1", "http://127.0.0.1:8080/x", "http://localhost/x", f" {HOOK}\n"]
)
def test_an_address_that_can_be_used_is_taken_as_it_is(url: str) -> None:
    assert read_hook(url) == url.strip()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hooks.example.com/very-secret", "must be https"),
        ("http://127.0.0.1.example.com/very-secret", "must be https"),
        ("ftp://example.com/very-secret", "not a valid URL"),
        ("https://[very-secret", "not a valid URL"),
        ("https://example.com/very\x00secret", "not a valid URL"),
        ("https://example.com/very-\udce9secret", "not a valid URL"),
        ("https://127.0.0.1:99999/very-secret", "not a valid URL"),
        ("https://exa mple.com/very-secret", "not a valid URL"),
        ("very-secret", "not a valid URL"),
        ("", "not a valid URL"),
    ],
)
def test_any_other_is_refused_and_not_shown(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_hook(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("command", [["run"], ["retry"], ["redo"]])
def test_a_bad_address_is_a_usage_error_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    manifest = tmp_path / "film.yaml"
    manifest.write_text(manifest_text("a"), encoding="utf-8")
    jobs = ["a"] if command == ["redo"] else []
    arguments = [*command, str(manifest), *jobs, "--sandbox", "--yes", "--notify", "http://example.com/x"]
    assert outcome(arguments) == ExitCode.USAGE
    assert "--notify must be https" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["film.yaml"]
