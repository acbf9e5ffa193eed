"""Local pictures on both sides of every limit: the descriptions agree with a second reading of the same pages."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from batchrunner.catalog import shipped
from batchrunner.domain.problem import Code
from batchrunner.io.images import read_image
from batchrunner.manifest.load import load
from tests.catalog.field_kinds import URL, Link, Picture
from tests.catalog.second_picture_readings import PICTURE_READINGS, SHOTS, Shot, picture_verdict
from tests.catalog.second_readings import READINGS, Body, Verdict
from tests.catalog.test_agreement import IMAGE_MODE, REFERENCE_MODE, VEO
from tests.catalog.test_second_readings import BASES

# A shape that is not the clip's is worth a look, and no matter of a model's limits.
OF_ANY_MODEL = {Code.EQUAL_REQUESTS, Code.IMAGE_SHAPE}
_OF_VEO: Mapping[str, Body] = {
    "image": {**IMAGE_MODE, "durationSeconds": "8"},
    "lastFrame": {**IMAGE_MODE, "durationSeconds": "8"},
    "referenceImages": REFERENCE_MODE,
}
LISTS = {"referenceImages", "reference_images"}


def picture_fields() -> Iterator[Any]:
    """Each field of each model that takes a picture, by the reading, with a request in which it may stand."""
    for slug in PICTURE_READINGS:
        for name, base in (_OF_VEO if slug in VEO else _fields_of(slug)).items():
            yield pytest.param(slug, name, base, id=f"{slug} {name}")


def _fields_of(slug: str) -> dict[str, Body]:
    fields = READINGS[slug].fields
    names = [name for name, kind in fields.items() if Picture() in (kind, getattr(kind, "of", None))]
    return {name: _base(slug, name) for name in names}


def _base(slug: str, name: str) -> Body:
    """The first sound request that is no worse with this field."""
    value = [URL] if name in LISTS else URL
    return min(BASES[slug], key=lambda base: READINGS[slug].verdict({**base, name: value}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("pictures")
    for shot in SHOTS:
        (found / shot.name).write_bytes(shot.content())
    return found


def test_the_pictures_are_what_they_claim_to_be(folder: Path) -> None:
    for shot in SHOTS:
        header, size_bytes = read_image(folder / shot.name)
        assert (header.kind, header.width, header.height) == (shot.kind, shot.width, shot.height)
        assert not shot.size_bytes or size_bytes == shot.size_bytes


def test_the_pictures_of_every_shipped_model_have_a_second_reading() -> None:
    assert PICTURE_READINGS.keys() == set(shipped().slugs)
    for slug, reading in READINGS.items():
        model = shipped().find(slug)
        assert model is not None
        assert model.pictures.keys() == _fields_of(slug).keys()
        sounds = {name for name, kind in reading.fields.items() if Link() in (kind, getattr(kind, "of", None))}
        assert {name for name in model.fields if name in model.links} == model.pictures.keys() | sounds


@pytest.mark.parametrize(("slug", "name", "base"), [*picture_fields()])
def test_they_agree_on_every_picture(slug: str, name: str, base: Body, folder: Path) -> None:
    problems = _told(folder, slug, [{**base, name: [shot.name] if name in LISTS else shot.name} for shot in SHOTS])
    assert [said for shot, told in zip(SHOTS, problems, strict=True) if (said := _compared(slug, shot, told))] == []


def _told(folder: Path, slug: str, bodies: Sequence[Body]) -> list[list[Any]]:
    """The problems of each of these jobs."""
    jobs = "".join(f"  - {json.dumps({'id': f'job-{number}', **body})}\n" for number, body in enumerate(bodies))
    path = folder / "film.yaml"
    path.write_text(f"version: 1\nmodel: {slug}\njobs:\n{jobs}", encoding="utf-8")
    found = load(path).problems
    return [[each for each in found if f"job-{number}" in each.jobs] for number in range(len(bodies))]


def _compared(slug: str, shot: Shot, told: list[Any]) -> str | None:
    verdict = picture_verdict(slug, shot)
    is_wrong = any(problem.severity == "error" for problem in told)
    is_warned = any(problem.code not in OF_ANY_MODEL for problem in told)
    agrees = is_wrong if verdict is Verdict.WRONG else not is_wrong and not (is_warned and verdict is Verdict.FINE)
    said = "; ".join(problem.message for problem in told) or "nothing"
    return None if agrees else f"{shot.name} is {verdict.name} to the reading, and we say: {said}"


@pytest.mark.parametrize(
    ("slug", "name"),
    [(slug, name) for slug, reading in READINGS.items() for name, kind in reading.fields.items() if kind == Link()],
)
def test_a_local_sound_or_clip_is_refused(slug: str, name: str, folder: Path) -> None:
    """The service's upload takes pictures only."""
    base = {"first_clip": {}}.get(name, BASES[slug][0])
    (told,) = _told(folder, slug, [{**base, name: SHOTS[0].name}])
    assert Code.BAD_LINK in {problem.code for problem in told}


@pytest.mark.parametrize(("slug", "name", "base"), [*picture_fields()])
@pytest.mark.parametrize("link", ["data:image/png;base64,AAAA", "oss://bucket/a.png"])
def test_a_picture_inside_of_a_link_is_refused_by_us_alone(
    slug: str, name: str, base: Body, link: str, folder: Path
) -> None:
    """Some models take them. A picture in a manifest is unreadable, and what `oss:` leads to only its owner knows."""
    (told,) = _told(folder, slug, [{**base, name: [link] if name in LISTS else link}])
    assert Code.BAD_LINK in {problem.code for problem in told}
