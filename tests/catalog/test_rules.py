"""Rules as data: what each shape of them rules out."""

from collections.abc import Mapping
from typing import Any

import pytest

from batchrunner.catalog import Rule, shipped
from batchrunner.catalog.rules import read_rule
from batchrunner.domain.problem import Code, Severity

SAID = {"rule": "r", "code": "no-duration", "message": "m", "help": "h"}


def rule(**shape: Any) -> Rule:
    return read_rule({**SAID, **shape}, {"size": "small"}, "a page")


@pytest.mark.parametrize(
    ("shape", "broken", "kept"),
    [
        ({"excludes": ["a", "b"]}, ["ab", "abc"], ["", "a", "b", "ac"]),
        ({"requires": {"a": ["b", "c"]}}, ["a", "ad"], ["", "b", "ab", "ac", "d"]),
        ({"requires": {"a": ["b"], "c": ["d"]}}, ["a", "c", "abc", "acd"], ["", "ab", "cd", "abcd"]),
        ({"at_least_one": ["a", "b"]}, ["", "c"], ["a", "b", "ab"]),
        ({"exactly_one": ["a", "b"]}, ["", "c", "ab"], ["a", "bc"]),
        ({"all_or_none": ["a", "b"]}, ["a", "bc"], ["", "c", "ab"]),
        ({"when": {"a": "any"}, "then": {"b": "any"}}, ["a", "ac"], ["", "b", "ab"]),
    ],
)
def test_a_rule_about_what_is_written_is_broken_by_these_and_no_others(
    shape: Mapping[str, Any], broken: list[str], kept: list[str]
) -> None:
    one = rule(**shape)
    assert [fields for fields in [*broken, *kept] if one.breaks(dict.fromkeys(fields, "x"))] == broken


@pytest.mark.parametrize(
    ("body", "is_broken"),
    [
        ({"length": 10, "size": "large"}, True),
        ({"length": 10, "size": "small"}, False),
        ({"length": 10}, False),
        ({"length": 6, "size": "large"}, False),
        ({"size": "large"}, False),
    ],
)
def test_a_rule_about_values_counts_a_documented_default(body: Mapping[str, object], *, is_broken: bool) -> None:
    assert rule(when={"length": [10]}, then={"size": ["small"]}).breaks(body) is is_broken


def test_a_value_without_a_default_has_to_be_written() -> None:
    assert rule(when={"size": ["small"]}, then={"length": [6]}).breaks({})


@pytest.mark.parametrize(("text", "is_broken"), [("x" * 11, False), ("x" * 12, True), ("é" * 6, True), ("", False)])
def test_tokens_are_counted_by_bytes(text: str, *, is_broken: bool) -> None:
    assert rule(most_tokens={"text": 2}).breaks({"text": text}) is is_broken


@pytest.mark.parametrize(
    ("body", "is_broken"),
    [
        ({"text": "[Image 2]", "list": ["x", "y"]}, False),
        ({"text": "[Image 3]", "list": ["x", "y"]}, True),
        ({"text": "[Image 3]", "list": ["x", "y"], "one": "z"}, False),
        ({"text": "[Image1]", "one": "z"}, False),
        ({"text": "[Image 0]", "one": "z"}, True),
        ({"text": "[Image 1]"}, True),
        ({"text": "[Audio 7] and an image"}, False),
        ({"list": ["x"]}, False),
    ],
)
def test_a_number_in_a_text_is_that_of_a_picture_of_several_fields(
    body: Mapping[str, object], *, is_broken: bool
) -> None:
    one = rule(placeholders={"text": "text", "pictures": ["list", "one"], "word": "Image"})
    assert one.breaks(body) is is_broken
    assert one.fields == ("text", "list", "one")


def test_a_number_in_a_text_may_speak_of_one_field_alone() -> None:
    one = rule(placeholders={"text": "text", "pictures": "list", "word": "Image"})
    assert not one.breaks({"text": "[Image 1]", "list": ["x"]})
    assert one.breaks({"text": "[Image 1]", "one": "z"})


def test_a_problem_stands_at_what_has_to_change_unless_the_rule_says_otherwise() -> None:
    assert rule(when={"a": "any"}, then={"b": [1]}).fields == ("b", "a")
    assert rule(requires={"a": ["b"]}).fields == ("a", "b")
    assert rule(requires={"a": ["b"]}, fields=["b"]).fields == ("b",)


def test_a_rule_has_the_source_of_its_description_unless_it_names_its_own() -> None:
    plain, own = rule(excludes=["a"]), rule(excludes=["a"], source="a post", code="image-missing")
    assert (plain.source, plain.code, plain.severity) == ("a page", Code.NO_DURATION, Severity.WARNING)
    assert (own.source, own.code, own.severity) == ("a post", Code.IMAGE_MISSING, Severity.ERROR)


@pytest.mark.parametrize(
    "written",
    [
        SAID,
        {**SAID, "excludes": ["a"], "at_least_one": ["a"]},
        {**SAID, "exclude": ["a"]},
        {**SAID, "excludes": ["a"], "hint": "h"},
        {"rule": "r", "excludes": ["a"], "message": "m"},
        {**SAID, "excludes": ["a"], "code": "unheard-of"},
    ],
)
def test_what_is_no_rule_is_refused(written: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rule 'r'|unheard-of"):
        read_rule(written, {}, "a page")


def test_rules_speak_of_fields_that_there_are() -> None:
    for model in shipped():
        assert {name for one in model.rules for name in one.fields} <= set(model.fields)
