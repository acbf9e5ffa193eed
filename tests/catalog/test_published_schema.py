"""The published schema of a model: what is read of it, what is odd in it, and what is refused."""

import json
from typing import Any

import pytest

from batchrunner.catalog import shipped
from batchrunner.catalog.contract import Contract, contract_of
from batchrunner.catalog.contract_drift import differences
from batchrunner.catalog.published_document import SchemaFault
from batchrunner.catalog.published_schema import published_contract

ADDRESS = "https://api.modellix.ai/api/v1/maker/clip-1/async"
TEXT = {"type": "string"}


def document(schema: object, address: str = ADDRESS, **more: object) -> dict[str, Any]:
    post = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    return {"servers": [{"url": address}], "post": post, **more}


def read(schema: object, **more: Any) -> Contract:
    return published_contract(json.dumps(document(schema, **more)).encode())


def body(required: tuple[str, ...] = (), /, **fields: object) -> dict[str, Any]:
    return {"type": "object", "required": [*required], "properties": fields}


def drift(schema: object, other: object) -> set[str]:
    return {each.at for each in differences(read(schema), read(other)) if each.is_drift}


# Verbatim up to where the stored copy of the page is cut.
# Source: https://www.modellix.ai/models/vidu/viduq2-pro-multi-frame/api_schema, 2026-09
VIDU: dict[str, Any] = {
    "servers": [{"url": "https://api.modellix.ai/api/v1/vidu/viduq2-pro-multi-frame/async"}],
    "post": {
        "description": "Both `start_image` and `key_images` are required. Supports `resolution`.",
        "operationId": "viduQ2ProMultiFrameAsync",
        "requestBody": {
            "content": {
                "application/json": {
                    "examples": {"basic": {"summary": "Start and one key frame", "value": {"resolution": "1080p"}}},
                    "schema": {
                        "description": "Supports up to 9 total frames (1 start + up to 8 key images).",
                        "properties": {
                            "key_images": {
                                "description": "…",
                                "example": ["https://example.com/pose-2.jpg"],
                                "items": {"minLength": 1, "type": "string"},
                                "maxItems": 8,
                                "minItems": 1,
                                "type": "array",
                            },
                            "resolution": {
                                "default": "720p",
                                "description": "Video resolution",
                                "enum": ["540p", "720p", "1080p"],
                                "example": "1080p",
                                "type": "string",
                            },
                            "start_image": {"description": "First frame.", "minLength": 1, "type": "string"},
                        },
                        "required": ["start_image", "key_images"],
                        "type": "object",
                    },
                }
            },
            "required": True,
        },
        "responses": {"200": {"description": "ok"}},
    },
}


def test_a_document_of_the_service_is_read_without_a_point() -> None:
    found = published_contract(json.dumps(VIDU).encode())
    assert found.path == "vidu/viduq2-pro-multi-frame/async"
    assert found.required == ("key_images", "start_image")
    assert found.points == ()
    assert found.about == (
        "Both `start_image` and `key_images` are required. Supports `resolution`.",
        "Supports up to 9 total frames (1 start + up to 8 key images).",
    )
    assert found.facts()[("fields", "key_images", "items", "minLength")] == 1
    assert found.facts()[("fields", "resolution", "default")] == "720p"


def test_a_full_openapi_document_with_one_posted_path_says_the_same() -> None:
    post = VIDU["post"]
    full = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.modellix.ai/api/v1/"}],
        "paths": {"/vidu/viduq2-pro-multi-frame/async": {"post": post}, "/tasks": {"get": {}}},
    }
    both = [published_contract(json.dumps(each).encode()) for each in (VIDU, full)]
    assert both[0].digest == both[1].digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (body(a={"type": "string", "enum": ["x", "y"]}), body(a={"type": "string", "enum": ["y", "x", "x"]})),
        (body(a={"type": "integer", "minimum": 3, "maximum": 5}), body(a={"type": "integer", "enum": [3, 4, 5]})),
        (
            body(a={"type": "integer", "enum": [3, 5], "minimum": 3, "maximum": 15}),
            body(a={"type": "integer", "enum": [3, 5]}),
        ),
        (body(a={"type": "number", "maximum": 1.0}), body(a={"type": "number", "maximum": 1})),
        (body(a={"type": ["string", "null"]}), body(a=TEXT)),
        (body(a={"anyOf": [TEXT, {"type": "null"}]}), body(a=TEXT)),
        (body(a={"type": "string", "example": "x", "title": "A", "x-order": 1}), body(a=TEXT)),
        (body(a={"type": "string", "minLength": 0}), body(a=TEXT)),
        (body(a={"type": "string", "const": "x"}), body(a={"type": "string", "enum": ["x"]})),
        (body(a={"$ref": "#/x~1y"}), body(a=TEXT)),
        ({"allOf": [body(("a",), a=TEXT), body(("b",), b=TEXT)]}, body(("a", "b"), a=TEXT, b=TEXT)),
        (body(a={"allOf": [TEXT, {"maxLength": 9}]}), body(a={"type": "string", "maxLength": 9})),
    ],
)
def test_what_means_the_same_is_no_drift(one: object, other: object) -> None:
    more = {"x/y": TEXT}
    assert differences(read(one, **more), read(other, **more)) == []


@pytest.mark.parametrize(
    ("one", "other", "at"),
    [
        (body(a=TEXT), body(a=TEXT, b=TEXT), {"b"}),
        (body(a=TEXT, b={"type": "string", "enum": ["x"]}), body(a=TEXT), {"b"}),
        (body(("a",), a=TEXT), body(a=TEXT), {"required"}),
        (body(a=TEXT), body(a={"type": "integer"}), {"a.type"}),
        (body(a={"type": "string", "enum": ["x"]}), body(a={"type": "string", "enum": ["x", "y"]}), {"a.enum"}),
        (body(a={"type": "integer", "default": 5}), body(a={"type": "integer", "default": 6}), {"a.default"}),
        (body(a={"type": "boolean", "default": True}), body(a={"type": "boolean"}), {"a.default"}),
        (body(a=TEXT), body(a={"type": "string", "maxLength": 9}), {"a.maxLength"}),
        (body(a={"type": "string", "maxLength": 9}), body(a=TEXT), set()),  # we only ask for less than is allowed
        (
            body(a={"type": "array", "items": TEXT}),
            body(a={"type": "array", "items": body(image=TEXT)}),
            {"a.items.type", "a.items.fields.image.type"},
        ),
    ],
)
def test_what_drifted_is_named_at_its_place(one: object, other: object, at: set[str]) -> None:
    assert drift(one, other) == at


def test_another_address_is_drift_whatever_it_is() -> None:
    ours = read(body(a=TEXT))
    for address in ("https://api.modellix.ai/api/v1/maker/clip-1", "https://evil.example/api/v1/maker/clip-1/async"):
        found = differences(ours, read(body(a=TEXT), address=address))
        assert [(each.at, each.published) for each in found] == [("path", address.removeprefix(ADDRESS[:31]))]


# The pages "Option 1 / Option 2": a first frame or reference pictures.
OPTIONS = {
    "oneOf": [
        body(("prompt", "image"), prompt=TEXT, image=TEXT, seconds={"type": "string", "enum": ["4", "8"]}),
        body(
            ("prompt", "references"),
            prompt=TEXT,
            references={"type": "array", "items": TEXT},
            seconds={"type": "string", "enum": ["8"]},
        ),
    ]
}


def test_a_body_of_several_forms_requires_what_all_do_and_says_what_is_unclear() -> None:
    found = read(OPTIONS)
    assert found.required == ("prompt",)
    assert set(found.fields) == {"prompt", "image", "references", "seconds"}
    assert [str(point) for point in found.points] == [
        "the body: it takes 2 forms (oneOf), which require image, prompt | prompt, references",
        "seconds: the forms of the body differ in it (enum)",
    ]


def test_what_is_unclear_is_compared_with_nothing() -> None:
    ours = body(("prompt",), prompt=TEXT, image=TEXT, references={"type": "array", "items": TEXT}, seconds=TEXT)
    assert differences(read(ours), read(OPTIONS)) == []


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({}, "a: it has no type"),
        ({"type": "file"}, "a: its `type` cannot be read"),
        ({"type": "string", "enum": "x"}, "a: its `enum` cannot be read"),
        ({"type": "string", "enum": ["\x1b[2J"]}, "a: its `enum` cannot be read"),
        ({"type": "string", "enum": ["x"] * 100_000 + [{}]}, "a: its `enum` cannot be read"),
        ({"type": "integer", "enum": [4, 5], "default": -1}, "a: its default is none of its values"),
        ({"type": "string", "pattern": "(a+)+$"}, "a: its pattern is not compared: (a+)+$"),
        ({"type": "string", "default": {"x": 1}}, "a: its `default` cannot be read"),
        ({"type": "string", "maxLength": "9"}, "a: its `maxLength` cannot be read"),
        ({"oneOf": [TEXT, {"type": "integer"}]}, "a: it takes 2 forms (oneOf)"),
        ({"allOf": [TEXT, {"type": "integer"}]}, "a: its `type` is said twice, and not alike"),
        ("text", "a: it is no schema"),
        ({"type": "object", "not": {}}, "a: its `not` is not compared"),
    ],
)
def test_what_is_odd_in_a_field_is_a_point_and_no_drift(field: object, said: str) -> None:
    found = read(body(a=field, b=TEXT))
    assert said in map(str, found.points)
    assert read(body(a=field, b=TEXT)).digest == found.digest


@pytest.mark.parametrize("name", ["__proto__", "", "a b", "../x", "-a", "a" * 129, "é", "a\x1b"])
def test_a_name_that_no_field_has_is_left_out_and_named(name: str) -> None:
    found = read(body(**{name: TEXT, "b": TEXT}))
    assert set(found.fields) == {"b"}
    assert [point.at for point in found.points] == ["the body"]
    assert str(found.points[0]).isprintable()


def chain(length: int) -> dict[str, Any]:
    return {f"d{n}": {"allOf": [{"$ref": f"#/d{n + 1}"}] * 2} for n in range(length)} | {f"d{length}": TEXT}


def row(length: int) -> dict[str, Any]:
    return {f"d{n}": {"$ref": f"#/d{n + 1}"} for n in range(length)} | {f"d{length}": TEXT}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"a": ' * 70 + b"1" + b"}" * 70, "nested more than 64 deep"),
        (b" " * (8 << 20) + b"{}", "larger than 8 MiB"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
        (b'{"a": 1e999}', "nobody can compute with"),
        (b'{"a": NaN}', "NaN, which is no number"),
        (b'{"post": 1, "post": 2}', "says `post` twice"),
        (b"{}", "tells of none"),
        (b'{"paths": {"/a": {"post": {}}, "/b": {"post": {}}}}', "tells of 2 of them"),
        (b'{"post": {}}', "no requestBody"),
        (b'{"post": {"requestBody": {"content": {"text/xml": {"schema": {}}}}}}', "no requestBody"),
        (b'{"servers": [{"url": "a"}, {"url": "b"}], "post": {}}', "several servers"),
        (document({}), "no fields"),
        (document(body(**{f"f{n}": TEXT for n in range(201)})), "more than 200 fields"),
        (document({"$ref": "https://evil.example/x.json"}), "leads out of the document"),
        (document({"$ref": "file.json#/a"}), "leads out of the document"),
        (document({"$ref": 7}), "leads out of the document"),
        (document({"$ref": "#/nowhere"}), "leads nowhere"),
        (document({"$ref": "#/a"}, a={"$ref": "#/b"}, b={"$ref": "#/a"}), "leads back to itself"),
        (document(body(a={"$ref": "#/t"}), t={"type": "object", "properties": {"a": {"$ref": "#/t"}}}), "leads back"),
        (document(body(a={"$ref": "#/d0"}), **chain(30)), "more than 5000 schemas"),
        (
            document(body(a={"$ref": "#/d0"}), **row(500)),
            "more than 32 in a row",
        ),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_in_a_sentence(data: Any, said: str) -> None:
    with pytest.raises(SchemaFault) as caught:
        published_contract(data if isinstance(data, bytes) else json.dumps(data).encode())
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("slug", shipped().slugs)
def test_a_description_has_a_contract_that_differs_from_itself_in_nothing(slug: str) -> None:
    model = shipped().find(slug)
    assert model
    ours = contract_of(model)
    schema = json.loads(json.dumps(dict(model.schema)))
    found = read(schema, address=f"https://api.modellix.ai/api/v1/{model.path}")
    assert [each.at for each in differences(ours, found) if each.is_drift] == []


def test_a_digest_changes_with_every_fact_and_with_none_of_the_prose() -> None:
    one = read(body(a={"type": "string", "description": "x"}))
    assert one.digest == read(body(a={"type": "string", "description": "y"})).digest
    assert one.digest != read(body(a={"type": "string", "maxLength": 9})).digest
    assert one.digest != read(body(a={"type": "string", "pattern": "x"})).digest
