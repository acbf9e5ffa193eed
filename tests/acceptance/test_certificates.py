"""Somebody else answers for the service, with a certificate of their own: nothing is sent to them."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchrunner.io.http import Http, TransportError

from .service import PATIENCE_S
from .user import User

# Made for these tests, and trusted by nobody:
# openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out certificate.pem \
#   -days 36500 -subj "/CN=a proxy for tests" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1"
TLS = Path(__file__).parent / "tls"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


class Stranger:
    """Answers every request that it can read."""

    def __init__(self) -> None:
        self.received = b""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, name="stranger", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # closed
            try:
                with connection, self._context.wrap_socket(connection, server_side=True) as opened:
                    self.received += opened.recv(1 << 16)
                    opened.sendall(ANSWER)
            except OSError:
                continue  # whoever came did not like the certificate

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE_S)


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    found = Stranger()
    yield found
    found.close()


def test_a_run_ends_with_the_reason_and_nothing_is_sent(user: User, stranger: Stranger) -> None:
    user.writes("a")
    user.url = stranger.url

    said = user.runs()

    assert said.code == 5, said.text
    assert "self-signed certificate" in said.err
    assert "SSL_CERT_FILE" in said.err
    assert stranger.url in said.err
    assert stranger.received == b""


def test_the_authority_that_the_hint_names_a_variable_for_is_believed(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> int:
        http = Http(loopback=False)
        try:
            return (await http.get(stranger.url, {})).status
        finally:
            await http.close()

    with pytest.raises(TransportError, match="self-signed certificate"):
        asyncio.run(ask())
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
    assert asyncio.run(ask()) == 200
