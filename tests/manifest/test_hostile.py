"""What a stranger may hand over as a manifest: it is refused in bounds and in its place, and nothing else happens."""

import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchrunner.domain.problem import Code
from batchrunner.io.image_header import LARGEST_BYTES
from batchrunner.manifest import drafts, includes, matrix, text_file
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.rows import table
from batchrunner.manifest.yaml import builder
from tests.io.test_images import png
from tests.manifest.desk import permitted

pytestmark = pytest.mark.untraced

HEAD = "version: 1\nname: film\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8, resolution: 720p}\n"
LINK = "https://example.com/a.jpg"
LONGEST_SENTENCE = 600


def read(
    folder: Path,
    film: str | bytes,
    others: Mapping[str, str | bytes] | None = None,
    environment: Mapping[str, str] | None = None,
    may_read: Path | None = None,
) -> Manifest:
    """The manifest with this text, in a folder with these other files; all that is always so is asserted."""
    for name, content in {**(others or {}), "film.yaml": film}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    manifest = load(folder / "film.yaml", permissions=permitted(may_read or folder, environment or {}))
    assert_in_bounds(manifest)
    return manifest


def assert_in_bounds(manifest: Manifest) -> None:
    """Every problem has a place inside its file and a short sentence; without one, every clip has its own place."""
    for problem in manifest.problems:
        assert problem.location.file
        lines = manifest.lines.get(problem.location.file, ("",))
        assert 1 <= problem.location.line <= len(lines)
        assert 1 <= problem.location.column <= len(lines[problem.location.line - 1]) + 1
        assert len(problem.message) <= LONGEST_SENTENCE
        assert len(problem.hint or "") <= LONGEST_SENTENCE
    paths = [job.output for job in manifest.jobs]
    assert not any(PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts for path in paths)
    if not manifest.errors:
        assert len({unicodedata.normalize("NFC", path).casefold() for path in paths}) == len(paths)


def codes(manifest: Manifest) -> set[Code]:
    return {problem.code for problem in manifest.errors}


def a_job(**more: str) -> str:
    """One good job as an item, whose keys can be said otherwise; a value is YAML."""
    said = {"id": "hero", "prompt": "The character waves", "image": LINK, **more}
    return "  - " + "    ".join(f"{key}: {value}\n" for key, value in said.items())


def jobs(*items: str, head: str = HEAD) -> str:
    return f"{head}jobs:\n" + "".join(items)


# The file

FILES: Mapping[str, tuple[str | bytes, Code]] = {
    "a million brackets": ("[" * 1_000_000, Code.YAML_DEPTH),
    "a million braces": ("{" * 1_000_000, Code.YAML_DEPTH),
    "deep block lists": (HEAD + "jobs: \n" + "- " * 50_000, Code.YAML_DEPTH),
    "deep question marks": ("? " * 50_000, Code.YAML_DEPTH),
    "aliases of aliases": (
        "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"x-{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
        + jobs(a_job()),
        Code.YAML_ALIASES,
    ),
    "an alias of itself": (jobs(a_job(tags="&t [*t]")), Code.YAML_ALIASES),
    "a long chain of aliases": (
        "x-0: &a0 [x]\n" + "".join(f"x-{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 200)),
        Code.YAML_DEPTH,
    ),
    "a tag that would run a command": (jobs(a_job(prompt="!!python/object/apply:os.system [date]")), Code.YAML_TAG),
    "thousands of tags": (HEAD + "jobs:\n" + "- !a b\n" * 5_000, Code.YAML_TAG),
    "thousands of directives": ("%TAG ! tag:example.com,2026:\n" * 20_000 + "---\n" + HEAD, Code.YAML_SYNTAX),
    "thousands of documents": ("--- a\n" * 20_000, Code.YAML_DOCUMENTS),
    "thousands of repeated keys": (HEAD + "x-a: 1\n" * 20_000, Code.DUPLICATE_KEY),
    "a number of 5,000 digits": (jobs(a_job(takes="1" * 5_000)), Code.YAML_NUMBER),
    "a fraction of 5,000 digits": (jobs(a_job(durationSeconds="8." + "0" * 5_000)), Code.YAML_NUMBER),
    "a number beyond all floats": (jobs(a_job(takes="1e999")), Code.YAML_NUMBER),
    "zeros": (b"\0" * 1_000_000, Code.YAML_CHARACTER),
    "control characters": (jobs(a_job(prompt="a\x1b[2Jb\x07")), Code.YAML_CHARACTER),
    "latin-1": (jobs(a_job(prompt="Größe")).encode("latin-1"), Code.FILE_ENCODING),
    "shift-jis": (jobs(a_job(prompt="日本")).encode("shift-jis"), Code.FILE_ENCODING),
    "utf-32": (jobs(a_job()).encode("utf-32"), Code.FILE_ENCODING),
    "utf-16 without its mark": (jobs(a_job()).encode("utf-16-le"), Code.YAML_CHARACTER),
    "half a utf-16 character": (b"\xff\xfe\x00\xd8", Code.FILE_ENCODING),
    "a picture": (png(32, 18), Code.FILE_ENCODING),
    "an endless key": ("k" * 1_000_000 + ": x\n", Code.YAML_SYNTAX),
    "an open quote before a long text": (HEAD + "jobs: '" + "x\n" * 200_000, Code.YAML_SYNTAX),
    "a merge key of itself": ("x: &x\n  <<: *x\n" + HEAD, Code.YAML_ALIASES),
    "a list of nothing": (HEAD + "jobs:\n" + "-\n" * 3_000, Code.WRONG_TYPE),
}


@pytest.mark.parametrize(("film", "code"), FILES.values(), ids=FILES)
def test_a_hostile_file_is_refused_by_name(tmp_path: Path, film: str | bytes, code: Code) -> None:
    manifest = read(tmp_path, film)
    assert code in codes(manifest)
    assert len(manifest.problems) <= builder.MOST_NODES / 100


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "film.yaml").write_bytes(b"")
    os.truncate(tmp_path / "film.yaml", text_file.MOST_BYTES * 100)  # a hole: it takes no room on the disk
    manifest = load(tmp_path / "film.yaml")
    assert codes(manifest) == {Code.FILE_TOO_LARGE}
    assert sum(map(len, manifest.lines[str(tmp_path / "film.yaml")])) == 0


@pytest.mark.parametrize("name", ["pipe", "device", "folder", "loop", "nowhere", "x" * 300, "a\0b"])
def test_what_is_no_file_is_a_problem_and_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    manifest = load(tmp_path / name)
    assert (codes(manifest), len(manifest.problems)) == ({Code.FILE_UNREADABLE}, 1)


def test_the_limits_are_enough_for_a_hundred_thousand_jobs() -> None:
    nodes_of_a_job = 1 + 4 * 2  # a mapping with four keys and their values
    assert drafts.MOST_JOBS * nodes_of_a_job + 100 <= builder.MOST_NODES <= 2 * drafts.MOST_JOBS * nodes_of_a_job


# Includes

INCLUDES: Mapping[str, tuple[Mapping[str, str], str, Code]] = {
    "itself": ({}, "film.yaml", Code.INCLUDE_CYCLE),
    "itself by a glob": ({}, "'*.yaml'", Code.INCLUDE_CYCLE),
    "itself by a detour": ({"sub/a.yaml": "jobs: []"}, "sub/../film.yaml", Code.INCLUDE_CYCLE),
    "a ring": ({"a.yaml": "include: b.yaml", "b.yaml": "include: film.yaml"}, "a.yaml", Code.INCLUDE_CYCLE),
    "a ring of others": ({"a.yaml": "include: b.yaml", "b.yaml": "include: a.yaml"}, "a.yaml", Code.INCLUDE_CYCLE),
    "NUL": ({}, '"a\\0.yaml"', Code.INCLUDE_MISSING),
    "NUL in a glob": ({}, '"*\\0.yaml"', Code.INCLUDE_MISSING),
    "a name without end": ({}, "x" * 5_000, Code.INCLUDE_MISSING),
    "a glob without end": ({}, "'*" + "x" * 5_000 + "'", Code.INCLUDE_MISSING),
    "an absolute glob": ({}, "/proc/*.yaml", Code.INCLUDE_MISSING),
    "the folder": ({}, ".", Code.FILE_UNREADABLE),
    "a device": ({}, "/dev/zero", Code.FILE_UNREADABLE),
    "another file of the system": ({}, __file__, Code.YAML_SYNTAX),
    "an address": ({}, "https://example.com/a.yaml", Code.INCLUDE_MISSING),
    "nothing": ({}, '""', Code.INCLUDE_MISSING),
}  # fmt: skip


@pytest.mark.parametrize(("others", "include", "code"), INCLUDES.values(), ids=INCLUDES)
def test_a_hostile_include_is_refused_where_it_stands(
    tmp_path: Path, others: Mapping[str, str], include: str, code: Code
) -> None:
    manifest = read(tmp_path, jobs(a_job(), head=f"{HEAD}include: [{include}]\n"), others, may_read=Path("/"))
    assert code in codes(manifest)
    assert [job.name for job in manifest.jobs] == ["hero"]


def test_a_chain_of_includes_ends_before_the_stack_does(tmp_path: Path) -> None:
    chain = {f"{i}.yaml": f"include: {i + 1}.yaml\n" for i in range(500)}
    manifest = read(tmp_path, jobs(a_job(), head=f"{HEAD}include: 0.yaml\n"), chain)
    assert [problem.code for problem in manifest.problems] == [Code.TOO_MANY]
    assert len(manifest.lines) == includes._DEEPEST + 1


def test_files_that_include_each_other_in_all_ways_are_read_once_each(tmp_path: Path) -> None:
    names = [f"{i}.yaml" for i in range(12)]
    everyone = "include: [" + ", ".join(names) + "]\n"
    manifest = read(tmp_path, jobs(a_job(), head=f"{HEAD}{everyone}"), dict.fromkeys(names, everyone))
    assert codes(manifest) == {Code.INCLUDE_CYCLE}
    assert len(manifest.lines) == 13
    assert len(manifest.problems) <= 12 * 12


def test_no_more_files_are_read_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(includes, "_MOST_FILES", 20)
    many = {f"many/{i}.yaml": "jobs: []\n" for i in range(40)}
    manifest = read(tmp_path, jobs(a_job(), head=f"{HEAD}include: ['many/*.yaml']\n"), many)
    assert [problem.code for problem in manifest.problems] == [Code.TOO_MANY]
    assert len(manifest.lines) == 20


def test_no_more_text_is_read_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(includes, "_MOST_CHARACTERS", 10_000)
    many = {f"many/{i:02}.yaml": "# " + "x" * 4_000 + "\njobs: []\n" for i in range(40)}
    manifest = read(tmp_path, jobs(a_job(), head=f"{HEAD}include: ['many/*.yaml']\n"), many)
    assert [problem.code for problem in manifest.problems] == [Code.TOO_MANY]
    assert len(manifest.lines) == 4


def test_links_that_lead_round_are_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    assert codes(read(tmp_path, jobs(a_job(), head=f"{HEAD}include: [a.yaml]\n"))) == {Code.FILE_UNREADABLE}


def test_a_pipe_is_not_waited_for_when_it_is_included(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert codes(read(tmp_path, jobs(a_job(), head=f"{HEAD}include: [pipe.yaml]\n"))) == {Code.FILE_UNREADABLE}


# Names and paths

PATHS_AS_IDS = [
    *(
        "../x",
        "a/b",
        "/etc/passwd",
        "a\\b",
        "C:x",
        "~",
        ".",
        "..",
        ".hidden",
        "-rf",
        "",
        " ",
        "a b",
        "é",
        "日本",
        "a:b",
    ),
    *("a\nb", "a\0b", "a\x1b[31m", "x" * 129, "x" * 100_000, "${job.id}", "a%2fb", "\u202ea", "a\ufeff", "*", "?"),
]


@pytest.mark.parametrize("written", PATHS_AS_IDS, ids=ascii)
def test_an_id_that_is_no_plain_name_names_no_file(tmp_path: Path, written: str) -> None:
    quoted = "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08X}" for c in written)
    manifest = read(tmp_path, jobs(a_job(id=f'"{quoted}"')))
    assert codes(manifest) & {Code.BAD_ID, Code.UNKNOWN_VARIABLE}
    assert manifest.jobs == ()


@pytest.mark.parametrize("job_id", ["CON", "con", "PRN", "aux", "NUL", "nul.x", "COM1", "lpt9"])
def test_a_name_that_windows_keeps_is_told_at_the_id(tmp_path: Path, job_id: str) -> None:
    (problem,) = read(tmp_path, jobs(a_job(id=job_id))).errors
    assert (problem.code, problem.location.line, problem.location.column) == (Code.BAD_OUTPUT, 6, 9)


def test_ids_that_differ_only_in_case_are_one(tmp_path: Path) -> None:
    manifest = read(tmp_path, jobs(a_job(id="Hero"), a_job(id="hERO"), a_job(id="HERO")))
    assert [problem.code for problem in manifest.errors] == [Code.DUPLICATE_ID] * 2


OUTPUTS_ELSEWHERE = [
    *("/tmp/a.mp4", "//server/share/a.mp4", "../a.mp4", "a/../../b.mp4", "a/../b.mp4", "..\\\\a.mp4", "C:/a.mp4"),
    *("c:a.mp4", "~/a.mp4", "~root/a.mp4", "a.mp4/", ".mp4", "a", "a.MP4", "", ".batchrunner/a.mp4", "versions/a.mp4"),
    *("a/versions/b.mp4", ".a.mp4", "a\\0.mp4", "a\\n.mp4", "a /b.mp4", "a/ b.mp4", "aux.mp4", "a/NUL/b.mp4", "a?.mp4"),
    *("a*.mp4", "a|b.mp4", "<a>.mp4", "a:b.mp4", "x" * 300 + ".mp4", "é" * 101 + ".mp4", "\\u202Ea.mp4", "\\uFEFF.mp4"),
]


@pytest.mark.parametrize("output", OUTPUTS_ELSEWHERE, ids=lambda output: output[:30])
def test_an_output_that_leaves_the_folder_or_fits_no_disk_is_refused(tmp_path: Path, output: str) -> None:
    (problem,) = read(tmp_path, jobs(a_job(output=f'"{output}"'))).errors
    assert (problem.code, problem.location.line, problem.location.column) == (Code.BAD_OUTPUT, 9, 13)


@pytest.mark.parametrize("cell", ["../../a", "/etc/a", "~/a", "a\\b", "${job.id}", "${env.HOME}", "$${x}", "a\nb"])
def test_an_output_from_a_cell_stays_in_the_folder_and_is_not_filled_again(tmp_path: Path, cell: str) -> None:
    rows = (
        "  - rows: shots.csv\n    id: ${row.shot}\n    prompt: x\n    image: "
        + LINK
        + "\n    output: clips/${row.name}.mp4\n"
    )
    manifest = read(tmp_path, jobs(rows), {"shots.csv": f'shot,name\nhero,"{cell}"\n'}, {"HOME": "/root"})
    assert codes(manifest) <= {Code.BAD_OUTPUT}
    if cell.startswith("$"):
        assert [job.output for job in manifest.jobs] == [f"clips/{cell}.mp4"]


@pytest.mark.parametrize(
    ("one", "other"), [("a.mp4", "A.mp4"), ("x/a.mp4", "X/a.mp4"), ("\u00e9.mp4", "e\u0301.mp4"), ("ß.mp4", "SS.mp4"),
                       ("./a.mp4", "a.mp4"), ("x//a.mp4", "x/a.mp4")],
)  # fmt: skip
def test_two_outputs_that_some_disk_takes_for_one_collide(tmp_path: Path, one: str, other: str) -> None:
    film = jobs(a_job(id="a", output=one), a_job(id="b", output=other, prompt="The character turns"))
    assert codes(read(tmp_path, film)) == {Code.OUTPUT_COLLISION}


def test_a_profile_cannot_name_a_folder_that_is_kept(tmp_path: Path) -> None:
    (tmp_path / "film.yaml").write_text(jobs(a_job(), head=HEAD + "profiles: {versions: {}, nul: {}}\n"))
    for profile in ("versions", "nul"):
        assert codes(load(tmp_path / "film.yaml", profile)) == {Code.BAD_OUTPUT}


# Generators


def test_a_matrix_of_a_billion_combinations_is_never_made(tmp_path: Path) -> None:
    axes = "{" + ", ".join(f"a{i}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]" for i in range(9)) + "}"
    job_id = "-".join(["x", *(f"${{matrix.a{i}}}" for i in range(9))])
    manifest = read(tmp_path, jobs(a_job(id=job_id, matrix=axes)))
    (problem,) = manifest.errors
    assert (problem.code, problem.message) == (
        Code.TOO_MANY,
        "the matrix has 1,000,000,000 combinations; at most 50,000 are allowed",
    )


def test_a_matrix_with_entries_without_end_is_refused(tmp_path: Path) -> None:
    entries = ", ".join(["{x: 1}"] * (matrix.MOST_ENTRIES + 1))
    for key in ("include", "exclude"):
        axes = f"{{x: [1, 2], {key}: [{entries}]}}"
        assert codes(read(tmp_path, jobs(a_job(id="a-${matrix.x}", matrix=axes)))) == {Code.TOO_MANY}


def test_rows_times_a_matrix_end_at_the_limit_even_if_nothing_comes_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST_JOBS", 1_000)
    axes = "{a: [" + ", ".join(map(str, range(100))) + "], b: [" + ", ".join(map(str, range(100))) + "]}"
    rows = a_job(id="${row.shot}-${matrix.a}-${matrix.b}", matrix=axes, rows="shots.csv", enabled="false")
    csv = "shot\n" + "".join(f"s{i}\n" for i in range(500))
    manifest = read(tmp_path, jobs(rows, rows, rows), {"shots.csv": csv})
    assert [problem.code for problem in manifest.problems] == [Code.TOO_MANY]
    assert manifest.jobs == ()


def test_a_csv_with_200_000_rows_is_refused_at_its_limit(tmp_path: Path) -> None:
    rows = a_job(id="${row.shot}", rows="shots.csv")
    csv = "shot\n" + "".join(f"s{i}\n" for i in range(200_000))
    (problem,) = read(tmp_path, jobs(rows), {"shots.csv": csv}).errors
    assert (problem.code, problem.location.line) == (Code.TOO_MANY, table.MOST_ROWS + 2)


def test_a_file_of_rows_that_many_jobs_name_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = [
        a_job(id=f"{i}-${{row.shot}}", prompt=f"x{i}", rows=name) for i, name in enumerate(["a.csv", "./a.csv"] * 3)
    ]
    manifest = read(tmp_path, jobs(*named), {"a.csv": "shot\na\nb\n"})
    assert (len(manifest.jobs), len(manifest.lines)) == (12, 2)
    (tmp_path / "a.csv").write_text("shot,shot\na\n")
    manifest = load(tmp_path / "film.yaml")
    assert [problem.code for problem in manifest.problems] == [Code.ROWS_HEADER]


ROWS: Mapping[str, tuple[str, str, Code]] = {
    "a column without end": ("shots.csv", "shot\n" + "x" * 1_000_000 + "\n", Code.BAD_ID),
    "columns without end": ("shots.csv", "a," * 50_000 + "\n1\n", Code.TOO_MANY),
    "a quote without end": ("shots.csv", 'shot\n"' + "x\n" * 100_000, Code.ROWS_QUOTE),
    "problems without end": ("shots.csv", 'shot\n"a"b\n' + '"a"b\n' * 20_000, Code.ROWS_QUOTE),
    "zeros": ("shots.csv", "shot\n" + "\0" * 100_000, Code.ROWS_CHARACTER),
    "deep JSON": ("shots.jsonl", '{"shot": ' + "[" * 100_000, Code.ROWS_SHAPE),
    "a number without end": ("shots.jsonl", '{"shot": ' + "1" * 5_000 + "}", Code.ROWS_JSON),
    "half a character": ("shots.jsonl", '{"shot": "\\ud800"}', Code.ROWS_CHARACTER),
    "the other half": ("shots.jsonl", '{"shot": "a\\udc00b"}', Code.ROWS_CHARACTER),
    "NUL": ("shots.jsonl", '{"shot": "a\\u0000b"}', Code.ROWS_CHARACTER),
    "a key of half a character": ("shots.jsonl", '{"\\ud800": "a", "shot": "a"}', Code.ROWS_CHARACTER),
    "a list without end": ("shots.jsonl", '{"shot": [' + "1," * 100_000 + "1]}", Code.TOO_MANY),
    "problems of JSON without end": ("shots.jsonl", "{\n" * 20_000, Code.ROWS_JSON),
}


@pytest.mark.parametrize(("name", "content", "code"), ROWS.values(), ids=ROWS)
def test_hostile_rows_are_refused_inside_their_file(tmp_path: Path, name: str, content: str, code: Code) -> None:
    manifest = read(tmp_path, jobs(a_job(id="${row.shot}", rows=name)), {name: content})
    assert code in codes(manifest)
    assert len(manifest.problems) <= builder.MOST_PROBLEMS


@pytest.mark.parametrize(
    "rows", ['"a\\0.csv"', "x" * 300 + ".csv", "/dev/zero.csv", "pipe.csv", "folder.csv", "loop.csv"]
)
def test_rows_that_are_no_file_are_told_where_they_are_named(tmp_path: Path, rows: str) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (problem,) = read(tmp_path, jobs(a_job(id="${row.shot}", rows=rows)), may_read=Path("/")).errors
    assert (problem.code, problem.location.line, problem.location.column) == (Code.ROWS_UNREADABLE, 9, 11)


@pytest.mark.parametrize("pattern", ["*", "**", "**/*", "./*", "film.*", "[f]ilm.yaml"])
def test_a_glob_that_finds_its_own_manifest_finds_no_picture(tmp_path: Path, pattern: str) -> None:
    rows = a_job(id="${row.stem}", rows=f"{{glob: '{pattern}'}}", image="${row.path}")
    manifest = read(tmp_path, jobs(rows))
    assert codes(manifest) == {Code.IMAGE_KIND}


@pytest.mark.parametrize("pattern", ['"\\0*"', "'*" + "x" * 5_000 + "'", "'[[[[*'", "'**/**/**/**/*.png'", "''", "'/'"])
def test_a_glob_that_is_no_pattern_finds_nothing(tmp_path: Path, pattern: str) -> None:
    rows = a_job(id="${row.stem}", rows=f"{{glob: {pattern}}}", image="${row.path}")
    assert codes(read(tmp_path, jobs(rows), may_read=Path("/"))) == {Code.ROWS_EMPTY}


def test_file_names_that_are_no_text_are_told_and_not_used(tmp_path: Path) -> None:
    try:
        (tmp_path / "a\udcff.png").write_bytes(png(32, 18))
        (tmp_path / "a\udcff.yaml").write_text("jobs: []")
    except OSError:  # a disk that holds only texts as names
        return
    head = f"{HEAD}include: ['a*.yaml', b.yaml]\n"
    manifest = read(tmp_path, jobs(a_job(id="${row.stem}", rows="{glob: '*.png'}", image="${row.path}"), head=head))
    assert codes(manifest) == {Code.ROWS_CHARACTER, Code.INCLUDE_MISSING}
    assert all(f"{problem.message}{problem.hint}".encode() for problem in manifest.problems)
    manifest = read(
        tmp_path, jobs(a_job(image="b.png"), a_job(rows="{glob: '*.jpg'}"), head=f"{HEAD}include: [b.yaml]\n")
    )
    assert all(f"{problem.message}{problem.hint}".encode() for problem in manifest.problems)


# Values

INJECTIONS = [
    "x\n    image: https://evil.example/a.jpg",
    "x\n  - id: more\n    prompt: x",
    "${env.SECRET}",
    "${vars.product}",
    "$${env.SECRET}",
    "*anchor",
    "&anchor x",
    "!!python/object/apply:os.system [date]",
    "<<: {image: x}",
    "[a, b]",
    "{a: b}",
    "# no comment",
    "null",
    "~",
    "'; DROP TABLE attempts; --",
    "=cmd|' /C calc'!A0",
    "\u202egpj.a",
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("way", ["csv", "jsonl", "environment", "matrix"])
def test_a_value_stays_what_it_is_whatever_it_looks_like(tmp_path: Path, text: str, way: str) -> None:
    environment = {"SECRET": "secret", "TEXT": text}
    quoted = '"' + "".join(f"\\u{ord(c):04x}" for c in text) + '"'
    ways = {
        "csv": a_job(prompt="A ${row.text}", rows="a.csv"),
        "jsonl": a_job(prompt="A ${row.text}", rows="a.jsonl"),
        "environment": a_job(prompt="A ${env.TEXT}"),
        "matrix": a_job(prompt="A ${matrix.text}", matrix=f"{{text: [{quoted}]}}"),
    }
    doubled = text.replace('"', '""')
    rows = {"a.csv": f'text\n"{doubled}"\n', "a.jsonl": f'{{"text": {quoted}}}\n'}
    manifest = read(tmp_path, jobs(ways[way]), rows, environment)
    if text in {"null", "~"} and way in {"csv", "environment"}:
        assert codes(manifest) == {Code.BAD_VARIABLE}  # what is empty cannot stand within a text
    elif "${" in text and way == "matrix":
        assert "secret" not in str(manifest.problems)  # the author's own file: variables are filled there
    else:
        (job,) = manifest.jobs
        assert (job.body["prompt"], job.body["image"]) == (f"A {text}", LINK)


def test_variables_that_hold_variables_are_refused_or_literal(tmp_path: Path) -> None:
    head = HEAD + "vars: {a: '${vars.b}', b: '${vars.a}', c: ['${vars.c}']}\n"
    manifest = read(tmp_path, jobs(a_job(prompt="${vars.a}"), head=head))
    assert [problem.code for problem in manifest.problems] == [Code.BAD_VARIABLE] * 3
    manifest = read(tmp_path, jobs(a_job(prompt="${env.A}")), environment={"A": "${env.B}", "B": "${env.A}"})
    assert manifest.jobs[0].body["prompt"] == "${env.B}"


def test_a_long_text_of_variables_does_not_grow_by_being_filled_twice(tmp_path: Path) -> None:
    head = HEAD + f"vars: {{a: {'x' * 1_000}}}\n"
    manifest = read(tmp_path, jobs(a_job(prompt="${vars.a}" * 65), head=head))
    assert len(str(manifest.jobs[0].body["prompt"])) == 65_000
    assert read(tmp_path, jobs(a_job(prompt="${" * 50_000))).errors[0].code is Code.BAD_VARIABLE


@pytest.mark.parametrize("name", ["MODELLIX_API_KEY", "modellix_api_key", "Modellix_Key"])
@pytest.mark.parametrize("form", ["${env.%s}", '${env["%s"]}', "${env.%s:-x}", "a${env.%s}b"])
def test_no_key_leaves_by_way_of_a_prompt(tmp_path: Path, form: str, name: str) -> None:
    manifest = read(tmp_path, jobs(a_job(prompt=f"'{form % name}'")), environment={name: "mdlx-secret"})
    assert codes(manifest) == {Code.FORBIDDEN_VARIABLE}
    assert "mdlx-secret" not in str(manifest.problems)


def test_an_environment_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, jobs(a_job(prompt="a ${env.A}")), environment={"A": "\udcff"}).errors
    assert (problem.code, problem.location.line, problem.location.column) == (Code.BAD_VARIABLE, 7, 13)


# Pictures

PICTURES: Mapping[str, Code] = {
    "pipe.png": Code.IMAGE_KIND,
    "folder.png": Code.IMAGE_KIND,
    ".": Code.IMAGE_KIND,
    "/dev/zero": Code.IMAGE_KIND,
    "device.png": Code.IMAGE_KIND,
    "empty.png": Code.IMAGE_KIND,
    "film.yaml": Code.IMAGE_KIND,
    '"a\\0b.png"': Code.IMAGE_KIND,
    "loop.png": Code.IMAGE_UNREADABLE,
    "x" * 300 + ".png": Code.IMAGE_UNREADABLE,
    "nowhere.png": Code.IMAGE_MISSING_FILE,
    "hero.png/below.png": Code.IMAGE_UNREADABLE,
    "huge.png": Code.IMAGE_TOO_LARGE,
    "~/hero.png": Code.IMAGE_MISSING_FILE,
    "file:///etc/passwd": Code.BAD_LINK,
    "javascript://example.com/%0aalert(1)": Code.BAD_LINK,
    "https://": Code.BAD_LINK,
    "http://[::1": Code.BAD_LINK,
    "https://example.com:99999/a.jpg": Code.BAD_LINK,
    # browsers and their like ask example.com here, Python another.example
    r"https://example.com\@another.example/a.jpg": Code.BAD_LINK,
    r"https://example.com/a\b.jpg": Code.BAD_LINK,
    '"https://example.com/a\\nb.jpg"': Code.BAD_LINK,
}


@pytest.mark.parametrize(("image", "code"), PICTURES.items(), ids=[name[:40] for name in PICTURES])
def test_what_is_no_picture_is_told_and_not_waited_for(tmp_path: Path, image: str, code: Code) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "hero.png").write_bytes(png(32, 18))
    shutil.copy(tmp_path / "hero.png", tmp_path / "huge.png")
    os.truncate(tmp_path / "huge.png", LARGEST_BYTES * 1_000)
    (problem,) = read(tmp_path, jobs(a_job(image=image)), may_read=Path("/")).errors
    assert (problem.code, problem.location.line, problem.location.column) == (code, 8, 12)


# Whatever there is

FILM = """\
version: 1
name: film
model: google/veo-3.1-i2v
vars: {product: a red kettle, seconds: 8}
settings: {concurrency: 2, rate: 100/min, task_timeout: 30m, retries: 0, budget: 900}
defaults: {aspectRatio: 16:9, durationSeconds: "${vars.seconds}", resolution: 1080p}
templates:
  hero: {negativePrompt: blurry, tags: [hero], output: "a/${job.id}.mp4"}
profiles:
  draft: {model: google/veo-3.1-fast-i2v, resolution: 720p, takes: 1}
include: [part.yaml]
jobs:
  - id: hero-wave
    extends: [hero]
    prompt: The character waves, holding ${vars.product}
    image: hero.png
    takes: 2
  - id: turn-${matrix.angle}-${matrix.light}
    matrix:
      angle: [left, right]
      light: &light [day, night]
      exclude: [{angle: left, light: night}]
      include: [{angle: top, light: day}]
    prompt: Turntable from the ${matrix.angle}, ${matrix.light}, ${env.WHO:-nobody}
    image: https://example.com/${matrix.angle}.jpg
    lastFrame: https://example.com/a.jpg
  - rows: shots.csv
    id: ${row.shot}
    prompt: ${row["Shot Prompt"]}
    referenceImages: ${row.image}
    enabled: ${row.on}
  - rows: shots.jsonl
    id: j-${row.shot}
    prompt: ${row.prompt}
    image: ${row.image}
    tags: ${row.tags}
  - rows: {glob: frames/*.png, pair: frames/*_end.png}
    id: g-${row.key}
    prompt: ${row.caption:-The character sits}
    image: ${row.path}
    lastFrame: ${row.pair}
"""

DESK: Mapping[str, str] = {
    "film.yaml": FILM,
    "part.yaml": "defaults: {personGeneration: allow_adult}\njobs:\n  - id: part\n    image: hero.png\n"
    "    prompt: |\n      Two\n      lines\n    x-note: {a: 1}\n",
    "shots.csv": 'shot,Shot Prompt,image,on\nsh010,"The ""hero"", waves",https://e.com/a.jpg|https://e.com/b.jpg,true\n'
    "sh020,b,hero.png,\n",
    "shots.jsonl": '{"shot": "sh010", "prompt": "x", "image": "https://e.com/c.jpg", "tags": ["a", "b"]}\n'
    '{"shot": 7, "prompt": "y", "image": "https://e.com/d.jpg"}\n',
}

PIECES = [
    *(
        "${",
        "}",
        "$${",
        "${vars.x}",
        "${row.shot}",
        "${job.id}",
        "${env.WHO}",
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "\n",
        "\n  ",
    ),
    *(
        '"',
        "'",
        "null",
        "~",
        "true",
        "[[1]]",
        "{a: b}",
        "..",
        "/",
        "\\",
        "\\0",
        '"\\0"',
        "?",
        "&x ",
        "*light",
        "!t ",
        "<<: ",
    ),
    *(
        "a",
        "é",
        "😀",
        "\0",
        "\u2028",
        "\ufeff",
        "8.0",
        "1e999",
        "1" * 700,
        ",",
        "|",
        "id: ",
        "rows: ",
        "include: ",
        "#",
        "\t",
    ),
    *(
        "film.yaml",
        ".",
        "x" * 300,
        "-1",
        "0",
        "takes: 0\n",
        "extends: ",
        "glob",
        "%",
        "@",
        "`",
        "\r",
        "CON",
        ".mp4",
        "//",
    ),
]

EDITS = st.lists(
    st.tuples(
        st.sampled_from([*DESK, "film.yaml", "film.yaml"]),
        st.integers(0, len(FILM)),
        st.sampled_from([0, 0, 1, 2, 5, 30]),
        st.one_of(st.sampled_from(PIECES), st.sampled_from(FILM.splitlines(keepends=True))),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with pictures, in which each example writes its texts anew."""
    with tempfile.TemporaryDirectory() as made:
        for name in ("hero.png", "frames/a.png", "frames/a_end.png"):
            (Path(made) / name).parent.mkdir(exist_ok=True)
            (Path(made) / name).write_bytes(png(32, 18))
        yield Path(made)


def test_the_manifest_that_is_spoilt_below_is_good(folder: Path) -> None:
    manifest = read(folder, FILM, DESK)
    assert (manifest.errors, len(manifest.jobs)) == ((), 12)


@settings(deadline=None)
@given(film=st.one_of(st.text(), st.binary()))
@example(film=b"\xff\xfe\x00\xd8")
@example(film="jobs: [{id: a, matrix: {a: [1]}}]")
@example(film="version: 1\njobs: &a\n  - *a\n")
@example(film="include: ['']\n")
@example(film="name: ''\nsettings: {budget: 1e308}\n")
def test_any_file_is_a_manifest_or_its_problems(folder: Path, film: str | bytes) -> None:
    read(folder, film if isinstance(film, bytes) else film.encode(errors="surrogatepass"))


@settings(deadline=None)
@given(
    edits=EDITS,
    profile=st.sampled_from(["", "draft", "nowhere"]),
    who=st.sampled_from([None, "x", "\udcff", "${vars.x}"]),
)
@example(edits=[("film.yaml", FILM.index("16:9"), 4, "[[1]]")], profile="draft", who="\udcff")
@example(edits=[("film.yaml", FILM.index("part.yaml"), 9, "x" * 300)], profile="", who=None)
@example(edits=[("film.yaml", FILM.index("light: &"), 5, "1" * 700)], profile="", who=None)
@example(edits=[("shots.jsonl", 1, 0, "\u2028"), ("shots.jsonl", 90, 0, "\udcfc")], profile="", who=None)
@example(edits=[("film.yaml", FILM.index("hero.png"), 8, "..")], profile="", who="${vars.x}")
def test_a_good_manifest_that_was_spoilt_anyhow_is_told_what_is_wrong(
    folder: Path, edits: list[tuple[str, int, int, str]], profile: str, who: str | None
) -> None:
    texts = dict(DESK)
    for name, position, length, piece in edits:
        at = position % (len(texts[name]) + 1)
        texts[name] = texts[name][:at] + piece + texts[name][at + length :]
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode(errors="surrogateescape"))
    manifest = load(folder / "film.yaml", profile, permissions=permitted(folder, {"WHO": who} if who else {}))
    assert_in_bounds(manifest)
    assert len(manifest.problems) <= builder.MOST_PROBLEMS
    assert all(job.request.fingerprint for job in manifest.jobs)
