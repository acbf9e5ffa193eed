"""A link becomes a whole video, or nothing at all."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from batchrunner.download import DownloadError, DownloadFault, Verified, download
from batchrunner.files import Root
from batchrunner.resources import read_bytes
from tests.moved_time import in_moved_time
from tests.pure.films import box, film
from tests.pure.in_process import Answered, Service, answered

CLIP = read_bytes("sandbox/clip.mp4")
SECRET = "c2VjcmV0"
LINK = f"https://file.modellix.test/clip.mp4?Signature={SECRET}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "film" / ".hero.mp4.part"


def fetched(service: Service, path: Path, link: str = LINK, *, may_be_plain: bool = False) -> Verified:
    async def fetch() -> Verified:
        http = service.http(loopback=may_be_plain)
        try:
            return await download(http, link, Root(path.parents[2]), path, may_be_plain=may_be_plain)
        finally:
            await http.close()

    return in_moved_time(lambda _: fetch())


def serving(*chunks: bytes, **headers: str) -> Service:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Service(lambda _: answered(*chunks, headers=sent))


def leading(to: str, *, then: Callable[[], Answered] = lambda: answered(CLIP)) -> Service:
    """A service whose link leads on."""

    def answer(address: str) -> Answered:
        if address.startswith("file.modellix.test/clip.mp4"):
            return answered(status=302, headers={"location": to})
        return then()

    return Service(answer)


def refusal(service: Service, path: Path, link: str = LINK) -> DownloadError:
    """Why there is no file; and there is none, nor a word of the link."""
    with pytest.raises(DownloadError) as caught:
        fetched(service, path, link)
    assert not path.exists()
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("chunks", [(CLIP,), (CLIP[:1], CLIP[1:]), tuple(bytes([byte]) for byte in CLIP)])
def test_a_whole_clip_is_verified_and_waits_for_its_name(path: Path, chunks: tuple[bytes, ...]) -> None:
    verified = fetched(serving(*chunks), path)
    assert verified == Verified(path, len(CLIP), hashlib.sha256(CLIP).hexdigest())
    assert path.read_bytes() == CLIP


def test_the_digest_is_that_of_the_file_and_not_of_the_stream(path: Path) -> None:
    """As when another process writes into the same file: what came is then not what lies there."""

    def whole_at_last(_: str) -> Answered:
        async def chunks() -> AsyncIterator[bytes]:
            yield CLIP
            await asyncio.sleep(0)
            with path.open("r+b") as file:
                file.seek(len(CLIP))
                file.write(box(b"free", b"whole, but longer"))

        return replace(answered(), chunks=chunks())

    with pytest.raises(DownloadError, match="not what came"):
        fetched(Service(whole_at_last), path)
    assert not path.exists()


def test_a_file_that_is_there_is_never_written_to(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody's own")
    with pytest.raises(FileExistsError):
        fetched(serving(CLIP), path)
    assert path.read_bytes() == b"somebody's own"


@pytest.mark.parametrize("length", [len(CLIP) + 1, len(CLIP) - 1, 0])
def test_a_length_that_is_not_kept_is_no_clip(path: Path, length: int) -> None:
    error = refusal(serving(CLIP, content_length=str(length)), path)
    assert (error.fault, str(error)) == (DownloadFault.AGAIN, f"{len(CLIP)} bytes came of {length}")


@pytest.mark.parametrize(
    "content",
    [b"", b"<!doctype html><html><body>Forbidden</body></html>", b'{"code": 403}', CLIP[:-1], CLIP + b"x", film()[:-3]],
)
def test_what_is_no_whole_video_is_not_kept(path: Path, content: bytes) -> None:
    error = refusal(serving(content), path)
    assert error.fault is DownloadFault.AGAIN
    assert str(error).startswith("what came is not a whole video: ")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_link_that_is_over_says_so_with_its_status(path: Path, status: int) -> None:
    error = refusal(Service(lambda _: answered(CLIP, status=status)), path)
    assert (error.fault, error.status) == (DownloadFault.LINK_OVER, status)


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 408, 416])
def test_any_other_status_is_tried_again(path: Path, status: int) -> None:
    error = refusal(Service(lambda _: answered(CLIP, status=status)), path)
    assert (error.fault, error.status) == (DownloadFault.AGAIN, status)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_file_server_that_is_not_well_is_waited_for(path: Path, status: int) -> None:
    error = refusal(Service(lambda _: answered(CLIP, status=status)), path)
    assert (error.fault, error.status) == (DownloadFault.UNREACHED, status)


@pytest.mark.parametrize("error", [ConnectionRefusedError(), ConnectionResetError(), TimeoutError()])
def test_a_file_server_that_does_not_answer_is_waited_for(path: Path, error: Exception) -> None:
    def raises(_: str) -> Answered:
        raise error

    assert refusal(Service(raises), path).fault is DownloadFault.UNREACHED


@pytest.mark.parametrize("then", [ConnectionResetError(), TimeoutError()])
def test_a_clip_that_breaks_off_leaves_nothing(path: Path, then: Exception) -> None:
    service = Service(lambda _: answered(CLIP[:2000], then=then))
    assert refusal(service, path).fault is DownloadFault.UNREACHED


# where links lead


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("https://cdn.example.com/a.mp4?token=1", "cdn.example.com/a.mp4?token=1"),
        ("//cdn.example.com/a.mp4", "cdn.example.com/a.mp4"),
        ("/a.mp4", "file.modellix.test/a.mp4"),
        ("a.mp4", "file.modellix.test/a.mp4"),
    ],
)
def test_a_redirect_is_followed_to_where_it_leads_without_a_key(path: Path, location: str, asked: str) -> None:
    service = leading(location)
    fetched(service, path)
    assert [address for _, address, _ in service.asked][1:] == [asked]
    assert not any("authorization" in headers for _, _, headers in service.asked)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_links_that_lead_on_without_end_are_given_up(path: Path, status: int) -> None:
    service = Service(lambda _: answered(status=status, headers={"location": LINK}))
    assert refusal(service, path).fault is DownloadFault.AGAIN
    assert len(service.asked) == 4


def test_a_redirect_to_nowhere_is_given_up(path: Path) -> None:
    assert refusal(Service(lambda _: answered(status=302)), path).fault is DownloadFault.AGAIN


@pytest.mark.parametrize(
    "location",
    ["http://file.modellix.test/a.mp4", "file:///etc/passwd", "ftp://a.test/a.mp4"],
)
def test_a_redirect_to_what_is_not_https_is_not_followed(path: Path, location: str) -> None:
    service = leading(location)
    assert refusal(service, path).fault is DownloadFault.NOT_ALLOWED
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        f"http://file.modellix.test/clip.mp4?Signature={SECRET}",
        f"ftp://file.modellix.test/{SECRET}",
        f"file:///home/{SECRET}",
        f"/clip.mp4?Signature={SECRET}",
        f"https:///{SECRET}",
        f"https://[{SECRET}",
        "",
    ],
)
def test_a_link_that_is_not_https_is_not_asked(path: Path, link: str) -> None:
    service = serving(CLIP)
    assert refusal(service, path, link).fault is DownloadFault.NOT_ALLOWED
    assert service.asked == []


@pytest.mark.parametrize(
    "link", [f"https://a.test:99999/{SECRET}", f"https://a.test/\x00{SECRET}", f"https://a.test:port/{SECRET}"]
)
def test_a_link_that_cannot_be_asked_is_a_failure_of_its_own(path: Path, link: str) -> None:
    refusal(serving(CLIP), path, link)


@pytest.mark.parametrize("location", ["https://[1:2", "data:video/mp4,x", "mailto:a@example.com", "https://"])
def test_a_redirect_that_cannot_be_followed_is_a_failure_of_its_own(path: Path, location: str) -> None:
    refusal(leading(location), path)


def test_plain_http_is_good_enough_on_this_machine(path: Path) -> None:
    assert fetched(serving(CLIP), path, "http://127.0.0.1:8765/a.mp4", may_be_plain=True).size_bytes == len(CLIP)


# what the disk says


def test_a_disk_that_does_not_take_it_says_so_itself(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(FileExistsError):
        fetched(serving(CLIP), tmp_path / "taken")


def test_a_file_where_its_folder_should_be_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    """And not a clip that came to lie there meanwhile, which would be asked for again at once."""
    (tmp_path / "outputs").touch()
    with pytest.raises(OSError) as caught:  # noqa: PT011  # which one it is differs from disk to disk
        fetched(serving(CLIP), tmp_path / "outputs" / "hero.mp4")
    assert not isinstance(caught.value, FileExistsError)
