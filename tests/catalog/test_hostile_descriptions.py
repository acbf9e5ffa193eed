"""Whatever a description says: it is refused at its places, or it can be read, judged and priced."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchrunner.app.imitated_models import imitated_models
from batchrunner.catalog import Catalog, Model, price_list
from batchrunner.catalog.description import read_model
from batchrunner.catalog.description_faults import faults
from batchrunner.manifest.load import load
from tests.catalog.hostile_descriptions import FIELDS, GOOD, as_text, descriptions

pytestmark = pytest.mark.untraced

VALUES: st.SearchStrategy[object] = st.one_of(
    st.sampled_from([None, True, 0, 5, 8, 12, -1, 1.5, 10**30, "", "8", "1080P", "16:9", [], ["a.png"], {}, [None]]),
    st.text(max_size=20),
    st.lists(st.sampled_from(["a.png", 1, None, [], "[Person 2]"]), max_size=10),
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)
HEAD = "version: 1\nmodels: [model.yaml]\nmodel: studio/clip-i2v\n"


def use(model: Model, body: Mapping[str, Any]) -> None:
    """All that the program asks of a model, about one body."""
    catalog = Catalog([model])
    for rule in model.rules:
        assert rule.breaks(body) in (True, False)
    model.forbids(body)
    prices = price_list(catalog)
    request = catalog.request_of(model.slug, body)
    if prices.knows(request):
        cost = prices.cost(request)
        assert Decimal(0) <= cost.low_usd <= cost.high_usd
    prices.as_json()
    catalog.latency_kind(request)
    (imitated,) = imitated_models(catalog)
    if imitated.refusal(dict(body)) is None:
        imitated.price_usd(body)


@settings(max_examples=150)
@given(descriptions(), st.lists(BODIES, min_size=1, max_size=3))
def test_a_description_is_refused_at_its_places_or_can_be_used(
    written: dict[str, Any], bodies: list[Mapping[str, Any]]
) -> None:
    found = faults(written)
    for fault in found:
        assert fault.message
        assert fault.hint
        assert is_place(fault.path, written), fault
    if not found:
        model = read_model(written)
        for body in bodies:
            use(model, body)


def is_place(path: tuple[str | int, ...], written: Any) -> bool:
    """Whether a path leads into a description, but for its last step, which may be missing."""
    for number, step in enumerate(path):
        try:
            written = written[step]
        except (KeyError, IndexError, TypeError):
            return number == len(path) - 1
    return True


def test_the_good_one_has_no_fault() -> None:
    assert faults(GOOD) == []
    assert len(read_model(GOOD).rules) > 10


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(descriptions(), BODIES)
def test_a_manifest_with_such_a_file_is_judged_with_problems_at_their_places(
    tmp_path: Path, written: dict[str, Any], body: dict[str, Any]
) -> None:
    (tmp_path / "model.yaml").write_text(as_text(written), encoding="utf-8")
    (tmp_path / "film.yaml").write_text(f"{HEAD}jobs: {as_text([{'id': 'hero', **body}])}\n", encoding="utf-8")  # type: ignore[arg-type]
    read = load(tmp_path / "film.yaml")
    for problem in read.problems:
        lines = read.lines[problem.location.file]
        assert 1 <= problem.location.line <= max(len(lines), 1)
    assert read.jobs or read.errors


# Single attacks, and what is said of them


def changed(**parts: Any) -> dict[str, Any]:
    return {**GOOD, **parts}


def with_field(**field: Any) -> dict[str, Any]:
    body = GOOD["body"]
    return changed(body={**body, "properties": {**body["properties"], "odd": field}})


def nested(levels: int) -> object:
    found: object = "x"
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (changed(path="google/veo-3.1-i2v/async"), "path"),
        (changed(path="https://example.com/studio/clip-i2v"), "path"),
        (changed(path="studio/clip-i2v/../../other"), "path"),
        (changed(slug="studio/clip-i2v\n", path="studio/clip-i2v\n"), "slug"),
        (changed(slug="../clip-i2v", path="../clip-i2v"), "slug"),
        (changed(body="schemas/models/google/veo-3.1-i2v.schema.json"), "body"),
        (changed(provider="elsewhere"), "provider"),
        (with_field(type="string", pattern="(a+)+$"), "pattern"),
        (with_field(**{"type": "string", "$ref": "https://example.com/"}), "$ref"),
        (with_field(type="integer", enum=["6"]), "enum"),
        (with_field(type="integer", default="6"), "default"),
        (with_field(type="string", default=None), "default"),
        (with_field(type="boolean", format="image-link"), "format"),
        (with_field(type="string", items={"type": "string"}), "items"),
        (with_field(type="array"), "odd"),
        (with_field(type="string", enum=[str(number) for number in range(201)]), "enum"),
        (changed(starter={"colour": "red"}), "colour"),
        (changed(roles={**GOOD["roles"], "mask": "still"}), "mask"),
        (changed(price={**GOOD["price"], "round_to": "1e-400"}), "price"),
        (changed(price={**GOOD["price"], "rows": [{"usd": "1e999999"}]}), "price"),
        (changed(price={**GOOD["price"], "rows": [{"usd": "NaN"}]}), "price"),
        (changed(price={**GOOD["price"], "rows": [{"usd": -1}]}), "usd"),
        (changed(price={**GOOD["price"], "rows": [{}] * 1001}), "rows"),
        (changed(source={**GOOD["source"], "read": "2026-02-30"}), "read"),
        (changed(longest_wait_s=10**30), "longest_wait_s"),
    ],
)
def test_what_no_description_may_say_is_refused_at_its_place(written: dict[str, Any], place: str) -> None:
    assert [fault.path[-1] for fault in faults(written) if place in fault.path], faults(written)


@pytest.mark.parametrize("written", [changed(rules=[{"rule": "r"}] * 10_000), changed(starter=nested(5000))])
def test_a_description_without_end_is_refused_before_it_is_looked_at(written: dict[str, Any]) -> None:
    (fault,) = faults(written)
    assert (fault.path, fault.hint) == ((), "describe one model in it")


def test_a_price_a_second_is_unknown_where_nobody_knows_the_seconds() -> None:
    fields = {name: field for name, field in GOOD["body"]["properties"].items() if name != "seconds"}
    body = {**GOOD["body"], "properties": {**fields, "seconds": {"type": "string"}}}
    price = {"read": "2026-11-20", "rows": [{"usd_per_second": 0.05}]}
    model = read_model({**GOOD, "body": body, "rules": [], "price": price})
    catalog = Catalog([model])
    prices = price_list(catalog)
    known = {
        text: prices.knows(catalog.request_of(model.slug, {"seconds": text} if text else {}))
        for text in ("8", "0.5", "", "soon", "NaN", "-8", "1e999", "Infinity")
    }
    assert [text for text, is_known in known.items() if is_known] == ["8", "0.5"]


def test_a_price_with_rows_for_everything_is_not_looked_up_for_all_that_is_left_open() -> None:
    fields = {f"f{n}": {"type": "string", "enum": [f"v{each}" for each in range(16)]} for n in range(3)}
    rows = [{"when": {f"f{number % 3}": ["v0"] * 5}, "usd": 1} for number in range(1000)]
    body = {"properties": {**fields, "prompt": {"type": "string"}}}
    kept = {key: GOOD[key] for key in ("slug", "path", "source")}
    written = {**kept, "body": body, "roles": {"prompt": "prompt"}, "price": {"read": "2026-11-20", "rows": rows}}
    assert faults(written) == []
    catalog = Catalog([read_model(written)])
    prices = price_list(catalog)
    assert not prices.knows(catalog.request_of("studio/clip-i2v", {}))
    assert prices.knows(catalog.request_of("studio/clip-i2v", dict.fromkeys(fields, "v0")))


def problems_of(folder: Path, models: str) -> list[tuple[str, str]]:
    text = f"version: 1\nmodels: {models}\nmodel: google/veo-3.1-i2v\ndefaults: {{durationSeconds: 8}}\njobs:\n"
    job = "  - {id: hero, prompt: She waves, image: https://example.com/a.jpg}\n"
    (folder / "film.yaml").write_text(text + job, encoding="utf-8")
    return [(problem.code.value, problem.message) for problem in load(folder / "film.yaml").problems]


def test_a_file_of_more_than_a_mebibyte_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_bytes(b"#" * (2**20 + 1))
    assert problems_of(tmp_path, "[model.yaml]") == [
        ("model-file", "model.yaml is larger than 1 MiB: it is no description")
    ]


def test_more_than_200_files_are_not_read(tmp_path: Path) -> None:
    for number in range(201):
        (tmp_path / f"m{number}.yaml").touch()
    assert problems_of(tmp_path, "m*.yaml") == [("model-file", "a manifest has more than 200 models of its own")]


def test_a_description_is_like_a_shipped_one_and_no_chain_is_followed(tmp_path: Path) -> None:
    for name, like in (("one", "studio/two-i2v"), ("two", "studio/one-i2v"), ("three", "studio/three-i2v")):
        text = f"slug: studio/{name}-i2v\nlike: {like}\npath: studio/{name}-i2v\n"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert {said for _, said in problems_of(tmp_path, "[one.yaml, two.yaml, three.yaml]")} == {
        f"there is no model studio/{name}-i2v to be like" for name in ("one", "two", "three")
    }


def test_a_file_outside_the_project_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "model.yaml").write_text(as_text(GOOD), encoding="utf-8")
    (folder / "link.yaml").symlink_to(tmp_path / "model.yaml")
    assert {code for code, _ in problems_of(folder, "[../model.yaml, link.yaml]")} == {"outside-project"}
