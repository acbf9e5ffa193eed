"""What an author writes in YAML, what becomes of it, and what is said about mistakes."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code
from batchrunner.manifest import text_file
from batchrunner.manifest.yaml import builder, document
from batchrunner.manifest.yaml.document import Document, dump, parse, read
from batchrunner.manifest.yaml.nodes import Scalar, Sequence

Look = Callable[[str], Any]  # a Document, whose shape a test knows

LOADERS: dict[str, Any] = {"fastest": document._FASTEST, "pure": document._PureLoader}


@pytest.fixture(params=LOADERS.values(), ids=[*LOADERS])
def look(request: pytest.FixtureRequest) -> Look:
    """Parses with libyaml, and again with PyYAML's own parser."""
    return lambda text: document._parse(text, "m.yaml", request.param)


def told(doc: Document) -> list[tuple[Code, int, int]]:
    """Each problem as (code, line, column)."""
    return [(p.code, p.location.line, p.location.column) for p in doc.problems]


def plain_data(node: Any) -> Any:
    """A node as the data that it stands for."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain_data(item) for item in node.items]
    return {key: plain_data(entry.node) for key, entry in node.entries.items()}


def locations(node: Any) -> list[Location]:
    """Every place in a tree, in its order."""
    if isinstance(node, Scalar):
        return [node.location]
    if isinstance(node, Sequence):
        return [node.location, *(location for item in node.items for location in locations(item))]
    inner = (location for entry in node.entries.values() for location in (entry.location, *locations(entry.node)))
    return [node.location, *inner]


# values


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("8", 8),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("010", 10),
        ("8.0", 8.0),
        ("8.", 8.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        *(
            (text, text)
            for text in (
                *("yes", "no", "on", "off", "y", "tRUE", "nUll", "16:9", "9:16", "12:30:45.5", "2026-01-01"),
                *(
                    "1_000",
                    "0x1F",
                    "0o17",
                    "0b11",
                    ".inf",
                    "-.inf",
                    ".nan",
                    "=",
                    "<<",
                    "1e",
                    "+",
                    ".",
                    "4K",
                    "\uff11",
                ),
            )
        ),
    ],
)
def test_an_unquoted_word_means_what_yaml_1_2_says(look: Look, written: str, value: object) -> None:
    node = look(f"a: {written}\n").root.entries["a"].node
    assert (node.value, type(node.value)) == (value, type(value))
    assert (node.text, node.plain) == (written, True)


@pytest.mark.parametrize("written", ["'8'", '"8"', "|-\n  8", ">-\n  8"])
def test_a_quoted_number_is_a_text(look: Look, written: str) -> None:
    node = look(f"a: {written}\n").root.entries["a"].node
    assert (node.value, node.text, node.plain) == ("8", "8", False)


@pytest.mark.parametrize("written", ["1" * 5000, "-" + "1" * 5000, "1." + "1" * 5000, "1e999"])
def test_a_number_beyond_reason_is_a_problem_and_stays_a_text(look: Look, written: str) -> None:
    doc = look(f"a: {written}\nb: 2\n")
    assert told(doc) == [(Code.YAML_NUMBER, 1, 4)]
    assert plain_data(doc.root) == {"a": written, "b": 2}


def test_a_number_that_we_accept_is_one_under_every_setting_of_python(look: Look) -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert told(look("a: " + "1" * 640)) == []
    finally:
        sys.set_int_max_str_digits(before)


# places


def test_every_node_knows_its_line_and_column(look: Look) -> None:
    doc = look("version: 1\njobs:\n  - id: a\n    tags: [x, 'y']\n")
    assert [(p.line, p.column) for p in locations(doc.root)] == [
        *((1, 1), (1, 1), (1, 10), (2, 1), (3, 3), (3, 5), (3, 5), (3, 9)),
        *((4, 5), (4, 11), (4, 12), (4, 15)),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_lines_end_where_the_places_say(look: Look, end: str) -> None:
    doc = look(f"a: é😀{end}# note{end}b: x{end}")
    assert doc.lines == ("a: é😀", "# note", "b: x", "")
    assert doc.root.entries["b"].node.location == Location("m.yaml", 3, 4)


def test_columns_count_characters_not_bytes(look: Look) -> None:
    assert look("{é😀: 1, b: 2}").root.entries["b"].location.column == 9


def test_a_byte_order_mark_takes_no_column(look: Look) -> None:
    doc = look("\ufeffa: 1")
    assert (doc.lines, doc.root.entries["a"].location.column) == (("a: 1",), 1)


def test_an_alias_is_its_anchors_node_with_its_place(look: Look) -> None:
    doc = look("a: &x [1]\nb: *x\n")
    assert doc.problems == ()
    assert doc.root.entries["b"].node is doc.root.entries["a"].node
    assert doc.root.entries["b"].location == Location("m.yaml", 2, 1)


def test_a_second_anchor_of_the_same_name_counts_from_there_on(look: Look) -> None:
    assert plain_data(look("[&x 1, *x, &x 2, *x]").root) == [1, 1, 2, 2]


def test_an_alias_can_be_a_key(look: Look) -> None:
    doc = look("- &x a\n- *x : 1\n")
    assert plain_data(doc.root) == ["a", {"a": 1}]
    assert doc.root.items[1].entries["a"].location == Location("m.yaml", 2, 3)


# syntax

SYNTAX = [
    ("a:\n\tb: 1", 2, 1, "tab"),
    ("a: 1\n\tb: 2", 2, 1, "tab"),
    ("a: |\n  x\n\ty", 3, 1, "tab"),
    ("a: 'x\nb: 1", 1, 4, "quote"),
    ('a: "x\nb: 1', 1, 4, "quote"),
    ("a: 'x\n---\n", 1, 4, "quote"),
    ("a: [1, 2\n", 1, 4, "the [ that opens"),
    ("a: {b: 1\n", 1, 4, "the { that opens"),
    ("a: [", 1, 5, "file ends"),
    ("a: [\n", 2, 1, "file ends"),
    ("a: [1, 2\nb: 3\n", 2, 2, "the [ of line 1"),
    ("a: [b}\n", 1, 6, "]"),
    ("a: 1\n]\n", 2, 1, "closes nothing"),
    ("{a: 1}}\n", 1, 7, "closes nothing"),
    ("prompt: foo: bar\n", 1, 12, "colon"),
    ("a: 1\n  b: 2\n", 2, 4, "line above"),
    ("jobs:\n- id: a\n   prompt: x\n", 3, 10, "line above"),
    ("a:\n    b: 1\n  c: 2\n", 3, 3, "indentation"),
    ("a:\n  - b: 1\n   c: 1\n", 3, 4, "indentation"),
    ("a:\n  - b\n  c: 1\n", 3, 3, "list of line 2"),
    ("a: 1\n- b\n", 2, 1, "list item"),
    ('a: "foo" bar\n', 1, 10, "closing quote"),
    ("a: 'it's'\n", 1, 8, "closing quote"),
    ("- [a] b\n", 1, 7, "complete"),
    ("a: @x\n", 1, 4, "cannot start with @"),
    ("a: `x`\n", 1, 4, "cannot start with `"),
    ("a: %x\n", 1, 4, "cannot start with %"),
    ("a: *.mp4\n", 1, 4, "cannot start with *"),
    ("a: & b\n", 1, 4, "cannot start with &"),
    ("a: - b\n", 1, 4, "list cannot start"),
    ("a: ? b\n", 1, 4, "question mark"),
    ("a: ,b\n", 1, 4, "cannot start with ,"),
    ("a: |foo\n", 1, 4, "block of lines"),
    ("a: > foo\n", 1, 4, "block of lines"),
    ("a: |0\n x", 1, 4, "block of lines"),
    ('a: "C:\\path"\n', 1, 7, "backslash"),
    ('a: "\\xZZ"\n', 1, 5, "backslash"),
    ('a: "\\ud800"\n', 1, 5, "backslash"),
    ('a: "\\UFFFFFFFF"\n', 1, 5, "backslash"),
    ("a: 1\nfoo\nb: 2\n", 2, 1, "key: value"),
    ("- a\n-b\n", 2, 1, "dash"),
    ("a: 1\n...\nb: 2\n", 3, 1, "end of the document"),
    ("%TAG ! x\n---\n", 1, 1, "directive"),
    ("%YAML 3.0\n---\n", 1, 1, "directive"),
]


@pytest.mark.parametrize(("text", "line", "column", "word"), SYNTAX, ids=[repr(row[0]) for row in SYNTAX])
def test_a_syntax_error_is_told_at_its_place_in_our_words_with_its_help(
    look: Look, text: str, line: int, column: int, word: str
) -> None:
    doc = look(text)
    assert told(doc) == [(Code.YAML_SYNTAX, line, column)]
    assert word in doc.problems[0].message
    assert doc.problems[0].hint
    assert doc.root is None


def test_a_complaint_that_we_do_not_know_keeps_the_parsers_words(look: Look) -> None:
    doc = look("%YAML 1.2\n")
    assert told(doc) == [(Code.YAML_SYNTAX, 2, 1)]
    assert "document start" in doc.problems[0].message


@pytest.mark.parametrize(
    "text", ["a:\t1\t# note\n", "a: [\n\tb, c]\n", "%YAML 1.2\n---\na: 1\n", "--- # x\n\na: 1\n...\n"]
)
def test_what_yaml_allows_is_no_problem(look: Look, text: str) -> None:
    assert look(text).problems == ()
    assert list(look(text).root.entries) == ["a"]


# what a manifest may not hold


def test_a_repeated_key_keeps_its_first_value_and_names_its_line(look: Look) -> None:
    doc = look("a: 1\nb: 2\na: 3\n")
    assert told(doc) == [(Code.DUPLICATE_KEY, 3, 1)]
    assert "line 1" in doc.problems[0].message
    assert plain_data(doc.root) == {"a": 1, "b": 2}


def test_the_merge_key_is_refused_in_favour_of_extends(look: Look) -> None:
    doc = look("a: &x {k: 1}\nb:\n  <<: *x\n  c: 1\n")
    assert told(doc) == [(Code.YAML_MERGE_KEY, 3, 3)]
    assert "extends" in doc.problems[0].hint
    assert plain_data(doc.root) == {"a": {"k": 1}, "b": {"c": 1}}


@pytest.mark.parametrize("key", ["1", "1.5", "true", "null", "~", "[a]", "{a: b}", "? [a]\n"])
def test_a_key_that_is_no_text_is_a_problem(look: Look, key: str) -> None:
    doc = look(f"{key}: x\nb: 2\n")
    assert [p.code for p in doc.problems] == [Code.YAML_KEY]
    assert "quotes" in doc.problems[0].hint or '"' in doc.problems[0].hint
    assert plain_data(doc.root)["b"] == 2


@pytest.mark.parametrize("key", ["yes", "16:9", "'1'", '"<<"', "=", "2026-01-01"])
def test_a_key_that_is_a_text_in_yaml_1_2_is_fine(look: Look, key: str) -> None:
    assert look(f"{key}: x\n").problems == ()


@pytest.mark.parametrize(
    "tagged", ["!foo x", "!!str 8", "!!python/name:os.system x", "!!set {a}", "! x", "!foo\n  - x"]
)
def test_a_tag_is_a_problem_and_its_value_is_read_without_it(look: Look, tagged: str) -> None:
    doc = look(f"a: {tagged}\nb: 2\n")
    assert told(doc) == [(Code.YAML_TAG, 1, 4)]
    assert plain_data(doc.root)["b"] == 2


@pytest.mark.parametrize("text", ["a: !x! y\n", "a: !<x\n", "a: !foo!bar x\n"])
def test_a_tag_that_is_none_is_a_problem_too(look: Look, text: str) -> None:
    doc = look(text)
    assert told(doc) == [(Code.YAML_TAG, 1, 4)]


def test_a_second_document_is_a_problem_and_the_first_is_read(look: Look) -> None:
    doc = look("a: 1\n---\nb: 2\n")
    assert told(doc) == [(Code.YAML_DOCUMENTS, 2, 1)]
    assert plain_data(doc.root) == {"a": 1}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "\ufeff"])
def test_a_file_without_content_is_called_empty(look: Look, text: str) -> None:
    doc = look(text)
    assert told(doc) == [(Code.FILE_EMPTY, 1, 1)]
    assert doc.root is None


def test_all_mistakes_are_told_at_once_in_the_files_order(look: Look) -> None:
    doc = look("a: 1\na: 2\n1: x\nb: !t [*nope]\n<<: {}\nc: [\n")
    assert [p.code for p in doc.problems] == [Code.YAML_TAG, Code.YAML_ALIASES, Code.YAML_SYNTAX]
    doc = look("a: 1\na: 2\n1: x\nb: !t [9]\n<<: {}\n")
    assert [p.location.line for p in doc.problems] == [2, 3, 4, 5]


def test_names_in_messages_are_short_and_without_control_characters(look: Look) -> None:
    key = '"\\e[31m' + "k" * 500 + '"'
    message = look(f"{key}: 1\n{key}: 2\n").problems[0].message
    assert len(message) < 120
    assert "\x1b" not in message


# hostile files


@pytest.mark.parametrize("text", ["[" * 1_000_000, "- " * 100_000, "{" * 1_000_000, "? " * 100_000, "{a: " * 100_000])
def test_nesting_ends_at_its_limit(look: Look, text: str) -> None:
    doc = look(text)
    assert [p.code for p in doc.problems] == [Code.YAML_DEPTH]
    assert doc.root is None


def test_nesting_up_to_the_limit_is_fine(look: Look) -> None:
    assert look("[" * 64 + "]" * 64).problems == ()
    assert told(look("[" * 65 + "]" * 65)) == [(Code.YAML_DEPTH, 1, 65)]


def test_aliases_cannot_nest_deeper_than_brackets(look: Look) -> None:
    doc = look("- &a0 x\n" + "".join(f"- &a{i} [*a{i - 1}]\n" for i in range(1, 100)))
    assert told(doc) == [(Code.YAML_DEPTH, 65, 9)]


def test_an_alias_bomb_is_defused(look: Look) -> None:
    levels = "".join(f"- &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 20))
    doc = look(f"- &a0 [x, x, x, x, x, x, x, x, x]\n{levels}")
    assert [p.code for p in doc.problems] == [Code.YAML_ALIASES]
    assert doc.root is None


def test_an_ordinary_number_of_aliases_is_fine(look: Look) -> None:
    assert look("a: &x [1, 2, 3]\nb: [" + "*x, " * 5_000 + "]").problems == ()


@pytest.mark.parametrize("text", ["&x [*x]", "&x {a: *x}", "&x [[[*x]]]", "a: *nope\n", "*nope : a\n"])
def test_an_alias_without_a_finished_anchor_is_a_problem(look: Look, text: str) -> None:
    doc = look(text)
    assert [p.code for p in doc.problems] == [Code.YAML_ALIASES]
    assert doc.root is None


@pytest.mark.parametrize("character", ["\0", "\x07", "\x0b", "\x1b", "\x7f", "\x80", "\ud800", "\ufeff", "\ufffe"])
def test_an_invisible_character_is_told_at_its_place(look: Look, character: str) -> None:
    doc = look(f"a: 1\nb: x{character}y\n")
    assert told(doc) == [(Code.YAML_CHARACTER, 2, 5)]
    assert f"U+{ord(character):04X}" in doc.problems[0].message


def test_of_a_binary_file_only_the_first_bad_characters_are_told(look: Look) -> None:
    assert len(look("\0" * 100_000).problems) == 20


def test_a_flood_of_problems_ends_the_reading(look: Look) -> None:
    doc = look("- !a b\n" * 5_000)
    assert (len(doc.problems), doc.root) == (builder.MOST_PROBLEMS, None)


def test_a_flood_of_problems_may_end_in_a_syntax_error(look: Look) -> None:
    doc = look("- !a b\n" * (builder.MOST_PROBLEMS - 1) + "- [")
    assert (len(doc.problems), doc.problems[-1].code, doc.root) == (
        builder.MOST_PROBLEMS,
        Code.YAML_SYNTAX,
        None,
    )


def test_a_flood_of_values_ends_the_reading(monkeypatch: pytest.MonkeyPatch, look: Look) -> None:
    monkeypatch.setattr(builder, "MOST_NODES", 100)
    assert told(look("- x\n" * 200)) == [(Code.FILE_TOO_LARGE, 100, 3)]


@pytest.mark.parametrize("text", ["x" * 3_000 + ": 1\na: 2", "a: " + "x" * 1_000_000, "'" + "x" * 1_000_000])
def test_long_lines_are_read_or_refused_like_short_ones(look: Look, text: str) -> None:
    doc = look(text)
    assert all(p.code is Code.YAML_SYNTAX for p in doc.problems)


# files


def on_disk(tmp_path: Path, data: bytes) -> Document:
    path = tmp_path / "m.yaml"
    path.write_bytes(data)
    return read(path, "m.yaml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_with_its_mark_is_read(tmp_path: Path, encoding: str) -> None:
    doc = on_disk(tmp_path, "a: é😀\r\nb: 2\r\n".encode(encoding))
    assert (plain_data(doc.root), doc.problems) == ({"a": "é😀", "b": 2}, ())
    assert doc.lines == ("a: é😀", "b: 2", "")


def test_utf_16_of_either_byte_order_is_read(tmp_path: Path) -> None:
    assert on_disk(tmp_path, b"\xfe\xff" + "a: é".encode("utf-16-be")).root is not None
    assert on_disk(tmp_path, b"\xff\xfe" + "a: é".encode("utf-16-le")).root is not None


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"a: 1\nb: caf\xe9\n", 2, 7),
        (b"\xef\xbb\xbfa: \xe9", 1, 4),
        ("a: é\nb".encode("utf-16") + b"\0", 2, 2),
        ("a: 1".encode("utf-32"), 1, 1),
    ],
)
def test_another_encoding_is_told_at_its_first_bad_byte(tmp_path: Path, data: bytes, line: int, column: int) -> None:
    doc = on_disk(tmp_path, data)
    assert told(doc) == [(Code.FILE_ENCODING, line, column)]
    assert "UTF-8" in str(doc.problems[0].hint)
    assert len(doc.lines) >= line


def test_utf_16_without_its_mark_is_told(tmp_path: Path) -> None:
    assert told(on_disk(tmp_path, "a".encode("utf-16-le")))[0] == (Code.YAML_CHARACTER, 1, 2)


def test_a_file_is_named_as_the_user_named_it(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("a: 1")
    assert read(path).file == str(path)
    assert locations(read(path, "./m.yaml").root)[0].file == "./m.yaml"


def test_a_file_over_the_limit_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    with path.open("wb") as stream:
        stream.truncate(text_file.MOST_BYTES + 1)
    assert told(read(path)) == [(Code.FILE_TOO_LARGE, 1, 1)]


def test_a_missing_file_a_folder_and_a_pipe_are_problems(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name in ("missing", ".", "pipe", "file/below", "nul\0", "x" * 5_000):
        doc = read(tmp_path / name)
        assert (told(doc), doc.root) == ([(Code.FILE_UNREADABLE, 1, 1)], None)


def test_a_device_is_a_problem(tmp_path: Path) -> None:
    link = tmp_path / "zero.yaml"
    link.symlink_to("/dev/zero")
    assert told(read(link)) == [(Code.FILE_UNREADABLE, 1, 1)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.touch(mode=0)
    assert told(read(path)) == [(Code.FILE_UNREADABLE, 1, 1)]


# writing


@pytest.mark.parametrize(
    "text",
    [
        *(
            "yes",
            "no",
            "y",
            "N",
            "on",
            "null",
            "~",
            "",
            "true",
            "8",
            "010",
            "08",
            "1e3",
            "8.0",
            "1_000",
            "0x1F",
        ),
        *(
            "0o17",
            "16:9",
            "2026-01-01",
            "<<",
            "=",
            ".inf",
            "- a",
            "a: b",
            "a #b",
            "@x",
            "%x",
            "*x",
            "!x",
            " a",
        ),
    ],
)
def test_a_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    written = dump({"a": text})
    assert written.startswith(("a: '", 'a: "'))
    assert plain_data(parse(written, "f").root) == {"a": text}


def test_data_is_written_for_people() -> None:
    data = {
        "prompt": "A fox — 🦊\nruns\n",
        "image": "a b " * 60 + "c",
        "tags": ["new", "old"],
        "empty": [],
        "b": True,
    }
    same = ["again"]
    assert dump(data) == (
        "prompt: |\n  A fox — 🦊\n  runs\nimage: " + "a b " * 60 + "c\ntags:\n  - new\n  - old\nempty: []\nb: true\n"
    )
    assert dump([same, same]) == "- - again\n- - again\n"


@pytest.mark.parametrize(
    "text", ["\n", "\n\n", " a\nb", "a \nb", "a\n\n", "\ta\nb", "a\rb", "a\x85b", "\u2028", "\ufeff", "\0"]
)
def test_odd_texts_read_back_the_same(text: str) -> None:
    data = {"a": text, "b": [text], text: 1}
    assert plain_data(parse(dump(data), "f").root) == data
