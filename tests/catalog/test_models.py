"""Models as data: every shipped description is whole, and what is asked of one is asked by roles."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from batchrunner.catalog import Model, Role, shipped
from batchrunner.catalog.description import read_model
from batchrunner.catalog.description_faults import faults
from batchrunner.catalog.loader import descriptions
from batchrunner.domain.attempt import LONGEST_RETENTION_S, RETENTION_S
from batchrunner.domain.request import Request
from batchrunner.providers.provider_registry import PROVIDERS

ROOT = Path(__file__).parents[2]
DATA = ROOT / "batchrunner" / "catalog" / "data"
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
STANDARD, FAST = "google/veo-3.1-i2v", "google/veo-3.1-fast-i2v"
DAY_S = 86_400

every_model = pytest.mark.parametrize("model", tuple(shipped()), ids=lambda model: model.slug)


def described() -> dict[str, Any]:
    """The model that the page describes: other names, and numbers instead of texts."""
    found: dict[str, Any] = yaml.safe_load(PAGE.partition("```yaml\n")[2].partition("```")[0])
    return found


@pytest.fixture
def other() -> Model:
    """A model that calls everything otherwise."""
    return read_model(described())


def test_every_file_is_a_model_and_lies_under_its_name() -> None:
    files = {path.relative_to(DATA).with_suffix("").as_posix() for path in DATA.rglob("*.yaml")}
    assert files == set(shipped().slugs)
    assert shipped().slugs[0] == shipped().default.slug == STANDARD


@every_model
def test_a_description_speaks_of_fields_that_there_are(model: Model) -> None:
    named = {
        *model.roles.values(),
        *model.pictures,
        *map(str, map(model.field, model.starter)),
        *model.timing.latency_by,
    }
    assert named | set(model.price.fields if model.price else ()) | set(model.costly_defaults) <= set(model.fields)
    assert len(set(model.roles.values())) == len(model.roles)


@every_model
def test_what_is_written_into_new_manifests_is_taken(model: Model) -> None:
    body = {str(model.field(role)): value for role, value in model.starter.items()}
    for name, value in body.items():
        assert Draft202012Validator(model.fields[name]).is_valid(value)
    assert not model.forbids(body)


@every_model
def test_pictures_are_the_fields_that_are_judged_as_links(model: Model) -> None:
    judged = {
        name
        for name, field in model.fields.items()
        if "image-link" in (field.get("format"), field.get("items", {}).get("format"))
    }
    assert set(model.pictures) == judged


@every_model
def test_no_result_is_given_up_before_the_service_may_have_deleted_it(model: Model) -> None:
    least, most = model.timing.retention_days
    assert RETENTION_S <= least * DAY_S <= most * DAY_S <= LONGEST_RETENTION_S


@pytest.mark.parametrize("slug", shipped().slugs)
def test_nothing_is_wrong_with_a_shipped_description(slug: str) -> None:
    assert faults(descriptions()[slug]) == []


@every_model
def test_a_model_is_asked_of_a_provider_that_there_is(model: Model) -> None:
    assert model.provider in PROVIDERS
    assert model.path in {model.slug, f"{model.slug}/async"}


def test_a_description_that_is_like_another_says_only_what_differs() -> None:
    standard, fast = shipped().find(STANDARD), shipped().find(FAST)
    assert standard
    assert fast
    assert (fast.roles, fast.fields, fast.pictures) == (standard.roles, standard.fields, standard.pictures)
    assert [rule.message for rule in fast.rules] == [rule.message for rule in standard.rules]
    assert fast.path != standard.path
    assert fast.price != standard.price


def test_a_model_that_calls_everything_otherwise_is_read_by_the_same_roles(other: Model) -> None:
    body = {"prompt": "She waves", "first_frame_image": "a.png", "duration": 10}
    assert [other.value(body, role) for role in (Role.FIRST_IMAGE, Role.DURATION, Role.RESOLUTION, Role.SEED)] == [
        "a.png",
        10,
        "768P",
        None,
    ]
    assert (other.field(Role.LAST_IMAGE), other.takes(Role.DURATION), other.takes(Role.PROMPT)) == (None, (6, 10), ())


def test_values_that_a_rule_forbids_are_told_from_those_of_which_it_knows_too_little(other: Model) -> None:
    assert other.forbids({"duration": 10, "resolution": "1080P"})
    assert not other.forbids({"duration": 10, "resolution": "768P"})
    assert not other.forbids({"resolution": "1080P"})


def test_a_key_that_no_description_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no description has colour"):
        read_model({**described(), "colour": "red"})


@pytest.mark.parametrize("slug", [STANDARD, "google/veo-of-old"])
def test_requests_are_read_by_roles_also_of_a_model_that_left_the_catalogue(slug: str) -> None:
    standard = shipped().find(STANDARD)
    assert standard
    first, last = standard.field(Role.FIRST_IMAGE), standard.field(Role.LAST_IMAGE)
    request = shipped().request_of(slug, {"prompt": "She waves", str(first): "a", "resolution": "4k"})
    assert shipped().prompt_of(request) == "She waves"
    assert shipped().value_of(request, Role.FIRST_IMAGE) == "a"
    assert shipped().value_of(request, Role.LAST_IMAGE) is None
    kind = shipped().latency_kind(request)
    assert (kind[0], kind[-1]) == (slug, "4k")
    assert {first, last} <= shipped().picture_fields(slug)


def test_what_has_no_prompt_has_an_empty_one() -> None:
    assert shipped().prompt_of(Request("", {})) == ""


def test_a_field_tells_what_it_is_for() -> None:
    assert [shipped().role_of(name) for name in ("durationSeconds", "image", "personGeneration")] == [
        Role.DURATION,
        Role.FIRST_IMAGE,
        None,
    ]
