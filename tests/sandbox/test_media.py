import pytest

from batchrunner.sandbox import Behaviour
from batchrunner.sandbox.media_files import MAX_BYTES

from .conftest import Imitate
from .imitation import FILES, IMAGE_BODY, PNG, Imitation

MEDIA = "/api/v1/media/files"
JPEG = b"\xff\xd8\xff\xe0\r\n--edg\r\n"
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "


@pytest.mark.parametrize(("content", "suffix"), [(PNG, "png"), (JPEG, "jpeg"), (WEBP, "webp")])
def test_an_upload_is_read_back_as_it_was(service: Imitation, content: bytes, suffix: str) -> None:
    data = service.upload(content, "frame.bin").data

    read = service.download(data["url"])

    assert data.keys() == {"file_id", "type", "url", "filename", "size", "created_at"}
    assert (data["filename"], data["size"]) == ("frame.bin", len(content))
    assert data["url"].startswith(FILES)
    assert (read.body, read.headers["content-type"]) == (content, f"image/{suffix}")


@pytest.mark.parametrize(
    ("content", "status"), [(b"GIF89a", 415), (b"", 415), (PNG + b"\0" * (MAX_BYTES - len(PNG) + 1), 413)]
)
def test_other_files_are_refused(service: Imitation, content: bytes, status: int) -> None:
    assert service.upload(content).status == status
    assert service.record.uploads == ()


def test_the_largest_file_is_taken(service: Imitation) -> None:
    assert service.upload(PNG.ljust(MAX_BYTES, b"\0")).status == 200


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno end"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x--',
        ),
    ],
)
def test_a_form_without_a_file_is_400(service: Imitation, content_type: str, form: bytes) -> None:
    assert service.ask("POST", MEDIA, form, content_type=content_type).status == 400


def test_the_list_is_paged_and_bounded(service: Imitation) -> None:
    ids = [service.upload().data["file_id"] for _ in range(3)]

    page = service.ask("GET", f"{MEDIA}?limit=2&offset=1").data

    assert [file["file_id"] for file in page["files"]] == ids[1:]
    assert page["total"] == 3
    for query in ("limit=101", "limit=0", "limit=many", "offset=-1"):
        assert service.ask("GET", f"{MEDIA}?{query}").status == 400


def test_a_deleted_file_is_gone(service: Imitation) -> None:
    data = service.upload().data

    assert service.ask("DELETE", f"{MEDIA}/{data['file_id']}").status == 200
    assert service.ask("DELETE", f"{MEDIA}/{data['file_id']}").status == 404
    assert service.download(data["url"]).status == 404


def test_the_quota_counts_files_that_are_kept(imitate: Imitate) -> None:
    service = imitate(Behaviour(file_quota=1))
    service.upload()
    full = service.upload().status

    service.clock.now_s += 7 * 86_400

    assert full == 400
    assert service.upload().status == 200


def test_uploads_outlive_a_restart(service: Imitation) -> None:
    kept, deleted = service.upload().data, service.upload().data
    service.ask("DELETE", f"{MEDIA}/{deleted['file_id']}")

    service.restart(Behaviour())

    assert service.download(kept["url"]).body == PNG
    assert service.download(deleted["url"]).status == 404
    assert len(service.record.uploads) == 2


def test_an_image_that_is_no_longer_kept_is_refused_before_any_charge(service: Imitation) -> None:
    body = IMAGE_BODY | {"image": service.upload().data["url"]}
    fresh = service.submit(body).status

    service.clock.now_s += 7 * 86_400
    late = service.submit(body)

    assert fresh == 200
    assert late.status == 400
    assert "cannot be fetched" in late.json["message"]
    assert len(service.record.charges) == 1
