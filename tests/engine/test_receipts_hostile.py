"""Receipts that somebody else wrote: whatever stands there, only our own sentence comes out."""

import json
import os
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchrunner.cli.main import outcome
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode, UsageError
from batchrunner.storage.open import open_ledger
from batchrunner.storage.receipts import read_receipts, receipts_path
from tests.engine.test_receipts import NAME, read, write
from tests.studio import Studio, manifest_text


@pytest.fixture
def paid(studio: Studio) -> Studio:
    """Job `a` is done, and its receipt written."""
    studio.write(manifest_text("a"))
    studio.run()
    write(studio)
    return studio


def line_of(studio: Studio) -> dict[str, Any]:
    return dict(json.loads(receipts_path(studio.project, NAME).read_text(encoding="utf-8").splitlines()[0]))


def put(studio: Studio, *lines: str | dict[str, Any]) -> None:
    text = "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)
    receipts_path(studio.project, NAME).write_text(text, encoding="utf-8")


@cache
def _template() -> str:
    """A valid line, as a whole run wrote it."""
    with TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        studio.write(manifest_text("a"))
        studio.run()
        write(studio)
        return json.dumps(line_of(studio))


def good() -> dict[str, Any]:
    return dict(json.loads(_template()))


BAD_TIMES: list[Any] = [0, -1, 1e9, 4.2e9, 1e300, "1795456800", True, 10**400]
BAD_PATHS: list[Any] = [
    *("/etc/a.mp4", "../a.mp4", "a/../../a.mp4", "a/./b.mp4", "a//b.mp4", "C:/a.mp4", "c:a.mp4", "a\\..\\b.mp4"),
    *("a\x00.mp4", "a\n.mp4", "\ud800.mp4", "a.txt", ".git/a.mp4", "x/.Batchrunner/a.mp4", "x/" * 600 + "a.mp4"),
    *("x" * 300 + ".mp4", "", 1),
]
BAD_PROMPTS: list[Any] = ["a\x00", "\ud800", None, {}, [[]], [None], 2**70, ["x"] * 65]
BAD_FIELDS: list[Any] = [
    *({"prompt": bad} for bad in BAD_PROMPTS),
    {"a\nb": "x"},
    {f"f{i}": "x" for i in range(65)},
]
BAD: dict[str, list[Any]] = {
    "cost_usd": [
        *("sNaN", "NaN", "Infinity", "-1000", "-0.01", "1e999999999", "1E+3", "", "1000000", "0.1234567890123", " 1"),
        *("1_0", "٣", 2.576, None, True, [], {}),
    ],
    "submitted_at_s": [*BAD_TIMES, None],
    "rendered_at_s": BAD_TIMES,
    "done_at_s": BAD_TIMES,
    "sha256": ["", "a" * 63, "a" * 65, "A" * 64, "g" * 64, "٣" * 64, 1],
    "key_digest": ["", "0" * 15, "0" * 17, "G" * 16, None, 0],
    "key_last4": ["12345", "a\nb", None],
    "size_bytes": [-1, 2**63, 1.5, "1", True],
    "id": ["", "a b", "a\x00", "a\n::add-mask::x", "\ud800", "\u202ea", "x" * 129, "../a", 1, None],
    "take": [0, -1, 2**63, 1.0, "1", True, None],
    "profile": ["a b", "\x1b[31m", None, 0],
    "task_id": ["", "..", "a b", "a\x00", "a\nb", "x" * 513, None, 7],
    "base_url": ["", "ftp://a", "https://user:pass@a", "https://a\nb", "javascript:1", None, 1],
    "host": ["a\nb", "\x1b[2J", "x" * 256, None, 1],
    "output": [*BAD_PATHS, None],
    "file": BAD_PATHS,
    "request": [
        *(None, [], "x", {}, {"model": "m"}, {"model": "m", "fields": []}),
        *({"model": bad, "fields": {}} for bad in ("", "a b", "a\n", None, 1, "x" * 300)),
        *({"model": "m", "fields": bad} for bad in BAD_FIELDS),
    ],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in BAD for value in BAD[field]])
def test_a_value_out_of_bounds_is_named_with_its_line(studio: Studio, field: str, value: Any) -> None:
    put(studio, good(), {**good(), "task_id": "another", "id": "b", field: value})
    with pytest.raises(UsageError, match=rf"batch\.receipts\.jsonl:2: this line is not a receipt: `{field}`"):
        read_receipts(studio.project)
    put(studio, good())
    assert len(read_receipts(studio.project)) == 1


DECISION: dict[str, Any] = {
    "kind": "decision",
    "id": "a",
    "take": 1,
    "profile": "",
    "decided": "redo",
    "decision": "00112233445566bb",
    "request": None,
    "chosen": None,
    "decided_at_s": 1_795_456_900.0,
    "host": "first",
}
ADOPTION: dict[str, Any] = {
    "kind": "adoption",
    "id": "b",
    "take": 1,
    "profile": "",
    "task_id": "task-1",
    "adopted_at_s": 1_795_456_900.0,
    "file": None,
    "size_bytes": None,
    "sha256": None,
    "host": "first",
}
BAD_ALSO: dict[str, list[Any]] = {
    "kind": ["", "receipt", None, 1, []],
    "outcome": ["", "done", None, 1],
    "refusal": ["", "no", 1, "key"],
    "by_hand": [0, "true", None],
    "message": ["a\nb", "\x1b[31m", "\ud800", "x" * 1001, None, 1],
    "reserved_usd": ["sNaN", "-1", 1, None],
    "billed_usd": ["1e9", "-1", 1],
    "failed_at_s": BAD_TIMES,
    "error_class": ["", "odd", 1],
    "gone_at_s": BAD_TIMES,
    "closed_at_s": BAD_TIMES,
    "gone_since_s": BAD_TIMES,
    "expires_at_s": BAD_TIMES,
    "decision": ["", "0" * 15, "g" * 16, 1],
}
BAD_DECISION: dict[str, list[Any]] = {
    "decided": ["", "pay", None, 1],
    "decision": ["", "0" * 15, "g" * 16, None],
    "decided_at_s": [*BAD_TIMES, None],
    "chosen": ["", "a b", "a\x00", 1],
    "request": [{}, "x", {"model": "m"}],
    "host": ["a\nb", None],
}
BAD_ADOPTION: dict[str, list[Any]] = {
    "task_id": ["", "a\n", None],
    "adopted_at_s": [*BAD_TIMES, None],
    "file": BAD_PATHS,
}
WITH_DECISIONS = [
    *(("submit", field, value) for field in BAD_ALSO for value in BAD_ALSO[field]),
    *(("decision", field, value) for field in BAD_DECISION for value in BAD_DECISION[field]),
    *(("adoption", field, value) for field in BAD_ADOPTION for value in BAD_ADOPTION[field]),
]


def valid(kind: str) -> dict[str, Any]:
    """A line of each kind that is taken in."""
    return {"submit": good(), "decision": dict(DECISION), "adoption": dict(ADOPTION)}[kind]


@pytest.mark.parametrize(("kind", "field", "value"), WITH_DECISIONS)
def test_what_a_line_says_of_decisions_and_failures_has_bounds_too(
    studio: Studio, kind: str, field: str, value: Any
) -> None:
    put(studio, valid(kind), {**valid(kind), field: value})
    with pytest.raises(UsageError, match=rf"batch\.receipts\.jsonl:2: this line is not a receipt: `{field}`"):
        read_receipts(studio.project)
    put(studio, valid(kind))
    assert len(read_receipts(studio.project)) == 1


@pytest.mark.parametrize("field", BAD)
def test_a_field_that_is_missing_is_named(studio: Studio, field: str) -> None:
    put(studio, {name: value for name, value in good().items() if name != field})
    with pytest.raises(UsageError, match=f"1: this line is not a receipt: `{field}` is missing"):
        read_receipts(studio.project)


@pytest.mark.parametrize("field", ["file", "size_bytes", "sha256"])
def test_half_of_what_tells_of_a_file_is_refused(studio: Studio, field: str) -> None:
    put(studio, {**good(), field: None})
    with pytest.raises(UsageError, match="belong together"):
        read_receipts(studio.project)


def test_a_bad_line_leaves_nothing_behind_once_it_is_corrected(paid: Studio) -> None:
    line = line_of(paid)
    put(paid, line, {**line, "task_id": "another", "cost_usd": "sNaN"})
    for command in ("plan", "status"):
        assert outcome([command, str(paid.manifest)]) == ExitCode.USAGE
    put(paid, line)
    assert read(paid) == 0
    assert paid.statuses() == {"a": Status.DONE}
    assert paid.booked_usd() == Decimal("2.576")


def test_all_bad_lines_are_told_at_once(paid: Studio) -> None:
    good = line_of(paid)
    put(paid, "{", good, "<<<<<<< HEAD", *(["["] * 20))
    with pytest.raises(UsageError) as raised:
        read_receipts(paid.project)
    said = str(raised.value)
    assert "jsonl:1: " in said
    assert "jsonl:3: this line is not a receipt: it is a conflict marker that git left here" in said
    assert "and 12 more" in said
    assert "keeping the lines of both sides" in said
    assert len(said.splitlines()) == 12


ODD_LINES = ["nul", '{"cost_usd": NaN}', '"x"', "7", "[]", "{}", "[" * 100_000, '{"a":' * 5_000, '{"id": 1, "id": 2}']


@pytest.mark.parametrize("line", [*ODD_LINES, "1" * 5_000, '"' + "x" * (1 << 20) + '"'])
def test_a_line_that_is_no_object_or_has_no_end_is_named(paid: Studio, line: str) -> None:
    put(paid, line_of(paid), line)
    with pytest.raises(UsageError, match="2: this line is not a receipt: "):
        read_receipts(paid.project)


def test_bytes_that_are_no_text_are_named_with_their_line(paid: Studio) -> None:
    path = receipts_path(paid.project, NAME)
    path.write_bytes(path.read_bytes() + b'{"id": "\xff"}\n')
    with pytest.raises(UsageError, match="2: this line is not a receipt: it is not UTF-8"):
        read_receipts(paid.project)


def _link(path: Path, target: Path) -> None:
    path.symlink_to(target)


@pytest.mark.parametrize(
    "make", [lambda p, _: os.mkfifo(p), lambda p, _: p.mkdir(), _link], ids=["pipe", "dir", "link"]
)
def test_receipts_that_are_no_plain_file_are_refused_at_once(
    paid: Studio, tmp_path: Path, make: Callable[[Path, Path], None]
) -> None:
    path = receipts_path(paid.project, NAME)
    other = path.rename(tmp_path / "elsewhere")
    make(path, other)
    with pytest.raises(UsageError, match=r"the receipts .*cannot be read: "):
        read_receipts(paid.project)


def test_a_prompt_with_a_line_separator_of_unicode_is_one_line(studio: Studio) -> None:
    """`str.splitlines` would cut there, and the receipts would be refused for ever."""
    studio.write(manifest_text("a").replace("variant a", '"one\\u2028two\\x85three"').replace("The character", "x"))
    studio.run()
    write(studio)
    assert len(read_receipts(studio.project)) == 1


@pytest.mark.parametrize("ending", ["\r\n", "\n\n"])
def test_other_line_endings_and_a_byte_order_mark_are_read(paid: Studio, ending: str) -> None:
    path = receipts_path(paid.project, NAME)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", ending.encode()))
    assert len(read_receipts(paid.project)) == 1


def test_a_file_whose_name_no_manifest_can_have_is_none_of_ours(paid: Studio) -> None:
    (paid.folder / "x\n::error::y.receipts.jsonl").write_text("what?\n", encoding="utf-8")
    assert len(read_receipts(paid.project)) == 1


def test_a_receipt_never_widens_a_budget(paid: Studio) -> None:
    put(paid, {**line_of(paid), "task_id": "other", "cost_usd": "0"})
    read(paid)
    assert paid.booked_usd() >= Decimal("2.576")


def test_an_address_in_a_receipt_binds_no_ledger_and_is_advised_to_nobody(paid: Studio) -> None:
    put(paid, {**line_of(paid), "task_id": "other", "base_url": "https://evil.example"})
    assert read(paid) == 1
    with open_ledger(paid.project.ledger) as ledger:
        ledger.check_address(paid.api)
    ended = paid.run()
    assert ended.exit_code is ExitCode.DONE
    assert not any("evil" in str(event) for event in paid.events)


def test_a_task_of_another_address_is_held_with_that_reason_and_its_key_stays_here(paid: Studio) -> None:
    told = {"id": "b", "task_id": "task-of-them", "base_url": "https://evil.example", "rendered_at_s": None}
    nothing = {"done_at_s": None, "file": None, "size_bytes": None, "sha256": None}
    put(paid, line_of(paid), {**line_of(paid), **told, **nothing})
    paid.write(manifest_text("a", "b"))
    read(paid)
    ended = paid.run()
    (step,) = (step for who, step in ended.steps.items() if who.name == "b")
    assert step.hold_reason is HoldReason.TASK_REFUSED
    assert "another address, as its receipt says" in step.reason
    assert "evil" not in step.reason
    assert ended.stats.submits == 0


# Fuzzing


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["", "a.mp4", "2.576"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def _only_our_errors(text: bytes) -> None:
    """Whatever stands in the file, it is taken in and can be told, or refused in our words."""
    with TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        studio.write(manifest_text("a"))
        receipts_path(studio.project, NAME).write_bytes(text)
        try:
            receipts = read_receipts(studio.project)
        except UsageError:
            return
        with open_ledger(studio.project.ledger) as ledger:
            ledger.import_receipts(receipts)
        studio.statuses()
        write(studio)
        assert len(read_receipts(studio.project)) == len(receipts)


@given(st.dictionaries(st.sampled_from(sorted({*BAD, *BAD_ALSO})), JSON, min_size=1, max_size=3))
@example({"cost_usd": "sNaN"})
@example({"cost_usd": "-1000"})
@example({"cost_usd": "1e999999999"})
@example({"size_bytes": 2**64})
@example({"take": 2**64})
@example({"submitted_at_s": float("inf")})
@example({"submitted_at_s": 10**400})
@example({"id": "\ud800"})
@example({"host": "\ud800"})
@example({"file": "a\x00.mp4"})
@example({"file": None})
@example({"request": {"model": "m", "fields": {"image": "https://[bad"}}})
@example({"request": {"model": "m", "fields": {"image": "https://a/?%ff=%ff&" + "a=1&" * 2000}}})
@example({"request": {"model": "m", "fields": {"prompt": "\ud800"}}})
@example({"request": {"model": "m", "fields": {"prompt": 2**70}}})
def test_mutated_lines_are_taken_in_or_refused_in_our_words(changes: dict[str, Any]) -> None:
    _only_our_errors(json.dumps({**good(), **changes}).encode())


@pytest.mark.parametrize("other", [DECISION, ADOPTION], ids=["decision", "adoption"])
@given(changes=st.dictionaries(st.sampled_from(sorted({*DECISION, *ADOPTION})), JSON, min_size=1, max_size=3))
@example(changes={"decided": "accept", "chosen": "task-1"})
@example(changes={"decided": "pay-again", "decided_at_s": 4e9})
@example(changes={"task_id": "task-of-nobody"})
@example(changes={"id": "a", "take": 100_000})
def test_mutated_decisions_are_taken_in_or_refused_in_our_words(other: dict[str, Any], changes: dict[str, Any]) -> None:
    _only_our_errors(f"{_template()}\n{json.dumps({**other, **changes})}\n".encode())


@given(st.lists(JSON.map(json.dumps) | st.text(), max_size=3))
@example(["[" * 100_000])
@example(['{"a":' * 100_000])
@example(["1" * 5_000])
def test_any_lines_are_refused_in_our_words(lines: list[str]) -> None:
    _only_our_errors("\n".join(lines).encode("utf-8", errors="surrogatepass"))


@given(st.binary(max_size=60), st.integers(0, 1500))
@example(b"\xff", 10)
@example(b"\x00", 10)
def test_any_bytes_in_a_line_are_refused_in_our_words(noise: bytes, at: int) -> None:
    line = _template().encode()
    _only_our_errors(line[:at] + noise + line[at + len(noise) :] + b"\n")
