"""The same jobs with several models, side by side: what fits into a line, what is left out, what is in the way."""

from decimal import Decimal

from batchrunner.domain.money import Cost
from batchrunner.domain.problem import Code
from batchrunner.reports.model_comparison import Change, Comparison, ModelFit, comparison_as_json, comparison_table


def cost(low: str, high: str = "") -> Cost:
    return Cost(Decimal(low), Decimal(high or low))


WRITTEN = ModelFit("", {"hero": cost("2.58"), "end": cost("2.58")})
CHEAP = ModelFit("x/cheap", {"hero": cost("0.20"), "end": cost("0.20")}, {"lastFrame": ("end",)})
RANGE = ModelFit("x/range", {"hero": cost("0", "1.50")}, {}, (Change(Code.MISSING_KEY, "`tail` is missing", ("end",)),))
UNKNOWN = ModelFit("x/unknown", {"hero": None, "end": cost("1")})
NONE = ModelFit("x/none", {}, {}, (Change(Code.WRONG_VALUE, "`duration` cannot be 5", ("hero", "end")),))
FOUND = Comparison("film.yaml", ("hero", "end"), WRITTEN, (CHEAP, RANGE, UNKNOWN, NONE))


def lines(width: int | None = None, found: Comparison = FOUND) -> list[str]:
    return comparison_table(found, width).splitlines()


def row(name: str) -> list[str]:
    return next(line for line in lines() if line.startswith(f"{name} ")).split()


def test_each_model_has_its_total_and_what_it_leaves_out() -> None:
    assert row("as written") == ["as", "written", "2", "of", "2", "$5.16"]
    assert row("x/cheap") == ["x/cheap", "2", "of", "2", "$0.40", "lastFrame"]
    assert row("x/range") == ["x/range", "1", "of", "2", "at", "most", "$1.50"]
    assert row("x/unknown") == ["x/unknown", "2", "of", "2", "$1.00", "+", "1", "without", "a", "price"]
    assert row("x/none") == ["x/none", "0", "of", "2", "-"]


def test_each_job_has_its_price_with_each_model_that_takes_any() -> None:
    assert row("job") == ["job", "cheap", "range", "unknown"]
    assert row("hero") == ["hero", "$0.20", "at", "most", "$1.50", "?"]
    assert row("end") == ["end", "$0.20*", "-", "$1.00"]
    assert "* a field of the job is left out, as with `drop: [FIELD]` in a profile" in lines()


def test_what_would_have_to_change_is_said_with_its_jobs() -> None:
    said = lines()
    assert said[said.index("what would have to change for x/range:") + 1] == "  `tail` is missing (end)"
    assert said[said.index("what would have to change for x/none:") + 1] == "  `duration` cannot be 5 (hero, end)"
    assert "what would have to change for x/cheap:" not in said


def test_a_terminal_shows_as_many_models_as_it_has_room_for() -> None:
    narrow = lines(width=40)
    assert [line.split() for line in narrow if line.startswith("job ")] == [["job", "cheap", "range"]]
    assert "(1 model more than a line has room for: choose with --with)" in narrow
    matrix = narrow[narrow.index("") :]
    assert max(len(line) for line in matrix[1:4]) <= 40


def test_many_jobs_are_counted() -> None:
    names = tuple(f"j{number}" for number in range(100))
    fit = ModelFit("x/m", {name: cost("1") for name in names})
    said = lines(found=Comparison("film.yaml", names, fit, (fit,)))
    assert "(40 jobs more: -o json has all)" in said
    assert "$100.00" in "".join(said)


def test_programs_read_the_same() -> None:
    whole = comparison_as_json(FOUND)
    assert whole["manifest"] == "film.yaml"
    assert whole["written"]["total"] == {"low_usd": 5.16, "high_usd": 5.16}
    cheap, ranged, unknown, none = whole["models"]
    assert cheap["dropped"] == [{"field": "lastFrame", "jobs": ["end"]}]
    assert ranged["jobs"] == {"hero": {"cost": {"low_usd": 0.0, "high_usd": 1.5}}, "end": None}
    assert (unknown["unpriced"], unknown["jobs"]["hero"]) == (1, {"cost": None})
    assert none["changes"] == [{"code": "wrong-value", "message": "`duration` cannot be 5", "jobs": ["hero", "end"]}]
