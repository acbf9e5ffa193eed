"""How a picture is found by its name: exactly, else by its stem; and what is proposed where none is there."""

from pathlib import Path

import pytest

from batchrunner.domain.image import LocalImage
from batchrunner.domain.problem import Code, Problem
from batchrunner.manifest.load import Manifest
from tests.io.test_images import png
from tests.manifest.desk import HEAD, Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def read(desk: Desk, image: str, *there: str) -> Manifest:
    """A manifest of one job that names a picture, with these files in the folder of frames."""
    for name in there:
        desk.write(f"frames/{name}", png(16, 9))
    return desk.read(f"{HEAD}jobs:\n  - {{id: a, prompt: x, image: {image}}}\n", name=str(desk.folder / "m.yaml"))


def found(desk: Desk, image: str, *there: str) -> str:
    """The name of the file that is taken."""
    manifest = read(desk, image, *there)
    assert manifest.errors == ()
    picture = manifest.jobs[0].body["image"]
    assert isinstance(picture, LocalImage)
    return Path(picture.path).name


def told(desk: Desk, image: str, *there: str) -> Problem:
    [problem] = read(desk, image, *there).errors
    assert problem.code is Code.IMAGE_MISSING_FILE
    return problem


BY_STEM = {
    "another ending": ("frames/SH002", ("SH002.webp", "SH004.jpg"), "SH002.webp"),
    "an ending in capitals": ("frames/SH002", ("SH002.PNG",), "SH002.PNG"),
    "a stem with a point": ("frames/SH002.v2", ("SH002.v2.png", "SH002.v3.png"), "SH002.v2.png"),
    "a caption beside it": ("frames/SH002", ("SH002.txt", "SH002.jpg"), "SH002.jpg"),
    "a file without an ending": ("frames/SH002", ("SH002", "SH002.jpg"), "SH002"),
    "a longer name beside it": ("frames/SH002", ("SH002.jpg", "SH002b.jpg", "SH0021.jpg"), "SH002.jpg"),
}


@pytest.mark.parametrize(("image", "there", "name"), BY_STEM.values(), ids=BY_STEM)
def test_a_picture_named_without_its_ending_is_found_by_its_stem(
    desk: Desk, image: str, there: tuple[str, ...], name: str
) -> None:
    assert found(desk, image, *there) == name


def test_a_folder_of_the_same_name_does_not_hide_the_picture(desk: Desk) -> None:
    assert found(desk, "frames/SH002", "SH002/a.png", "SH002.png") == "SH002.png"


def test_a_picture_found_by_its_stem_is_the_same_request_as_one_named_in_full(desk: Desk) -> None:
    by_stem = read(desk, "frames/SH002", "SH002.webp").jobs[0].request.fingerprint
    assert by_stem == read(desk, "frames/SH002.webp").jobs[0].request.fingerprint


def test_a_stem_that_several_pictures_have_is_a_problem_that_lists_them(desk: Desk) -> None:
    problem = told(desk, "frames/SH002", "SH002.png", "SH002.jpg", "SH003.jpg")
    assert problem.message == "`image` could be several images: SH002.jpg, SH002.png"
    assert problem.hint == "add the file extension: `frames/SH002.jpg`"


PROPOSED = {
    "the same shot in another ending": ("SH002.jpg", ("SH001.jpg", "SH002.webp", "SH004.jpg"), "SH002.webp"),
    "the same shot in another case": ("SH002.jpg", ("sh002.webp", "SH004.jpg"), "sh002.webp"),
    "the same number, written otherwise": ("SH002.jpg", ("SH2.jpg", "SH004.jpg"), "SH2.jpg"),
    "the same number with more in the name": ("SH002.jpg", ("SH002_start.jpg", "SH004.jpg"), "SH002_start.jpg"),
    "a slip of the finger": ("heros.png", ("hero.png",), "hero.png"),
    "another shot": ("SH002.jpg", ("SH004.jpg", "SH0021.jpg", "SH002_4.jpg"), None),
    "a shot without a number": ("hero2.png", ("hero.png",), None),
    "what is no picture": ("SH002.jpg", ("SH002.txt", "SH002.jp2"), None),
}


@pytest.mark.parametrize(("name", "there", "proposed"), PROPOSED.values(), ids=PROPOSED)
def test_the_same_stem_is_proposed_and_another_shot_never(
    desk: Desk, name: str, there: tuple[str, ...], proposed: str | None
) -> None:
    hint = told(desk, f"frames/{name}", *there).hint
    assert hint == (
        f"did you mean `frames/{proposed}`?" if proposed else "paths are relative to the file that contains the field"
    )


def test_the_partner_of_another_shot_is_never_proposed(desk: Desk) -> None:
    for name in ("sh020.png", "sh030_end.png"):
        desk.write(f"frames/{name}", png(16, 9))
    rows = "{glob: frames/*.png, pair: frames/*_end.png}"
    job = f"{{rows: {rows}, id: '${{row.key}}', prompt: x, image: '${{row.path}}', lastFrame: '${{row.pair}}'}}"
    [problem] = desk.read(f"{HEAD}jobs:\n  - {job}\n").errors
    assert problem.code is Code.ROWS_PAIR
    assert problem.hint == "add it, or make `glob` more exact"
