"""The validator and the imitated service were written apart, from one page: they must agree on every request.

What the validator lets through must be taken by the service, as the body that would be sent. What it refuses, the
service must refuse as it was written. Values that YAML turns into text by design (`8` becomes `"8"`) are compared by
the body that the job would send.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import combinations, islice, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchrunner.catalog import shipped
from batchrunner.manifest.load import load
from batchrunner.sandbox.body_rules import FIELDS, refusal

pytestmark = pytest.mark.untraced

MODEL = "google/veo-3.1-i2v"
VEO = (MODEL, "google/veo-3.1-fast-i2v")
URL = "https://example.com/a.jpg"

Body = Mapping[str, Any]


class Absent:
    """A field that is not written."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


def written(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agreement") / "film.yaml"


def judged(path: Path, job: str, model: str = MODEL) -> tuple[dict[str, object] | None, str]:
    """The body that would be sent, or None and why not; `job` is the YAML of a job's fields."""
    path.write_text(f"version: 1\nmodel: {model}\njobs:\n  - id: hero\n{job}", encoding="utf-8")
    found = load(path)
    why = "; ".join(problem.message for problem in found.errors)
    if found.errors:
        return None, why
    (one,) = found.jobs
    return dict(one.body), ""


def as_yaml(body: Body) -> str:
    """JSON is YAML: each value stands there exactly as it is."""
    return "".join(f"    {name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in body.items())


def disagreement(path: Path, body: Body, model: str = MODEL) -> str | None:
    """How the two differ on a request; None where they agree."""
    return compared(body, *judged(path, as_yaml(body), model))


def compared(body: Body, sent: dict[str, object] | None, why: str) -> str | None:
    """How the service's word on a body differs from ours; None where it does not."""
    if sent is not None:
        said = refusal(sent)
        return f"we would send {sent}, and the service says: {said}" if said else None
    return None if refusal(dict(body)) else f"the service takes {body}, and we say: {why}"


def disagreements(path: Path, bodies: Iterator[Body]) -> list[str]:
    """How the two differ on many requests, which are judged many at a time."""
    found = []
    for some in batched(bodies, 300):
        jobs = "".join(f"  - id: job-{number}\n{as_yaml(body)}" for number, body in enumerate(some))
        path.write_text(f"version: 1\nmodel: {MODEL}\njobs:\n{jobs}", encoding="utf-8")
        manifest = load(path)
        sent = {job.name: dict(job.body) for job in manifest.jobs}
        why = "; ".join(problem.message for problem in manifest.errors)
        found += [compared(body, sent.get(f"job-{number}"), why) for number, body in enumerate(some)]
    return [said for said in found if said]


def batched(bodies: Iterator[Body], size: int) -> Iterator[list[Body]]:
    while some := list(islice(bodies, size)):
        yield some


# For each field: not written, each thing that the page allows, and the mistakes that people make.
VALUES: Mapping[str, tuple[object, ...]] = {
    "prompt": (ABSENT, "She waves", " ", "", None, 7, True, ["She waves"], {"text": "She waves"}),
    "image": (ABSENT, URL, "http://127.0.0.1:8080/a.png?x=1#y", "", "example.com/a.jpg", None, 7, [URL], {"url": URL}),
    "lastFrame": (ABSENT, URL, "ftp://example.com/a.jpg", None, [URL]),
    "negativePrompt": (ABSENT, "blurry", "", None, 0, ["blurry"]),
    "referenceImages": (ABSENT, [URL], [URL] * 3, [URL] * 4, [], [""], [None], [[URL]], URL, None),
    "aspectRatio": (ABSENT, "16:9", "9:16", "1:1", "16:09", "16x9", None, 969),
    "durationSeconds": (ABSENT, "4", "6", "8", 4, 8, 8.0, "8.0", "08", "5", "8s", None, True, ["8"]),
    "resolution": (ABSENT, "720p", "1080p", "4k", "4K", "1080", 720, None, ["4k"]),
    "personGeneration": (ABSENT, "allow_adult", "dont_allow", "", None, True),
    "seed": (ABSENT, 1, None),
}

# Enough of each to meet every rule between fields, all at once.
CROSSED: Mapping[str, tuple[object, ...]] = {
    "prompt": ("She waves", ""),
    "image": (ABSENT, URL, "a.jpg"),
    "lastFrame": (ABSENT, URL),
    "negativePrompt": (ABSENT, "blurry"),
    "referenceImages": (ABSENT, [URL], [], [URL] * 4),
    "aspectRatio": (ABSENT, "1:1"),
    "durationSeconds": (ABSENT, "4", "8", "5"),
    "resolution": (ABSENT, "720p", "1080p", "4k"),
    "personGeneration": (ABSENT, "allow_adult"),
}

IMAGE_MODE = {"prompt": "She waves", "image": URL}
REFERENCE_MODE = {"prompt": "She waves", "referenceImages": [URL], "durationSeconds": "8"}


def test_the_tables_speak_of_every_field_of_the_page() -> None:
    assert set(VALUES) - {"seed"} == set(CROSSED) == set(FIELDS)
    for slug in VEO:
        model = shipped().find(slug)
        assert model is not None
        assert set(model.fields) == set(FIELDS)


def test_they_agree_wherever_fields_can_be_at_odds_with_each_other(manifest: Path) -> None:
    bodies = (written(dict(zip(CROSSED, values, strict=True))) for values in product(*CROSSED.values()))
    assert disagreements(manifest, bodies) == []


@pytest.mark.parametrize("base", [IMAGE_MODE, REFERENCE_MODE], ids=["image mode", "reference mode"])
def test_they_agree_on_every_value_beside_every_other_value(manifest: Path, base: Body) -> None:
    bodies = (
        written({**base, one: value, other: beside})
        for one, other in combinations(VALUES, 2)
        for value, beside in product(VALUES[one], VALUES[other])
    )
    assert disagreements(manifest, bodies) == []


@pytest.mark.parametrize("model", VEO)
def test_they_agree_for_both_models(manifest: Path, model: str) -> None:
    for name, values in VALUES.items():
        for value in values:
            assert disagreement(manifest, written({**IMAGE_MODE, name: value}), model) is None


# A text that goes into YAML as it is. Control characters are left out: YAML refuses some of them before any rule.
TEXTS = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=20)
LINKS = st.builds(
    lambda scheme, host, rest: f"{scheme}{host}{rest}",
    st.sampled_from(["https://", "http://", "HTTPS://", "ftp://", "//", "https:/", "data:", ""]),
    st.sampled_from(["example.com", "[::1]", "[::1", "a:80", "a:99999", "a:port", "", "ä.example"]),
    st.sampled_from(["", "/", "/a.jpg", "/a b.jpg", "?x", "#y"]) | TEXTS,
)
SAMPLED = {name: st.sampled_from([value for value in values if value is not ABSENT]) for name, values in VALUES.items()}
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "prompt": SAMPLED["prompt"] | TEXTS,
        "image": SAMPLED["image"] | LINKS,
        "lastFrame": SAMPLED["lastFrame"] | LINKS,
        "negativePrompt": SAMPLED["negativePrompt"] | TEXTS,
        "referenceImages": SAMPLED["referenceImages"] | st.lists(LINKS, max_size=4),
        **{name: SAMPLED[name] | TEXTS for name in ("aspectRatio", "durationSeconds", "resolution")},
        "personGeneration": SAMPLED["personGeneration"],
    },
)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_they_agree_on_whatever_else_is_written(manifest: Path, body: Body) -> None:
    assert disagreement(manifest, body) is None


@pytest.mark.parametrize("field", ["image", "lastFrame", "referenceImages"])
@pytest.mark.parametrize(
    "link",
    [
        "HTTPS://EXAMPLE.COM/A.JPG",
        "https://example.com",
        "https://example.com:8443/a.jpg",
        "https://[::1]/a.jpg",
        "https://exämple.com/ä.jpg",
        "https://example.com/a b.jpg",
        " https://example.com/a.jpg",
        "https://example.com/a.jpg ",
        "https://example.com/a\n.jpg",
        "https://example.com/a\u00a0.jpg",
        "https://example.com/\u200ba.jpg",
        "https://exam\u00adple.com/a.jpg",
        "https://example.com/a.jpg\u202c",
        "https://example.com/a\u007f.jpg",
        "\ufeffhttps://example.com/a.jpg",
        "https://example.com:99999/a.jpg",
        "https://example.com:port/a.jpg",
        "https://[::1/a.jpg",
        "https://ex\u2100mple.com/a.jpg?x",
        "https://",
        "https:///a.jpg",
        "https:example.com/a.jpg",
        "http//example.com/a.jpg",
        "//example.com/a.jpg",
        "data:image/png;base64,AAAA",
        "file:///home/a.jpg",
        "javascript:alert(1)",
    ],
)
def test_they_agree_on_what_is_a_link(manifest: Path, field: str, link: str) -> None:
    """Characters that nobody sees come along when a link is copied from a page or a chat."""
    value: object = [link] if field == "referenceImages" else link
    base = REFERENCE_MODE if field == "referenceImages" else {**IMAGE_MODE, "durationSeconds": "8"}
    assert disagreement(manifest, {**base, field: value}) is None


@pytest.mark.parametrize("prompt", ["https://[?x", "https://[1:2?sig=1 shows a page", "http://ex\u2100mple.com?x"])
def test_a_prompt_may_begin_like_a_link(manifest: Path, prompt: str) -> None:
    assert disagreement(manifest, {**IMAGE_MODE, "prompt": prompt}) is None


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("durationSeconds: 8", {"durationSeconds": "8"}),
        ("durationSeconds: '8'", {"durationSeconds": "8"}),
        ("aspectRatio: 16:9", {"aspectRatio": "16:9"}),
        ("aspectRatio: 9:16", {"aspectRatio": "9:16"}),
        ("resolution: 720p", {"resolution": "720p"}),
        ("negativePrompt: no", {"negativePrompt": "no"}),
        ("negativePrompt: 007", {"negativePrompt": "007"}),
        ("negativePrompt: 1e3", {"negativePrompt": "1e3"}),
        ("negativePrompt: true", {"negativePrompt": "true"}),
        ("negativePrompt: 2026-11-23", {"negativePrompt": "2026-11-23"}),
        ("negativePrompt:", {}),
        ("durationSeconds: null", {}),
    ],
)
def test_what_people_write_without_quotes_is_sent_as_the_text_that_it_is(
    manifest: Path, line: str, sent: dict[str, object]
) -> None:
    body, why = judged(manifest, f"{as_yaml(IMAGE_MODE)}    {line}\n")
    assert (body, why) == (IMAGE_MODE | sent, "")
    assert refusal(body) is None


@pytest.mark.parametrize(
    "line", ["durationSeconds: 8.0", "durationSeconds: 08", "aspectRatio: 16:09", "resolution: 4K"]
)
def test_what_a_spreadsheet_makes_of_it_is_a_problem(manifest: Path, line: str) -> None:
    body, why = judged(manifest, f"{as_yaml(IMAGE_MODE)}    {line}\n")
    assert body is None
    assert "must be one of" in why


# The known differences: each with the reason why it is one.


@pytest.mark.parametrize("path", ["frames/hero.png", "./hero.png", "../hero.png", "/home/me/hero.png", "hero.png"])
def test_a_local_image_is_refused_by_both_and_for_different_reasons(manifest: Path, path: str) -> None:
    """For the service a path is no address; for us it is a picture on the disk, and there is none, or not for us."""
    body, why = judged(manifest, as_yaml({**IMAGE_MODE, "image": path}))
    assert body is None
    assert ("is outside the project" if path.startswith(("..", "/")) else "does not exist") in why
    assert refusal({**IMAGE_MODE, "image": path}) is not None


def test_a_login_in_a_link_is_refused_by_us_alone(manifest: Path) -> None:
    """The service takes it; we would send it, and keep it in ledgers and receipts."""
    body, why = judged(manifest, as_yaml({**IMAGE_MODE, "image": "https://user@example.com/a.jpg"}))
    assert body is None
    assert "contains a login" in why
    assert refusal({**IMAGE_MODE, "image": "https://user@example.com/a.jpg"}) is None


@pytest.mark.parametrize("name", sorted(FIELDS - {"prompt", "image"}))
def test_an_empty_value_is_a_field_that_is_not_written(manifest: Path, name: str) -> None:
    """The service would refuse a null; the manifest's `null` removes what lower layers said, so none is ever sent."""
    body, _ = judged(manifest, as_yaml({**IMAGE_MODE, name: None}))
    assert body == IMAGE_MODE
    assert refusal({**IMAGE_MODE, name: None}) is not None


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\ud83c"])
def test_a_prompt_with_a_character_that_no_text_has_is_refused_by_us_alone(manifest: Path, character: str) -> None:
    """The page says nothing of them; a manifest is a text file, and a problem on its line costs nothing."""
    escaped = json.dumps({"prompt": f"She waves{character}"})[1:-1]
    body, _ = judged(manifest, f'    image: "{URL}"\n    {escaped}\n')
    if body is not None:
        json.dumps(body, ensure_ascii=False).encode()
        assert refusal(body) is None
