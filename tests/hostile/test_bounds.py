"""Bounds: however large and tangled a folder is, it is judged in bounded time and memory."""

import difflib
from pathlib import Path

import pytest

from batchrunner.domain import suggestions
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code
from batchrunner.domain.suggestions import nearest_name
from batchrunner.io.clock import Clock
from batchrunner.manifest import filling, glob_walk, outputs, variables
from batchrunner.manifest.load import Manifest
from batchrunner.manifest.permissions import Permissions, Reach, RefusedPattern
from batchrunner.manifest.rows.frame_names import PictureNames
from tests.manifest.desk import HEAD, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


class Compared:
    """Counts the names that are compared with a word, which is what suggestions cost."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: list[int] = []
        monkeypatch.setattr(suggestions, "get_close_matches", self)

    def __call__(self, word: str, known: dict[str, str], n: int, cutoff: float) -> list[str]:
        self.counts.append(len(known))
        return difflib.get_close_matches(word, known, n, cutoff)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Compared:
    suggestions._nearest.cache_clear()
    return Compared(monkeypatch)


def test_a_suggestion_among_thousands_of_names_compares_fifty_at_most(compared: Compared) -> None:
    known = [f"fox-{a}{b}{c}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop" for c in "abcdefghijklmnop"]
    assert nearest_name("fox_abc", ["zebra", *known]) == "fox-abc"
    assert compared.counts == [50]


def test_one_mistake_that_comes_up_with_every_job_is_compared_once(compared: Compared) -> None:
    for _ in range(1000):
        assert nearest_name("promt", ["prompt", "image"]) == "prompt"
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


# Patterns

HERE = Location("m.yaml", 1, 1)


class SlowClock(Clock):
    """A clock on which a look takes a second."""

    def __init__(self) -> None:
        self.looks = 0

    def steady_s(self) -> float:
        self.looks += 1
        return float(self.looks)


def hits(folder: Path, pattern: str, clock: Clock | None = None) -> list[str]:
    reach = Reach(Permissions((folder,)), clock or Clock())
    return sorted(set(reach.hits(pattern, folder, HERE, "rows")))


def test_links_that_lead_back_are_not_entered_by_two_stars(desk: Desk) -> None:
    desk.write("frames/a.png", b"")
    for name in "12345":
        (desk.folder / "frames" / name).symlink_to(".")
    assert hits(desk.folder, "**/*.png") == ["frames/a.png"]
    assert hits(desk.folder, "**/**/**/*.png") == ["frames/a.png"]
    assert hits(desk.folder, "frames/1/a.png") == ["frames/1/a.png"]


def test_a_pattern_looks_at_so_many_files_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glob_walk, "MOST_ENTRIES", 30)
    for number in range(20):
        desk.write(f"frames/{number}.png", b"")
    rows = "jobs:\n  - {rows: {glob: '%s'}, id: '${row.stem}', prompt: x, image: https://e.com/a.png}\n"
    assert not desk.read(HEAD + rows % "frames/*.png").errors
    [problem] = desk.read(HEAD + rows % "**/*.png").errors
    assert (problem.code, problem.location.line) == (Code.TOO_MANY, 5)
    assert "30 files and folders" in problem.message


def test_the_patterns_of_one_manifest_share_one_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glob_walk, "MOST_ENTRIES", 50)
    for number in range(20):
        desk.write(f"frames/{number}.png", b"")
    job = "  - {rows: {glob: 'frames/*.png'}, id: '%s-${row.stem}', prompt: '%s', image: https://e.com/a.png}\n"
    text = "jobs:\n" + "".join(job % (name, name) for name in "abcde")
    assert {problem.code for problem in desk.read(HEAD + text).errors} == {Code.TOO_MANY}


def test_a_pattern_takes_so_long_and_no_longer(desk: Desk) -> None:
    for number in range(glob_walk._BEAT * 30):
        (desk.folder / f"{number}.png").touch()
    clock = SlowClock()
    with pytest.raises(RefusedPattern, match="20 seconds"):
        hits(desk.folder, "*.png", clock)
    assert clock.looks < 30


def test_a_pattern_of_many_parts_and_a_very_deep_folder_are_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RefusedPattern, match="parts"):
        hits(desk.folder, "*/" * 5000)
    monkeypatch.setattr(glob_walk, "_MOST_PARTS", 5)
    (desk.folder / "/".join("abcdefgh")).mkdir(parents=True)
    with pytest.raises(RefusedPattern, match="deep"):
        hits(desk.folder, "**/*.png")


MEANS = {
    "*.png": ["a.png"],
    "**/*.png": ["a.png", "b/c.png", "b/d/e.png"],
    "**": ["a.png", "b", "b/c.png", "b/d", "b/d/e.png"],
    "b/**": ["b/c.png", "b/d", "b/d/e.png"],
    "?/[cd].png": ["b/c.png"],
    "*/*/e.png": ["b/d/e.png"],
    "./b/*.png": ["./b/c.png"],
    "b/../*.png": ["b/../a.png"],
    ".*.png": [".hidden.png"],
    "nothing/*.png": [],
    "a.png/*": [],
}


@pytest.mark.parametrize(("pattern", "paths"), MEANS.items(), ids=MEANS)
def test_a_pattern_means_what_it_says(desk: Desk, pattern: str, paths: list[str]) -> None:
    for name in ("a.png", "b/c.png", "b/d/e.png", ".hidden.png", ".git/f.png"):
        desk.write(name, b"")
    assert hits(desk.folder, pattern) == paths
    absolute = [f"{desk.folder}/{path}" for path in paths]
    assert hits(desk.folder, f"{desk.folder}/{pattern}") == absolute


# Values

JOB = "jobs:\n  - {id: a, prompt: '%s', image: https://e.com/a.png}\n"


def codes(manifest: Manifest) -> list[tuple[Code, int]]:
    return [(problem.code, problem.location.line) for problem in manifest.errors]


def test_a_value_of_more_than_64_kib_is_a_problem_before_it_is_made(desk: Desk) -> None:
    head = f"{HEAD}vars: {{big: {'x' * 1_000_000}, much: {'é' * 1000}}}\n"
    assert codes(desk.read(head + JOB % "${vars.big}")) == [(Code.TOO_MANY, 4)]
    assert codes(desk.read(head + JOB % ("see ${vars.big}" * 500))) == [(Code.TOO_MANY, 6)]
    assert codes(desk.read(head + JOB % ("${vars.much}" * 33))) == [(Code.TOO_MANY, 6)]
    assert codes(desk.read(head + JOB % ("${vars.much}" * 32))) == []
    assert codes(desk.read(HEAD + JOB % ("x" * 70_000))) == [(Code.TOO_MANY, 5)]


def test_a_piece_too_much_is_never_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of 500 variables of 1 MB each would be 500 MB before anybody counted it."""
    asked = []

    def piece(*_: object) -> str:
        asked.append(1)
        return "x" * 30_000

    monkeypatch.setattr(variables, "_piece", piece)
    with pytest.raises(variables.VariableProblem):
        "".join(variables._pieces("${vars.a} " * 500, variables.Scope({}), HERE))
    assert len(asked) == 3


def test_a_manifest_holds_so_much_once_it_is_filled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "MOST_FILLED_BYTES", 1024 * 1024)
    rows = "jobs:\n  - {rows: shots.csv, id: '${row.shot}', prompt: '${row.shot} ${vars.long}', image: %s}\n"
    desk.write("shots.csv", "shot\n" + "".join(f"s{number}\n" for number in range(3000)))
    head = f"{HEAD}vars: {{long: {'x' * 10_000}}}\n"
    manifest = desk.read(head + rows % "https://e.com/a.png")
    [problem] = manifest.errors
    assert (problem.code, problem.location.line) == (Code.TOO_MANY, 6)
    assert "1 MiB" in problem.message
    assert len(manifest.jobs) < 120
    jobs = "".join(f"  - {{id: j{n}, prompt: '{n} ${{vars.long}}', image: https://e.com/a.png}}\n" for n in range(300))
    assert len(desk.read(f"{head}jobs:\n{jobs}").errors) == 1


# Paths


def test_a_path_that_the_system_cannot_open_is_a_problem_before_anything_is_paid(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = "/".join(["x" * 100] * 45)
    assert codes(desk.read(HEAD + JOB.replace("id: a,", f"id: a, output: {deep}/a.mp4,") % "y")) == [
        (Code.BAD_OUTPUT, 5)
    ]
    monkeypatch.setattr(outputs, "_LONGEST_PATH", 1024)
    deep = "/".join(["x" * 100] * 9)
    assert codes(desk.read(HEAD + JOB.replace("id: a,", f"id: a, output: {deep}/a.mp4,") % "y")) == [
        (Code.BAD_OUTPUT, 5)
    ]
    assert codes(desk.read(HEAD + JOB.replace("id: a,", f"id: a, output: {'x' * 250}/a.mp4,") % "y")) != []
