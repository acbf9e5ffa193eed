"""Links that somebody else wrote: they lead to public addresses, or nowhere."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from batchrunner.app.webhook import Notifier
from batchrunner.cli.main import outcome
from batchrunner.domain.event import Event, EventKind, RunEvent
from batchrunner.errors import ExitCode
from batchrunner.io.download import DownloadError, DownloadFault, download
from batchrunner.io.files import Root
from batchrunner.io.http import AddressRefused, Guard, Http, TransportError
from batchrunner.io.partial_file import Partial
from batchrunner.io.resources import read_bytes
from tests.app.test_links import HEAD, Pictures
from tests.app.test_links import pictures as pictures  # noqa: PLC0414  # a fixture
from tests.io.in_process import Service, answered
from tests.manifest.desk import Desk
from tests.moved_time import MovedClock, in_moved_time

CLIP = read_bytes("sandbox/clip.mp4")


def part_in(folder: Path) -> Partial:
    return Partial(Root(folder), folder / "a.mp4")


NOT_PUBLIC = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1.2.3.4",
    "2002:0a00:0001::1",
    "2001::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
]
PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused_and_can_be_allowed(address: str) -> None:
    with pytest.raises(AddressRefused, match=f"--allow-network {ip_address(address)}"):
        Guard().check(ip_address(address))
    Guard((ip_network(address),)).check(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_that_is_public_is_asked(address: str) -> None:
    Guard().check(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "[::1]",
        "[::ffff:7f00:1]",
    ],
)
def test_this_machine_is_known_however_it_is_written(host: str) -> None:
    with pytest.raises(AddressRefused):
        Guard().check_host(f"https://{host}/clip.mp4")


# names


class Names:
    """A server of names; it answers from a list, one after the other, and the last one for ever."""

    def __init__(self, **addresses: Sequence[str]) -> None:
        self._addresses = {name.replace("_", "."): list(found) for name, found in addresses.items()}
        self.asked: Counter[str] = Counter()

    async def look_up(self, host: str, _port: int) -> Sequence[str]:
        self.asked[host] += 1
        found = self._addresses[host]
        return [found.pop(0) if len(found) > 1 else found[0]]


class Files:
    """A file server on this machine; what it answers with, and who came."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer or b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(CLIP), CLIP)
        self.came: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            self.came.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answer)
        writer.close()


def with_files(files: Files, main: Callable[[], Awaitable[object]]) -> object:
    async def both(_: MovedClock) -> object:
        server = await asyncio.start_server(files.serve, "127.0.0.1", 0)
        files.port = server.sockets[0].getsockname()[1]
        try:
            return await main()
        finally:
            server.close()

    return in_moved_time(both)


HERE = (ip_network("127.0.0.0/8"),)


def test_a_name_is_looked_up_once_and_that_address_is_connected_to(tmp_path: Path) -> None:
    """A server of names that says another address the second time gains nothing."""
    names = Names(files_test=["127.0.0.1", "10.0.0.1"])
    files = Files()

    async def fetch() -> object:
        http = Http(loopback=False, allowed=HERE, resolve=names.look_up)
        try:
            return await download(http, f"http://files.test:{files.port}/a", part_in(tmp_path), may_be_plain=True)
        finally:
            await http.close()

    with_files(files, fetch)
    assert (tmp_path / "a.mp4").read_bytes() == CLIP
    assert names.asked == {"files.test": 1}
    assert b"Host: files.test:" in files.came[0]


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "100.64.7.7", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_that_leads_into_a_private_network_is_not_asked(tmp_path: Path, address: str) -> None:
    names, files = Names(files_test=[address]), Files()

    async def fetch() -> object:
        http = Http(loopback=False, resolve=names.look_up)
        try:
            return await download(http, f"https://files.test:{files.port}/a", part_in(tmp_path), may_be_plain=False)
        finally:
            await http.close()

    with pytest.raises(DownloadError, match=f"the link to files.test: its address is {address}") as caught:
        with_files(files, fetch)
    assert caught.value.fault is DownloadFault.NOT_ALLOWED
    assert files.came == []


def test_of_several_addresses_only_the_public_ones_are_asked() -> None:
    files = Files()

    async def look_up(host: str, _port: int) -> Sequence[str]:
        return ["10.0.0.1", "fd00::1", "127.0.0.1"]

    async def ask() -> object:
        http = Http(loopback=False, allowed=HERE, resolve=look_up)
        try:
            async with http.stream(f"http://files.test:{files.port}/a") as stream:
                return stream.status
        finally:
            await http.close()

    assert with_files(files, ask) == 200


@pytest.mark.parametrize("error", [OSError("no such host"), UnicodeError("label too long")])
def test_a_name_that_cannot_be_looked_up_is_no_connection(error: Exception) -> None:
    async def look_up(host: str, _port: int) -> Sequence[str]:
        raise error

    async def ask(_: MovedClock) -> object:
        http = Http(loopback=False, resolve=look_up)
        try:
            async with http.stream("https://files.test/a") as stream:
                return stream.status
        finally:
            await http.close()

    with pytest.raises(TransportError, match="no connection"):
        in_moved_time(ask)


# redirects


@pytest.mark.parametrize(
    "target", ["https://127.0.0.1/a", "https://10.0.0.1/a", "https://localhost/a", "https://[::ffff:a9fe:a9fe]/a"]
)
def test_a_redirect_into_a_private_network_is_not_followed(tmp_path: Path, target: str) -> None:
    service = Service(lambda _: answered(status=302, headers={"location": target}))

    async def fetch(_: MovedClock) -> object:
        http = service.http()
        try:
            return await download(http, "https://files.test/a", part_in(tmp_path), may_be_plain=False)
        finally:
            await http.close()

    with pytest.raises(DownloadError) as caught:
        in_moved_time(fetch)
    assert caught.value.fault is DownloadFault.NOT_ALLOWED
    assert len(service.asked) == 1


def test_a_service_on_this_machine_may_lead_to_this_machine(tmp_path: Path) -> None:
    files = Files()

    async def fetch() -> object:
        http = Http(loopback=True)
        try:
            return await download(http, f"http://127.0.0.1:{files.port}/a", part_in(tmp_path), may_be_plain=True)
        finally:
            await http.close()

    with_files(files, fetch)
    assert (tmp_path / "a.mp4").read_bytes() == CLIP


# a proxy in the environment


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Files:
    files = Files()
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return files


def through(proxy: Files, monkeypatch: pytest.MonkeyPatch, url: str) -> object:
    async def ask() -> object:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        http = Http(loopback=False)
        try:
            async with http.stream(url) as stream:
                return stream.status
        finally:
            await http.close()

    return with_files(proxy, ask)


def test_a_proxy_may_stand_anywhere_and_looks_up_the_name(proxy: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    assert through(proxy, monkeypatch, "http://files.test/a") == 200
    assert proxy.came[0].startswith(b"GET http://files.test/a ")


def test_a_proxy_is_not_asked_for_an_address_that_is_not_public(proxy: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AddressRefused):
        through(proxy, monkeypatch, "http://10.0.0.1/a")
    assert proxy.came == []


# --check-links


def checked(folder: Path, capsys: pytest.CaptureFixture[str], link: str, *options: str) -> list[str]:
    path = Desk(folder).write("m.yaml", HEAD + f"jobs:\n  - id: a\n    prompt: x\n    image: {link}\n")
    capsys.readouterr()
    outcome(["validate", str(path), "--check-links", "-o", "json", *options])
    problems = json.loads(capsys.readouterr().out)["problems"]
    return [problem["message"] for problem in problems if problem["code"] == "dead-link"]


def test_a_manifest_cannot_have_this_machine_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pictures: Pictures
) -> None:
    [said] = checked(tmp_path, capsys, pictures.link("/good.png"))
    assert "its address is 127.0.0.1, which is not public (this machine)" in said
    assert pictures.asked == {}


def test_what_links_may_lead_to_can_be_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checked(tmp_path, capsys, pictures.link("/moved.png"), "--allow-network", "127.0.0.0/8") == []
    monkeypatch.setenv("BATCHRUNNER_ALLOW_NETWORK", "198.18.0.0/15 127.0.0.1")
    assert checked(tmp_path, capsys, pictures.link("/moved.png")) == []


def test_what_is_no_network_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["validate", "m.yaml", "--allow-network", "home"]) == ExitCode.USAGE
    assert "'home' is not a network; write for example `198.18.0.0/15` or `10.0.0.7`" in capsys.readouterr().err


# --notify


@pytest.mark.parametrize("hook", ["https://10.0.0.5/hook", "https://hooks.test/hook"])
def test_a_hook_that_leads_into_a_private_network_gets_no_word(hook: str) -> None:
    names = Names(hooks_test=["192.168.0.9"])
    heard: list[Event] = []

    async def say() -> None:
        make_http = lambda: Http(loopback=False, resolve=names.look_up)  # noqa: E731
        notifier = Notifier(hook, "film", heard.append, make_http=make_http)
        notifier.say("ended")
        await notifier.drained()

    asyncio.run(say())
    [note] = heard
    assert isinstance(note, RunEvent)
    assert note.kind is EventKind.NOTE
    assert "which is not public (private)" in note.text
