"""A run that nobody watches: a hook on this machine hears of it, and the machine stays awake."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .conftest import Open, new_user
from .service import Service
from .user import KEY, User


class Hook(ThreadingHTTPServer):
    """Takes what is posted to it, and remembers where to and what."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: list[tuple[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/T000"


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Hook)
        self.server.taken.append((self.path, json.loads(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening_hook() -> Iterator[Hook]:
    with Hook() as hook:
        thread = threading.Thread(target=hook.serve_forever, name="hook")
        thread.start()
        try:
            yield hook
        finally:
            hook.shutdown()
            thread.join()


def test_a_hook_hears_of_the_halt_and_of_the_end(open_service: Open, tmp_path: Path) -> None:
    user = new_user(tmp_path, open_service(balance_usd=Decimal(6)))
    user.writes("a", "b", "c", head="settings: {concurrency: 1, rate: 6000/min}")
    with listening_hook() as hook:
        said = user.runs("--allow-partial", "--notify", hook.url)
    assert said.code == 3, said.text
    assert said.report.counts == {"done": 2, "pending": 1}
    (to, halt), (_, end) = hook.taken
    assert to == "/services/T000"
    assert str(halt).startswith("{'text': 'batchrunner shots: no more submits: the balance is used up")
    assert end == {
        "text": "batchrunner shots: ended: 1 pending, 2 done; cost so far $5.15, estimate for all jobs $7.73; "
        "the key was refused or the balance is used up (exit 3)"
    }
    assert KEY not in str(hook.taken)
    assert "could not be sent" not in said.err


def test_a_hook_that_is_gone_is_told_and_ends_no_run(user: User, service: Service) -> None:
    with listening_hook() as hook:
        url = hook.url
    user.writes("a")
    user.also = {"BATCHRUNNER_NOTIFY": url}
    said = user.runs()
    assert said.code == 0, said.text
    assert "note  a notification could not be sent: no connection (ConnectError)" in said.err
    assert url not in said.text


def test_a_run_keeps_the_machine_awake_where_the_system_can(user: User, service: Service) -> None:
    user.writes("a")
    programs = user.folder / "bin"
    programs.mkdir()
    user.also = {"PATH": str(programs)}
    said = user.runs("--keep-awake")
    assert said.code == 0, said.text
    assert "note  the machine may fall asleep: " in said.err

    script = f"#!/bin/sh\nprintf '%s ' \"$@\" > {user.folder}/said\nexec /bin/cat\n"
    for name in ("systemd-inhibit", "caffeinate"):
        (programs / name).write_text(script, encoding="utf-8")
        (programs / name).chmod(0o755)
    user.writes("a", "b")
    said = user.runs("--keep-awake")
    assert said.code == 0, said.text
    assert "asleep" not in said.err
    assert (user.folder / "said").read_text(encoding="utf-8")
