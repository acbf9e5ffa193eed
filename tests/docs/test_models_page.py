"""The page on descriptions of models: every example on it is tried, and it leaves out no key and no shape."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.catalog import ROLE_WORDS, Catalog, Role, price_list, shipped
from batchrunner.catalog.description import read_model, whole
from batchrunner.catalog.description_faults import TODO, faults
from batchrunner.catalog.models import LINK_FORMATS, Confidence, Model
from batchrunner.catalog.picture_limits import SentAs, read_limits
from batchrunner.catalog.prices import Bound
from batchrunner.catalog.rules import SHAPES
from batchrunner.domain.image import LocalImage
from batchrunner.domain.money import Cost
from batchrunner.domain.problem import Severity
from batchrunner.io.image_header import ImageHeader, ImageKind
from batchrunner.manifest.field_errors import KEYWORDS
from batchrunner.manifest.load import load
from batchrunner.manifest.local_images import Picture
from batchrunner.manifest.own_models import plain
from batchrunner.manifest.picture_faults import picture_faults
from batchrunner.manifest.yaml import document

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "schemas" / "model.schema.json").read_text(encoding="utf-8"))
TEXTS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
CODE = {word for span in re.findall(r"`([^`]+)`", PROSE) for word in re.findall(r"[\w$-]+", span)}


def parsed(text: str) -> Any:
    """A block as the program reads YAML."""
    read = document.parse(text, "block.yaml")
    assert read.problems == ()
    assert read.root is not None
    return plain(read.root)


BLOCKS: list[Any] = [parsed(text) for text in TEXTS]


def having(key: str) -> list[Any]:
    """The blocks with a key at their top; they are of one kind."""
    return [block for block in BLOCKS if key in block]


DESCRIPTIONS = having("slug")
# The manifests on the page call the files of the descriptions so.
FILES = {"minimax/example-i2v": "example.yaml", "studio/clip-i2v": "clip.yaml"}
LARGE = next(block for block in DESCRIPTIONS if block["slug"] == "studio/clip-i2v")
MANIFESTS = [text for text, block in zip(TEXTS, BLOCKS, strict=True) if "version" in block]


def with_(**parts: Any) -> Model:
    """The large description with other parts; nothing is wrong with it."""
    written = {**LARGE, **parts}
    assert faults(written) == []
    return read_model(written)


def test_every_block_is_of_a_kind_that_is_tried() -> None:
    kinds = ("slug", "version", "rule", "price", "pictures")
    tried = [next(kind for kind in kinds if kind in block) for block in BLOCKS]
    assert set(tried) == set(kinds)
    assert re.findall(r"^```(?!yaml$)(\w+)$", PAGE, re.MULTILINE) in ([], ["console"])


@pytest.mark.parametrize("written", DESCRIPTIONS, ids=lambda written: written["slug"])
def test_a_description_is_one(written: Mapping[str, Any]) -> None:
    like = shipped().find(written["like"]) if "like" in written else None
    full = whole(written, like.source.written if like else None)
    assert faults(full) == []
    model = read_model(full)
    assert model.price
    assert like is None or model.price != like.price
    for role, value in model.starter.items():
        assert value in (model.takes(role) or [value])


@pytest.mark.parametrize("text", MANIFESTS, ids=range(len(MANIFESTS)))
def test_a_manifest_sends_what_stands_beside_it(tmp_path: Path, text: str) -> None:
    for description, block in zip(TEXTS, BLOCKS, strict=True):
        if block.get("slug") in FILES:
            (tmp_path / FILES[block["slug"]]).write_text(description, encoding="utf-8")
    (tmp_path / "film.yaml").write_text(text, encoding="utf-8")
    manifest = parsed(text)
    sent = {"": {job["id"]: job["x-sent"] for job in manifest["jobs"]}}
    for name, profile in manifest.get("profiles", {}).items():
        sent[name] = {job["id"]: profile["x-sent"] for job in manifest["jobs"]}
    for profile, bodies in sent.items():
        read = load(tmp_path / "film.yaml", profile)
        assert read.problems == ()
        assert {job.name: dict(job.body) for job in read.jobs} == bodies


def names_of_rules() -> Iterator[str]:
    return (block["rule"]["rule"] for block in having("rule"))


@pytest.mark.parametrize("block", having("rule"), ids=names_of_rules())
def test_a_rule_is_broken_and_kept_by_the_bodies_beside_it(block: Mapping[str, Any]) -> None:
    model = with_(rules=[block["rule"]])
    (rule,) = model.rules
    assert block["breaks"]
    assert block["keeps"]
    bodies = [*block["breaks"], *block["keeps"]]
    assert {name for body in bodies for name in body} <= set(model.fields)
    assert [body for body in bodies if rule.breaks(body)] == block["breaks"]


def test_what_a_rule_says_of_itself_is_kept() -> None:
    (block,) = (block for block in having("rule") if "source" in block["rule"])
    (rule,) = with_(rules=[block["rule"]]).rules
    assert (rule.code.value, rule.source, rule.severity) == ("references-aspect", block["rule"]["source"], "warning")
    assert rule.fields == tuple(block["rule"]["fields"])


@pytest.mark.parametrize("shape", sorted({"most_tokens", "words"}))
def test_a_shape_that_the_page_calls_a_warning_is_one(shape: str) -> None:
    (block,) = (block for block in having("rule") if shape in block["rule"])
    (rule,) = with_(rules=[block["rule"]]).rules
    assert rule.severity is Severity.WARNING


PRICED = [block for block in having("price") if "costs" in block]


@pytest.mark.parametrize("block", PRICED, ids=range(len(PRICED)))
def test_a_price_comes_to_the_dollars_beside_it(block: Mapping[str, Any]) -> None:
    for case in block["costs"]:
        model = with_(price=block["price"], **without(case.get("without", ())))
        catalog = Catalog([model])
        prices = price_list(catalog)
        request = catalog.request_of(model.slug, case["body"])
        assert set(case["body"]) <= set(model.fields)
        assert prices.knows(request) is (case["usd"] != "unknown")
        if prices.knows(request):
            low, high = case["usd"] if isinstance(case["usd"], list) else (case["usd"],) * 2
            assert prices.cost(request) == Cost(Decimal(str(low)), Decimal(str(high)))


def without(roles: list[str]) -> dict[str, Any]:
    """The parts of the large description but for some roles and their fields."""
    names = {LARGE["roles"][role] for role in roles}
    fields = {name: field for name, field in LARGE["body"]["properties"].items() if name not in names}
    return {
        "body": {**LARGE["body"], "properties": fields},
        "roles": {role: name for role, name in LARGE["roles"].items() if role not in roles},
        "starter": {role: value for role, value in LARGE["starter"].items() if role not in roles},
        "latency_by": [name for name in LARGE["latency_by"] if name not in names],
    }


def test_a_picture_is_taken_or_refused_as_it_is_said() -> None:
    (block,) = (block for block in having("pictures") if "takes" in block)
    with_(pictures=block["pictures"])
    limits = read_limits(block["pictures"]["still"])
    for case in [*block["takes"], *block["refuses"]]:
        header = ImageHeader(ImageKind(case["kind"]), case["width"], case["height"])
        found = picture_faults(Picture(LocalImage("a", "", case["bytes"]), header), limits)
        assert [fault.code.value for fault in found] == ([case["code"]] if "code" in case else [])


# What the page leaves out: nothing


def keys_of(written: object) -> Iterator[str]:
    """All keys in a value, however deep."""
    match written:
        case dict():
            yield from written
            for each in written.values():
                yield from keys_of(each)
        case list():
            for each in written:
                yield from keys_of(each)


def properties_of(schema: object) -> Iterator[str]:
    """The keys that a schema, or a schema in it, knows by name."""
    if not isinstance(schema, dict):
        return
    yield from schema.get("properties", {})
    named = [*schema.get("properties", {}).values(), *schema.get("definitions", {}).values()]
    for each in [*named, *schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")]:
        yield from properties_of(each)


def test_every_key_of_the_schema_is_explained_and_occurs_in_something_that_is_tried() -> None:
    known = set(properties_of(SCHEMA))
    assert len(known) > 80
    assert known - CODE == set()
    assert known - set(keys_of(BLOCKS)) - {"$schema", "$id", "title"} == set()


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("rule", "rule"),
        ("price", "price"),
        ("row", "price"),
        ("extra", "price"),
        ("picture", "pictures"),
        ("field", "slug"),
    ],
)
def test_every_key_of_a_part_occurs_in_an_example_of_its_kind(part: str, kind: str) -> None:
    known = set(SCHEMA["definitions"][part]["properties"])
    assert known - set(keys_of([block[kind] if kind != "slug" else block for block in having(kind)])) == set()


def test_every_shape_of_a_rule_has_an_example() -> None:
    assert {key for block in having("rule") for key in block["rule"]} >= SHAPES


def test_every_form_of_a_condition_has_an_example() -> None:
    parts = (block["rule"].get(part, {}) for block in having("rule") for part in ("when", "then"))
    forms = {
        condition if isinstance(condition, str) else type(condition).__name__
        for part in parts
        for condition in part.values()
    }
    assert forms == {"any", "list", "dict"}


def test_every_role_and_every_word_of_a_manifest_has_its_row() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", PAGE.partition("## Roles\n")[2], re.MULTILINE))
    assert {role: set(re.findall(r"`(\w+)`", rows[role])) for role in Role} == {
        role: {word for word, meant in ROLE_WORDS.items() if meant is role} for role in Role
    }


def test_every_word_that_a_value_may_be_is_named() -> None:
    words = {*Confidence, *SentAs, *Bound, *Severity, *ImageKind, *LINK_FORMATS, *KEYWORDS, TODO}
    enums = {each for part in enums_of(SCHEMA) for each in part}
    assert {str(word) for word in words | enums} - CODE == set()


def enums_of(schema: object) -> Iterator[list[str]]:
    match schema:
        case {"enum": list(words)}:
            yield words
        case dict():
            for each in schema.values():
                yield from enums_of(each)
        case list():
            for each in schema:
                yield from enums_of(each)


def test_the_table_of_keys_has_all_of_them() -> None:
    table = PAGE.partition("| key | what it says |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(SCHEMA["properties"]) - {"$schema"}


def test_links_within_the_page_lead_to_its_headings() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    places = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= places
