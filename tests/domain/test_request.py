"""The canonical request: two wishes for the same clip are equal, whatever day and pen they were written with."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchrunner.catalog import shipped
from batchrunner.domain.request import Request, canonical, changed_fields, unsigned

MODEL = "google/veo-3.1-i2v"
VEO = shipped().default
BODY: dict[str, object] = {"prompt": "She waves", "image": "https://example.com/a.jpg"}


@pytest.mark.parametrize(
    "other",
    [
        dict(reversed(BODY.items())),
        BODY | {"aspectRatio": "16:9"},
        BODY | {"prompt": "She waves \n"},
        BODY | {"image": "https://example.com/a.jpg?X-Amz-Signature=abc&X-Amz-Date=20261123"},
        BODY | {"image": "https://example.com/a.jpg?"},
    ],
)
def test_what_makes_no_other_clip_makes_no_other_request(other: dict[str, object]) -> None:
    assert shipped().request_of(MODEL, other) == shipped().request_of(MODEL, BODY)
    assert shipped().request_of(MODEL, other).fingerprint == shipped().request_of(MODEL, BODY).fingerprint


@pytest.mark.parametrize(
    ("other", "changed"),
    [
        (BODY | {"prompt": " She waves"}, ("prompt",)),
        (BODY | {"prompt": "she waves"}, ("prompt",)),
        (BODY | {"image": "https://example.com/b.jpg"}, ("image",)),
        (BODY | {"image": "https://example.com/a.jpg?v=2"}, ("image",)),
        (BODY | {"aspectRatio": "9:16", "durationSeconds": "8"}, ("aspectRatio", "durationSeconds")),
        (BODY | {"negativePrompt": ""}, ("negativePrompt",)),
        ({"prompt": "She waves", "referenceImages": ["https://example.com/a.jpg"]}, ("image", "referenceImages")),
    ],
)
def test_what_makes_another_clip_is_named(other: dict[str, object], changed: tuple[str, ...]) -> None:
    old, new = shipped().request_of(MODEL, BODY), shipped().request_of(MODEL, other)
    assert changed_fields(old, new) == changed
    assert old.fingerprint != new.fingerprint


def test_another_model_is_named_first() -> None:
    old, new = (
        shipped().request_of(MODEL, BODY),
        shipped().request_of("google/veo-3.1-fast-i2v", BODY | {"durationSeconds": "4"}),
    )
    assert changed_fields(old, new) == ("model", "durationSeconds")


def test_the_order_of_pictures_matters_and_a_tuple_is_a_list() -> None:
    one, other = (shipped().request_of(MODEL, {"referenceImages": images}) for images in (["a", "b"], ("b", "a")))
    assert one != other
    assert other.fields["referenceImages"] == ["b", "a"]


def test_a_model_that_we_no_longer_know_keeps_its_fields() -> None:
    assert shipped().request_of("google/veo-9", BODY).fields == dict(sorted(BODY.items()))


PICTURE = "https://bucket.example.com/frames/a%20b.jpg"


@pytest.mark.parametrize(
    "signed",
    [
        # AWS, version 4 and version 2; CloudFront
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20261123&X-Amz-Date=1&X-Amz-Signature=abc",
        "X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=abc&X-Amz-Security-Token=def",
        "AWSAccessKeyId=AKIA&Expires=1795456800&Signature=abc&x-amz-security-token=def",
        "Expires=1795456800&Policy=abc&Signature=abc&Key-Pair-Id=K1",
        # Google Cloud
        "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=a&X-Goog-Date=1&X-Goog-Expires=60&X-Goog-Signature=abc",
        "GoogleAccessId=a&Expires=1795456800&Signature=abc",
        # Azure: for one object; and with a delegated key
        "sv=2026-02-06&se=2026-11-23T18%3A00Z&sr=b&sp=r&sig=abc&st=2026-11-23&spr=https",
        "skoid=a&sktid=b&skt=c&ske=d&sks=b&skv=2026-02-06&sv=2026-02-06&sr=b&sp=r&se=x&sig=abc",
        # Alibaba, version 1 with a temporary key, and version 4
        "OSSAccessKeyId=STS.abc&Expires=1795456800&Signature=abc&security-token=def",
        "x-oss-signature-version=OSS4&x-oss-date=1&x-oss-expires=1&x-oss-signature=b&x-oss-security-token=c",
        # Tencent, with a temporary key
        "q-sign-algorithm=sha1&q-ak=a&q-sign-time=1%3B2&q-key-time=1%3B2&q-url-param-list=&q-signature=abc",
        "q-ak=a&q-header-list=host&q-signature=abc&x-cos-security-token=def",
    ],
)
@pytest.mark.parametrize(("before", "kept"), [("", ""), ("v=2&", "?v=2")])
def test_the_signature_of_a_store_says_nothing_about_the_picture(signed: str, before: str, kept: str) -> None:
    assert unsigned(f"{PICTURE}?{before}{signed}") == PICTURE + kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "She waves",
        "what? expires=never&signature=hers",
        "https://example.com/a.jpg",
        "https://example.com/a.jpg?v=2&w=&size=3",
        "ftp://example.com/a.jpg?sig=1",
        "see https://example.com/a.jpg?sig=1",
        "frames/a.jpg?sig=1",
    ],
)
def test_every_other_text_stays_as_it_is(text: str) -> None:
    assert unsigned(text) == text


@pytest.mark.parametrize("written", ["{}#Signature=abc", "{}?#x", "HTTPS://{}?sig=1", "{}#"])
def test_nothing_of_a_link_stays_that_no_server_is_asked_for(written: str) -> None:
    link = written.replace("HTTPS://{}", "HTTPS" + PICTURE.removeprefix("https")).format(PICTURE)
    assert unsigned(link) == PICTURE


def test_a_login_in_a_link_is_not_kept() -> None:
    assert unsigned("https://me:secret@example.com/a.jpg?v=2") == "https://example.com/a.jpg?v=2"


TEXTS = st.text() | st.builds(
    lambda scheme, host, path, query: f"{scheme}{host}{path}?{query}",
    st.sampled_from(["https://", "http://"]),
    st.sampled_from(["example.com", "[::1]", "[", "a b", "ex\u2100mple.com", ""]) | st.text(max_size=5),
    st.text(max_size=5),
    st.sampled_from(["sig=1", "v=2&sig=1", "v=%ff", "&&", "a;b", "v=1 "]) | st.text(max_size=10),
)
BODIES = st.dictionaries(
    st.sampled_from([*VEO.fields, "unknown"]),
    TEXTS | st.lists(TEXTS, max_size=3) | st.none() | st.integers(),
)


@example({"prompt": "https://[?x"})
@example({"prompt": "https://example.com ?sig=1"})
@settings(deadline=None)
@given(BODIES)
def test_a_canonical_request_is_its_own_canonical_form(body: dict[str, Any]) -> None:
    """So that the request of an old ledger, read under today's rules, equals that of today's manifest."""
    once = shipped().request_of(MODEL, body)
    again = shipped().request_of(once.model, once.fields)
    assert again == once
    assert shipped().request_of(**_from_a_ledger(once)) == once


def _from_a_ledger(request: Request) -> dict[str, Any]:
    known = json.loads(json.dumps(request.as_json(), ensure_ascii=False))
    return {"slug": known["model"], "body": known["fields"]}


def test_defaults_are_filled_in_and_never_over_a_word() -> None:
    assert canonical("m", {"b": "x"}, {"a": "1", "b": "2"}) == Request("m", {"a": "1", "b": "x"})


def test_both_models_document_the_same_defaults_that_the_page_does() -> None:
    for slug in ("google/veo-3.1-i2v", "google/veo-3.1-fast-i2v"):
        model = shipped().find(slug)
        assert model
        assert model.defaults == {"aspectRatio": "16:9"}
    assert shipped().find("google/veo-3.1") is None
