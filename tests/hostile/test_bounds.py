"""Bounds: however large and tangled a folder is, it is judged in bounded time and memory."""

import difflib
from pathlib import Path

import pytest

from batchrunner import problems
from batchrunner.manifest.frame_names import PictureNames
from batchrunner.problems import Code, nearest
from tests.manifest.desk import HEAD, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


class Compared:
    """Counts the names that are compared with a word, which is what suggestions cost."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: list[int] = []
        monkeypatch.setattr(problems, "get_close_matches", self)

    def __call__(self, word: str, known: dict[str, str], n: int, cutoff: float) -> list[str]:
        self.counts.append(len(known))
        return difflib.get_close_matches(word, known, n, cutoff)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Compared:
    problems._nearest.cache_clear()
    return Compared(monkeypatch)


def test_a_suggestion_among_thousands_of_names_compares_fifty_at_most(compared: Compared) -> None:
    known = [f"fox-{a}{b}{c}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop" for c in "abcdefghijklmnop"]
    assert nearest("fox_abc", ["zebra", *known]) == "fox-abc"
    assert compared.counts == [50]


def test_one_mistake_that_comes_up_with_every_job_is_compared_once(compared: Compared) -> None:
    for _ in range(1000):
        assert nearest("promt", ["prompt", "image"]) == "prompt"
    assert compared.counts == [2]


def test_800_missing_pictures_among_1600_cost_nothing_that_grows_with_both(desk: Desk, compared: Compared) -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
    for a in letters:
        for b in letters:
            desk.write(f"frames/shot_{a}{b}.png", b"")
    jobs = "".join(f"  - {{id: j{n}, prompt: x, image: frames/shot_{n}.png}}\n" for n in range(800))
    manifest = desk.read(f"{HEAD}jobs:\n{jobs}", name=str(desk.folder / "m.yaml"))
    assert [problem.code for problem in manifest.errors] == [Code.IMAGE_MISSING_FILE] * 800
    assert sum(compared.counts) <= 800 * 50


def test_a_folder_is_indexed_once_and_names_the_same_stem_first() -> None:
    names = PictureNames(f"SH{n:04d}.webp" for n in range(5000))
    assert names.nearest("SH0007.jpg") == "SH0007.webp"
    assert names.with_stem("SH0007") == ["SH0007.webp"]
