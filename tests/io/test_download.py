"""A link becomes a whole video, or nothing at all."""

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from batchrunner.io.download import Bounds, DownloadedFile, DownloadError, DownloadFault, download
from batchrunner.io.files import Root
from batchrunner.io.partial_file import Partial
from batchrunner.io.resources import read_bytes
from tests.io.films import box, film
from tests.io.in_process import Answered, Service, answered
from tests.moved_time import in_moved_time

CLIP = read_bytes("sandbox/clip.mp4")
SECRET = "c2VjcmV0"
NO_BOUNDS = Bounds()
LINK = f"https://file.modellix.test/clip.mp4?Signature={SECRET}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "film" / ".hero.mp4.part"


def part_at(path: Path) -> Partial:
    return Partial(Root(path.parents[2]), path)


def fetched(
    service: Service,
    path: Path,
    link: str = LINK,
    *,
    may_be_plain: bool = False,
    part: Partial | None = None,
    bounds: Bounds = NO_BOUNDS,
) -> DownloadedFile:
    async def fetch() -> DownloadedFile:
        http = service.http(loopback=may_be_plain)
        try:
            return await download(http, link, part or part_at(path), may_be_plain=may_be_plain, bounds=bounds)
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
    assert verified == DownloadedFile(path, len(CLIP), hashlib.sha256(CLIP).hexdigest())
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

    with pytest.raises(DownloadError, match="differs from what was downloaded"):
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
    assert (error.fault, str(error)) == (DownloadFault.AGAIN, f"{len(CLIP)} bytes arrived of {length}")


@pytest.mark.parametrize(
    "content",
    [b"", b"<!doctype html><html><body>Forbidden</body></html>", b'{"code": 403}', CLIP[:-1], CLIP + b"x", film()[:-3]],
)
def test_what_is_no_whole_video_is_not_kept(path: Path, content: bytes) -> None:
    with pytest.raises(DownloadError, match="the download is not a complete video: ") as caught:
        fetched(serving(content), path)
    error = caught.value
    assert error.fault is DownloadFault.AGAIN
    assert path.exists() == (error.odd is not None) == (b"ftyp" in content)


def test_a_film_that_cannot_be_verified_lies_where_it_came(path: Path) -> None:
    hollow = film(pictures=bytes(320))
    with pytest.raises(DownloadError, match="there are only zeros") as caught:
        fetched(serving(hollow), path)
    assert caught.value.odd == DownloadedFile(path, len(hollow), hashlib.sha256(hollow).hexdigest())
    assert path.read_bytes() == hollow


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


# what broke off

TAG = '"5f3a"'


def breaking_off(told: Mapping[str, str], then: Callable[[], Answered]) -> Service:
    """A service whose first answer breaks off after 2,000 bytes; and what it answers next."""
    asked: list[str] = []

    def answer(address: str) -> Answered:
        asked.append(address)
        if len(asked) > 1:
            return then()
        return answered(CLIP[:2000], headers={"content-length": str(len(CLIP)), **told}, then=ConnectionResetError())

    return Service(answer)


def rest(first: int = 2000, *, said: str = "", chunk: bytes | None = None) -> Answered:
    """The rest of the clip, from a byte on."""
    told = said or f"bytes {first}-{len(CLIP) - 1}/{len(CLIP)}"
    return answered(CLIP[first:] if chunk is None else chunk, status=206, headers={"content-range": told})


def twice(service: Service, path: Path) -> DownloadedFile:
    """A try that breaks off, and the next one."""
    part = part_at(path)
    with pytest.raises(DownloadError) as caught:
        fetched(service, path, part=part)
    assert caught.value.fault is DownloadFault.UNREACHED
    return fetched(service, path, part=part)


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({"etag": TAG}, TAG),
        ({"last-modified": "Wed, 25 Nov 2026 10:00:00 GMT"}, "Wed, 25 Nov 2026 10:00:00 GMT"),
        ({"etag": TAG, "last-modified": "Wed, 25 Nov 2026 10:00:00 GMT"}, TAG),
    ],
)
def test_a_download_that_broke_off_goes_on_where_it_was(path: Path, told: dict[str, str], asked: str) -> None:
    service = breaking_off(told, then=rest)
    assert twice(service, path) == DownloadedFile(path, len(CLIP), hashlib.sha256(CLIP).hexdigest())
    assert path.read_bytes() == CLIP
    headers = service.asked[1][2]
    assert (headers["range"], headers["if-range"]) == ("bytes=2000-", asked)


@pytest.mark.parametrize("told", [{}, {"etag": f"W/{TAG}"}, {"etag": "x" * 5000}, {"etag": '"a b"'}])
def test_without_a_tag_that_can_be_relied_on_it_begins_anew(path: Path, told: dict[str, str]) -> None:
    service = breaking_off(told, then=lambda: answered(CLIP))
    twice(service, path)
    assert "range" not in service.asked[1][2]
    assert path.read_bytes() == CLIP


def test_a_file_that_is_another_one_by_now_begins_anew(path: Path) -> None:
    service = breaking_off({"etag": TAG}, then=lambda: answered(CLIP, headers={"etag": '"other"'}))
    twice(service, path)
    assert path.read_bytes() == CLIP


@pytest.mark.parametrize(
    "answer",
    [
        lambda: rest(1999),
        lambda: rest(0),
        lambda: rest(said="bytes 2000-"),
        lambda: rest(said="bytes */9"),
        lambda: rest(said="bytes 99999999999999999999-1/2"),
        lambda: rest(chunk=CLIP[2000:-1]),
        lambda: rest(chunk=CLIP[2000:] + b"x"),
        lambda: answered(status=416),
    ],
)
def test_a_rest_that_does_not_fit_is_not_put_behind_it(path: Path, answer: Callable[[], Answered]) -> None:
    part = part_at(path)
    service = breaking_off({"etag": TAG}, then=answer)
    with pytest.raises(DownloadError):
        fetched(service, path, part=part)
    with pytest.raises(DownloadError) as caught:
        fetched(service, path, part=part)
    assert caught.value.fault is DownloadFault.AGAIN
    assert not part.goes_on
    assert not path.exists()


def test_a_server_that_is_ill_meanwhile_takes_nothing_away(path: Path) -> None:
    part = part_at(path)
    service = breaking_off({"etag": TAG}, then=lambda: answered(status=503))
    for _ in range(3):
        with pytest.raises(DownloadError):
            fetched(service, path, part=part)
    assert part.size_bytes == path.stat().st_size == 2000


# how much, how fast, how long


def test_a_file_that_says_it_is_too_large_is_not_read(path: Path) -> None:
    error = refusal(serving(CLIP, content_length=str(5 << 30)), path)
    assert error.fault is DownloadFault.NOT_ALLOWED
    assert str(error) == "it is larger than 4 GiB: `download_limit` in the manifest's settings allows more"


def test_a_file_without_end_is_read_to_its_limit(path: Path) -> None:
    came: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            came.append(1)
            yield bytes(1 << 20)

    with pytest.raises(DownloadError, match="it is larger than 3 MiB") as caught:
        fetched(Service(lambda _: Answered(200, {}, endless())), path, bounds=Bounds(most_bytes=3 << 20))
    assert caught.value.fault is DownloadFault.NOT_ALLOWED
    assert len(came) == 4
    assert not path.exists()


def test_a_file_that_trickles_is_given_up_and_goes_on_later(path: Path) -> None:
    part = part_at(path)
    drops = [bytes([byte]) for byte in CLIP]
    service = Service(lambda _: answered(*drops, headers={"etag": TAG}, wait_s=10))
    with pytest.raises(DownloadError, match="it is slower than 1 KiB a second") as caught:
        fetched(service, path, part=part)
    assert caught.value.fault is DownloadFault.AGAIN
    assert part.goes_on
    assert part.size_bytes <= 7


def test_a_file_that_comes_just_fast_enough_ends_after_an_hour(path: Path) -> None:
    service = Service(lambda _: answered(*[bytes(11_000)] * 1_000, wait_s=10))
    with pytest.raises(DownloadError, match="it takes longer than 60 minutes"):
        fetched(service, path)


def test_a_disk_without_room_for_it_is_not_filled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchrunner.io.download.shutil.disk_usage", lambda _: SimpleNamespace(free=1 << 30))
    with pytest.raises(OSError, match="3 GiB are needed, 1 GiB are free") as caught:
        fetched(serving(CLIP, content_length=str(3 << 30)), path)
    assert caught.value.errno == errno.ENOSPC
    assert not path.exists()
