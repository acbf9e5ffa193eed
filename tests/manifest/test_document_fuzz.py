"""Whatever stands in a file: it is read or refused with places inside it, and both parsers agree."""

import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchrunner.manifest.text_file import decode
from batchrunner.manifest.yaml import document
from batchrunner.manifest.yaml.document import Document, dump, parse
from batchrunner.manifest.yaml.nodes import Mapping, Scalar, Sequence

pytestmark = pytest.mark.untraced

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
WORDS = st.one_of(TEXTS, st.text(string.digits + "+-._:eExo ynNtrue~<=#'\"|>&*!%@`[]{},?\n\t"))
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)
PIECES = st.lists(
    st.sampled_from(
        (
            *(
                "a",
                "b: ",
                ": ",
                "- ",
                "-",
                "? ",
                "1",
                "<<",
                "&x ",
                "*x",
                "!t ",
                "# ",
                "%",
                "@",
                "`",
                "\\",
                "é",
                "😀",
            ),
            *("[", "]", "{", "}", ", ", "'", '"', "|", ">", "\t", "\n", "\n  ", "\n    ", "\r\n", "\u2028"),
            *("---\n", "...\n", "\\ud800", "\\UFFFFFFFF"),
        ),
    ),
    max_size=30,
).map("".join)


def plain_data(node: Any) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain_data(item) for item in node.items]
    return {key: plain_data(entry.node) for key, entry in node.entries.items()}


def nodes(node: Any) -> Iterator[Any]:
    yield node
    if isinstance(node, Sequence):
        for item in node.items:
            yield from nodes(item)
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            yield from nodes(entry.node)


def assert_places_are_inside(doc: Document) -> None:
    found = [problem.location for problem in doc.problems]
    found += [node.location for node in nodes(doc.root)] if doc.root else []
    for location in found:
        assert 1 <= location.line <= len(doc.lines)
        assert 1 <= location.column <= len(doc.lines[location.line - 1]) + 1


@given(DATA)
def test_what_is_written_reads_back_the_same(data: Any) -> None:
    doc = parse(dump(["first", data]), "f")
    assert doc.problems == ()
    assert repr(plain_data(doc.root)) == repr(["first", data])


@given(DATA)
def test_both_parsers_read_the_same_values_at_the_same_places(data: Any) -> None:
    text = dump(["first", data])
    assert document._parse(text, "f", document._PureLoader) == parse(text, "f")


@given(st.one_of(PIECES, st.text()))
def test_any_text_is_read_or_refused_inside_its_lines(text: str) -> None:
    doc = parse(text, "f")
    assert doc.root is not None or doc.problems
    assert_places_are_inside(doc)


@given(PIECES)
def test_the_pure_parser_never_fails_either(text: str) -> None:
    assert_places_are_inside(document._parse(text, "f", document._PureLoader))


@given(PIECES)
def test_where_both_parsers_accept_a_text_they_read_the_same(text: str) -> None:
    fast, pure = parse(text, "f"), document._parse(text, "f", document._PureLoader)
    if not fast.problems and not pure.problems:
        assert fast.root == pure.root


@given(st.binary())
@example(b"\xff\xfe\x00\xd8")
@example(b"\xfe\xff\xd8")
def test_any_bytes_are_decoded_or_refused_inside_their_lines(data: bytes) -> None:
    found = decode(data, "f")
    doc = parse(found.text, "f")
    assert_places_are_inside(doc)
    if found.problem:
        assert 1 <= found.problem.location.line <= len(doc.lines)
