"""`models`: a line for each, all that is known of one, and the same jobs priced for each that can take them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.catalog import Model, Role, price_list, shipped
from batchrunner.catalog.prices import Bound
from batchrunner.cli.main import outcome
from batchrunner.domain.request import canonical
from batchrunner.domain.text import visible
from batchrunner.errors import ExitCode
from batchrunner.reports.model_page import model_as_json, model_page
from batchrunner.reports.model_prices import priced_shapes
from tests.manifest.test_editor_schema_models import CAPITALS
from tests.manifest.test_scaffold_models import BETWEEN

VEO, FAST = "google/veo-3.1-i2v", "google/veo-3.1-fast-i2v"
LINK = "https://example.com/a.jpg"
every_model = pytest.mark.parametrize("model", tuple(shipped()), ids=lambda model: model.slug)


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "between.yaml").write_text(BETWEEN, encoding="utf-8")
    (tmp_path / "lines.yaml").write_text(CAPITALS, encoding="utf-8")
    (tmp_path / "film.yaml").write_text(
        f"version: 1\nmodels: [between.yaml, lines.yaml]\nmodel: {VEO}\n"
        "defaults: {durationSeconds: 8, resolution: 1080p}\n"
        f"jobs:\n  - {{id: hero, prompt: x, image: '{LINK}', negativePrompt: blur}}\n"
        f"  - {{id: ends, prompt: x, image: '{LINK}', lastFrame: '{LINK}'}}\n",
        encoding="utf-8",
    )
    return tmp_path / "film.yaml"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert outcome(["models", *arguments]) == ExitCode.DONE, capsys.readouterr().err
    return capsys.readouterr().out


def read(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(printed(capsys, *arguments, "-o", "json"))


# The list


def test_each_model_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys).splitlines()
    assert [line.split()[0] for line in lines[2 : 2 + len(shipped().slugs)]] == list(shipped().slugs)
    assert lines[2].split()[1:] == [
        "$1.29",
        "to",
        "$3.86",
        "4,",
        "6,",
        "8",
        "720p,",
        "1080p,",
        "4k",
        "doc,",
        "2026-04-29",
    ]


def test_programs_read_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {each["model"]: each for each in read(capsys)["models"]}
    assert listed.keys() == set(shipped().slugs)
    assert listed[VEO] == {
        "model": VEO,
        "price": {"low_usd": 1.288, "high_usd": 3.864, "bound": "exact", "read": "2026-08-18"},
        "seconds": [4.0, 6.0, 8.0],
        "resolutions": ["720p", "1080p", "4k"],
        "confidence": "doc",
        "read": "2026-04-29",
        "file": None,
    }


def test_models_of_ones_own_are_listed_with_their_file(capsys: pytest.CaptureFixture[str], film: Path) -> None:
    assert "studio/between" in printed(capsys, "--manifest", "film.yaml")
    listed = {each["model"]: each for each in read(capsys, "--manifest", "film.yaml")["models"]}
    assert (listed["studio/between"]["file"], listed["studio/between"]["price"]) == ("between.yaml", None)
    assert listed["studio/between"]["seconds"] == {"minimum": 1, "maximum": 16}


# One model


@every_model
def test_a_page_tells_every_field_rule_and_price(model: Model) -> None:
    page = model_page(model)
    assert all(f"  {name}: " in page for name in model.fields)
    assert all(visible(rule.sentence) in page for rule in model.rules)
    assert all(f"`{name}`" in page for name in model.timing.latency_by)
    assert (model.price.read_on.isoformat() if model.price else "not known") in page


@every_model
def test_programs_read_a_page(model: Model) -> None:
    told = json.loads(json.dumps(model_as_json(model)))
    assert [field["name"] for field in told["fields"]] == list(model.fields)
    assert [rule["rule"] for rule in told["rules"]] == [rule.sentence for rule in model.rules]


@every_model
def test_the_prices_of_a_page_are_those_of_the_plan(model: Model) -> None:
    prices = price_list(shipped())
    for shape in priced_shapes(model):
        length = model.field(Role.DURATION)
        body = {name: value for name, value in shape.values.items() if value is not None}
        if shape.seconds is not None and length:
            kind = str if model.fields[length]["type"] == "string" else int
            body[length] = kind(shape.seconds)
        found = prices.find(canonical(model.slug, body, model.defaults))
        assert found is not None
        assert found.high_usd == shape.cost.high_usd
        if model.price and model.price.bound is Bound.EXACT:
            assert found == shape.cost


def test_a_page_says_what_to_write_and_what_a_default_costs(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "bytedance/seedance-1.5-pro-i2v")
    assert "write `image` or `first_frame_image`" in said
    assert "generate_audio: true or false; true if left out, which is paid for" in said
    assert "a task may wait up to 48 h 00 min before it is rendered" in said


def test_a_page_shows_the_limits_of_pictures_and_what_is_never_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "show", "minimax/hailuo-2.3-i2v")
    assert "each side at least 301 pixels; shape 2:5 to 5:2; required" in said
    assert next(line for line in said.splitlines() if line.startswith("1080P")).split()[-1] == "-"


def test_the_name_of_a_model_alone_shows_it(capsys: pytest.CaptureFixture[str], film: Path) -> None:
    assert printed(capsys, VEO) == printed(capsys, "show", VEO)
    assert "price: not known" in printed(capsys, "studio/between", "--manifest", str(film))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["google/veo-3.1-i2w"], "did you mean google/veo-3.1-i2v?"),
        (["nothing"], "there is no model nothing: there are: google/veo-3.1-i2v"),
        (["compair"], "Did you mean `compare`?"),
        (["-o", "json", "show", VEO], "put the options behind `show`"),
        (["compare", "film.yaml", "--with", "google/veo-3.1-i2w"], "did you mean google/veo-3.1-i2v?"),
        (["compare", "film.yaml", "--profile", "draft"], "has no profile draft"),
    ],
)
def test_what_there_is_not_is_told(
    capsys: pytest.CaptureFixture[str], film: Path, arguments: list[str], words: str
) -> None:
    assert outcome(["models", *arguments]) == ExitCode.USAGE
    assert words in capsys.readouterr().err


# Side by side


def fits(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    return {each["model"]: each for each in read(capsys, "compare", "film.yaml", *arguments)["models"]}


def test_the_price_of_a_job_is_that_of_its_plan_under_that_model(
    capsys: pytest.CaptureFixture[str], film: Path
) -> None:
    compared = fits(capsys)
    film.write_text(film.read_text().replace(f"model: {VEO}", f"model: {FAST}"), encoding="utf-8")
    capsys.readouterr()
    assert outcome(["plan", "film.yaml", "-o", "json"]) == ExitCode.DONE
    planned = json.loads(capsys.readouterr().out)
    assert compared[FAST]["total"] == planned["cost"]
    assert {name: job["cost"] for name, job in compared[FAST]["jobs"].items()} == {
        job["id"]: job["cost"] for job in planned["jobs"]
    }
    assert compared[VEO]["takes"] == compared[FAST]["takes"] == 2


def test_a_field_that_a_model_has_not_is_left_out_and_named(capsys: pytest.CaptureFixture[str], film: Path) -> None:
    found = fits(capsys, "--with", "vidu/viduq3-turbo-i2v", "--with", "vidu/viduq3-turbo-fl2v")
    one, both = found.values()
    assert list(found) == ["vidu/viduq3-turbo-i2v", "vidu/viduq3-turbo-fl2v"]
    assert one["takes"] == 2
    assert one["dropped"] == [
        {"field": "negativePrompt", "jobs": ["hero"]},
        {"field": "lastFrame", "jobs": ["ends"]},
    ]
    assert both["dropped"] == [{"field": "negativePrompt", "jobs": ["hero"]}]
    assert (both["takes"], both["jobs"]["hero"]) == (1, None)
    assert both["changes"] == [{"code": "missing-key", "message": "`last_frame_image` is missing", "jobs": ["hero"]}]


def test_what_would_have_to_change_is_said_once_for_all_jobs(capsys: pytest.CaptureFixture[str], film: Path) -> None:
    found = fits(capsys, "--with", "minimax/hailuo-2.3-i2v")["minimax/hailuo-2.3-i2v"]
    assert found["takes"] == 0
    assert [(change["code"], change["jobs"]) for change in found["changes"]] == [("wrong-value", ["hero", "ends"])]
    assert "it must be one of 6, 10" in found["changes"][0]["message"]


def test_a_profile_and_what_it_drops_hold_in_a_comparison(capsys: pytest.CaptureFixture[str], film: Path) -> None:
    text = film.read_text()
    film.write_text(f"{text}profiles: {{draft: {{drop: lastFrame, durationSeconds: 6, resolution: 720p}}}}\n")
    found = fits(capsys, "--profile", "draft", "--with", "minimax/hailuo-2.3-i2v", "--with", "vidu/viduq3-turbo-i2v")
    assert [each["dropped"] for each in found.values()] == [[{"field": "negativePrompt", "jobs": ["hero"]}]] * 2
    assert [change["code"] for change in found["minimax/hailuo-2.3-i2v"]["changes"]] == ["wrong-value"]
    assert found["vidu/viduq3-turbo-i2v"]["takes"] == 2


def test_a_default_that_was_typed_holds_in_a_comparison(capsys: pytest.CaptureFixture[str], film: Path) -> None:
    found = fits(capsys, "--set", "resolution=720p", "--with", FAST)[FAST]
    assert found["total"] == {"low_usd": 1.288, "high_usd": 1.288}


def test_models_of_ones_own_and_prices_of_ones_own_are_compared(
    capsys: pytest.CaptureFixture[str], film: Path, tmp_path: Path
) -> None:
    assert fits(capsys)["studio/lines"]["takes"] == 0
    prices = tmp_path / "prices.json"
    prices.write_text(f'{{"priced_on": "2026-11-01", "usd_per_second": {{"{FAST}": {{"1080p": "1"}}}}}}')
    found = fits(capsys, "--prices", str(prices))
    assert found[FAST]["total"] == {"low_usd": 16.0, "high_usd": 16.0}
    assert (found[VEO]["unpriced"], found[VEO]["takes"]) == (2, 2)


def test_a_comparison_writes_nothing_and_needs_no_key(
    capsys: pytest.CaptureFixture[str], film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODELLIX_API_KEY", raising=False)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert "as written" in printed(capsys, "compare", "film.yaml")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_manifest_with_mistakes_is_not_compared(capsys: pytest.CaptureFixture[str], film: Path) -> None:
    film.write_text(film.read_text().replace("durationSeconds: 8", "durationSeconds: 5"), encoding="utf-8")
    assert outcome(["models", "compare", "film.yaml"]) == ExitCode.USAGE
    assert "wrong-value" in capsys.readouterr().err


def test_the_prices_of_a_model_of_ones_own_are_in_the_file_of_prices(
    capsys: pytest.CaptureFixture[str], film: Path
) -> None:
    priced = f"{BETWEEN}price: {{read: 2026-11-20, rows: [{{usd: 0.5}}]}}\n"
    film.with_name("between.yaml").write_text(priced, encoding="utf-8")
    whole = json.loads(printed(capsys, "--manifest", str(film), "-o", "prices"))
    assert Decimal(str(whole["prices"]["studio/between"]["rows"][0]["usd"])) == Decimal("0.5")
