"""`validate --check-links`: every linked picture is asked for once; a dead one is a problem where it is written."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.problem import Code
from batchrunner.errors import ExitCode
from tests.manifest.desk import Desk

# What each path answers: to HEAD, and to GET; a status, and a content type or a new address.
PAGES: dict[str, tuple[tuple[int, str], tuple[int, str]]] = {
    "/good.png": ((200, "image/png"), (500, "")),
    "/good.jpg": ((200, "image/jpeg; charset=binary"), (500, "")),
    "/good.webp": ((200, "Image/WebP"), (500, "")),
    "/store": ((200, "binary/octet-stream"), (500, "")),
    "/untold": ((200, ""), (500, "")),
    "/gone.png": ((404, "text/html"), (404, "text/html")),
    "/forbidden.png": ((403, "text/xml"), (403, "text/xml")),
    "/page.png": ((200, "text/html; charset=utf-8"), (200, "text/html")),
    "/video.mp4": ((200, "video/mp4"), (200, "video/mp4")),
    "/get-only.png": ((405, ""), (206, "image/png")),
    "/get-only-whole.png": ((403, ""), (200, "image/png")),
    "/get-only-page": ((501, ""), (200, "text/html")),
    "/moved.png": ((302, "/good.png"), (302, "/good.png")),
    "/moved-twice.png": ((301, "/moved.png"), (301, "/moved.png")),
    "/moved-away.png": ((302, "/gone.png"), (302, "/gone.png")),
    "/moved-to-a-page.png": ((302, "/page.png"), (302, "/page.png")),
    "/round.png": ((302, "/round.png"), (302, "/round.png")),
    "/broken.png": ((500, ""), (500, "")),
}


class Pictures(ThreadingHTTPServer):
    """A server of pictures on this machine; what was asked is counted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: Counter[tuple[str, str]] = Counter()
        self.headers: list[dict[str, str]] = []

    def link(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Pictures

    def do_HEAD(self) -> None:
        self._answer(0)

    def do_GET(self) -> None:
        self._answer(1)

    def _answer(self, which: int) -> None:
        path = self.path.partition("?")[0]
        self.server.asked[self.command, path] += 1
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        status, word = PAGES[path][which]
        body = b"x" * 2048 if which else b""
        self.send_response(status)
        if word:
            self.send_header("location" if 300 <= status < 400 else "content-type", word)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    with Pictures() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _service_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else no link may lead here."""
    monkeypatch.setenv("MODELLIX_BASE_URL", "http://127.0.0.1:1")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


HEAD = "version: 1\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8}\n"


def checked(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and the problems but for what is said of plain links."""
    capsys.readouterr()
    code = outcome(["validate", str(path), "--check-links", "-o", "json", *options])
    found = json.loads(capsys.readouterr().out)["problems"]
    return code, [each for each in found if each["code"] != Code.PLAIN_LINK]


def one(desk: Desk, link: str) -> Path:
    return desk.write("m.yaml", HEAD + f"jobs:\n  - id: a\n    prompt: x\n    image: {link}\n")


@pytest.mark.parametrize(
    "path",
    [
        "/good.png",
        "/good.jpg",
        "/good.webp",
        "/store",
        "/untold",
        "/get-only.png",
        "/get-only-whole.png",
        "/moved.png",
        "/moved-twice.png",
        "/good.png?x=1",
    ],
)
def test_a_picture_that_is_there_is_no_problem(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures, path: str
) -> None:
    assert checked(capsys, one(desk, pictures.link(path))) == (ExitCode.DONE, [])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/gone.png", "the server answered 404"),
        ("/forbidden.png", "the server answered 403"),
        ("/broken.png", "the server answered 500"),
        ("/page.png", "it is not an image but text/html"),
        ("/video.mp4", "it is not an image but video/mp4"),
        ("/get-only-page", "it is not an image but text/html"),
        ("/moved-away.png", "the server answered 404"),
        ("/moved-to-a-page.png", "it is not an image but text/html"),
        ("/round.png", "cannot be fetched"),
    ],
)
def test_a_link_that_serves_no_picture_is_a_problem_at_its_value(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures, path: str, words: str
) -> None:
    code, [problem] = checked(capsys, one(desk, pictures.link(path)))
    assert code == ExitCode.USAGE
    assert (problem["code"], problem["severity"], problem["field"]) == (Code.DEAD_LINK, "error", "image")
    assert (problem["line"], problem["column"]) == (7, 12)
    assert words in problem["message"]
    assert problem["jobs"] == ["a"]


def test_a_server_that_is_not_there_is_a_problem(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures
) -> None:
    link = pictures.link("/good.png")
    pictures.server_close()
    _, [problem] = checked(capsys, one(desk, link))
    assert (problem["code"], "no connection" in problem["message"]) == (Code.DEAD_LINK, True)


def test_where_head_is_refused_only_the_beginning_is_asked_for(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures
) -> None:
    checked(capsys, one(desk, pictures.link("/get-only.png")))
    assert [*pictures.asked] == [("HEAD", "/get-only.png"), ("GET", "/get-only.png")]
    assert pictures.headers[1]["range"] == "bytes=0-1023"


def test_no_key_is_sent_with_a_link(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELLIX_API_KEY", "mdlx-secret")
    checked(capsys, one(desk, pictures.link("/moved.png")))
    assert pictures.headers
    assert not any("mdlx" in value for headers in pictures.headers for value in headers.values())


def test_a_problem_stands_in_the_cell(desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures) -> None:
    good, gone = pictures.link("/good.png"), pictures.link("/gone.png")
    desk.write("rows/shots.csv", f"id,image,prompt\na,{good},x\nb,{gone},y\n")
    text = HEAD + "jobs:\n  - {rows: rows/shots.csv, id: '${row.id}', prompt: '${row.prompt}', image: '${row.image}'}\n"
    _, [problem] = checked(capsys, desk.write("m.yaml", text))
    assert (Path(problem["file"]).name, problem["line"], problem["column"]) == ("shots.csv", 3, 3)
    assert problem["jobs"] == ["b"]


def test_one_link_in_many_jobs_is_asked_for_once_and_is_one_problem(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures
) -> None:
    head = HEAD.replace("{", f"{{image: '{pictures.link('/gone.png')}', ")
    jobs = "".join(f"  - {{id: j{number}, prompt: Job {number}}}\n" for number in range(5))
    _, [problem] = checked(capsys, desk.write("m.yaml", f"{head}jobs:\n{jobs}"))
    assert problem["jobs"] == [f"j{number}" for number in range(5)]
    assert problem["line"] == 3
    assert pictures.asked == {("HEAD", "/gone.png"): 1, ("GET", "/gone.png"): 1}


def test_last_frames_and_references_are_asked_for_and_prompts_are_not(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures
) -> None:
    good, gone, page = (pictures.link(path) for path in ("/good.png", "/gone.png", "/page.png"))
    text = HEAD + (
        f"jobs:\n  - id: a\n    prompt: {gone}\n    image: {good}\n    lastFrame: {gone}\n"
        f"  - id: b\n    prompt: y\n    referenceImages:\n      - {good}\n      - {page}\n"
    )
    _, found = checked(capsys, desk.write("m.yaml", text))
    assert [(each["field"], each["jobs"]) for each in found] == [("lastFrame", ["a"]), ("referenceImages", ["b"])]
    assert found[0]["line"] == 8


def test_without_the_option_nobody_is_asked(desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures) -> None:
    assert outcome(["validate", str(one(desk, pictures.link("/gone.png")))]) == ExitCode.DONE
    assert pictures.asked == {}


def test_several_manifests_are_asked_about_together(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures
) -> None:
    text = HEAD + f"jobs:\n  - {{id: a, prompt: x, image: '{pictures.link('/gone.png')}'}}\n"
    paths = [desk.write(name, text) for name in ("one.yaml", "two.yaml")]
    _, found = checked(capsys, paths[0], str(paths[1]))
    assert sorted(Path(each["file"]).name for each in found) == ["one.yaml", "two.yaml"]
    assert pictures.asked["HEAD", "/gone.png"] == 1


@pytest.mark.parametrize("image", ["${row.link}", "${vars.server}/${row.name}"])
def test_a_dead_link_of_a_row_is_told_at_its_cell(
    desk: Desk, capsys: pytest.CaptureFixture[str], pictures: Pictures, image: str
) -> None:
    column = "link" if image == "${row.link}" else "name"
    cells = {"link": (pictures.link("/good.png"), pictures.link("/gone.png")), "name": ("good.png", "gone.png")}[column]
    desk.write("shots.csv", f"shot,{column}\na,{cells[0]}\nb,{cells[1]}\n")
    head = f"{HEAD}vars: {{server: '{pictures.link('')}'}}\n"
    path = desk.write(
        "m.yaml", f"{head}jobs:\n  - {{rows: shots.csv, id: '${{row.shot}}', prompt: x, image: '{image}'}}\n"
    )
    _, [problem] = checked(capsys, path)
    place = (Path(problem["file"]).name, problem["line"], problem["column"], problem["job"])
    assert (problem["code"], place) == ("dead-link", ("shots.csv", 3, 3, "b"))
