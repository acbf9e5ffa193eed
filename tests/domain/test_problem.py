"""One mistake that hits many jobs is one problem; all problems come in the order of their places."""

import pytest

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems, Severity
from batchrunner.domain.suggestions import nearest_name


def a_problem(line: int = 1, *jobs: str, message: str = "wrong", is_mild: bool = False) -> Problem:
    given = Severity.WARNING if is_mild else None
    return Problem(Code.WRONG_VALUE, Location("film.yaml", line, 3), message, "change it", "resolution", jobs, given)


def collected(*found: Problem) -> Problems:
    problems = Problems()
    problems.extend(found)
    return problems


def test_the_same_mistake_at_the_same_place_gains_the_jobs_that_it_hits() -> None:
    problems = collected(a_problem(1, "a"), a_problem(1, "b"), a_problem(1, "a", "c"))
    assert problems.in_order() == (a_problem(1, "a", "b", "c"),)


@pytest.mark.parametrize(
    "other",
    [
        a_problem(2, "a"),
        a_problem(1, "a", message="wrong too"),
        Problem(Code.WRONG_TYPE, Location("film.yaml", 1, 3), "wrong", "change it", "resolution", ("a",)),
        Problem(Code.WRONG_VALUE, Location("film.yaml", 1, 4), "wrong", "change it", "resolution", ("a",)),
        Problem(Code.WRONG_VALUE, Location("shots.yaml", 1, 3), "wrong", "change it", "resolution", ("a",)),
    ],
)
def test_another_mistake_or_another_place_is_another_problem(other: Problem) -> None:
    assert set(collected(a_problem(1, "a"), other).in_order()) == {a_problem(1, "a"), other}


def test_problems_come_by_file_line_and_column() -> None:
    locations = [("b.yaml", 1, 1), ("a.yaml", 10, 1), ("a.yaml", 9, 80), ("a.yaml", 9, 7)]
    found = [Problem(Code.YAML_SYNTAX, Location(*location), "wrong") for location in locations]
    assert [p.location for p in collected(*found).in_order()] == [
        Location("a.yaml", 9, 7),
        Location("a.yaml", 9, 80),
        Location("a.yaml", 10, 1),
        Location("b.yaml", 1, 1),
    ]


def test_two_mistakes_at_one_place_come_as_they_were_found() -> None:
    found = a_problem(1, message="second word first"), a_problem(1, message="a later one")
    assert collected(*found).in_order() == found


def test_a_warning_is_shown_and_makes_nothing_invalid() -> None:
    warning = a_problem(1, is_mild=True)
    problems = collected(warning, a_problem(2))
    assert problems.in_order() == (warning, a_problem(2))
    assert problems.errors() == (a_problem(2),)


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("durationSecond", ["durationSeconds", "resolution"], "durationSeconds"),
        ("DURATIONSECONDS", ["durationSeconds"], "durationSeconds"),
        ("promt", ["prompt", "negativePrompt"], "prompt"),
        ("colour", ["prompt"], None),
        ("", ["prompt"], None),
        ("x", [], None),
    ],
)
def test_a_name_that_was_probably_meant_is_found(word: str, known: list[str], meant: str | None) -> None:
    assert nearest_name(word, known) == meant


def test_a_place_reads_as_editors_open_it() -> None:
    assert str(Location("film.yaml", 7, 12)) == "film.yaml:7:12"


def test_a_problem_is_as_severe_as_its_code_unless_it_says_otherwise() -> None:
    location = Location("film.yaml", 1, 1)
    assert Problem(Code.WRONG_VALUE, location, "wrong").severity is Severity.ERROR
    assert Problem(Code.PLAIN_LINK, location, "worth a look").severity is Severity.WARNING
    assert Problem(Code.ROWS_PAIR, location, "no partner", given=Severity.WARNING).severity is Severity.WARNING
    assert Problem(Code.PLAIN_LINK, location, "not here", given=Severity.ERROR).severity is Severity.ERROR
