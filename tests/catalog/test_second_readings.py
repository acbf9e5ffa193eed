"""The descriptions of the models and a second reading of the same pages must agree on every request.

What the reading calls wrong, the validator refuses; what is only worth a look gets a warning and no error; of what
nobody can tell there is no error. What is taken is sent as it was meant.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import combinations, islice, product
from pathlib import Path
from typing import Any

import pytest

from batchrunner.catalog import ROLE_WORDS, shipped
from batchrunner.domain.problem import Code, Problem
from batchrunner.manifest.load import Manifest, load
from tests.catalog.field_kinds import ABSENT, URL, Typed, Word
from tests.catalog.second_readings import READINGS, WORDS, Body, Reading, Verdict
from tests.catalog.test_agreement import VALUES, VEO

Values = tuple[object, ...]
Fields = Mapping[str, Typed]
every_model = pytest.mark.parametrize("slug", READINGS)

# What is worth a look in any request, whatever its model.
OF_ANY_MODEL = {Code.EQUAL_REQUESTS, Code.PLAIN_LINK}

_FRAME = {"first_frame_image": URL}
# Sound requests, in each of the ways in which the inputs of a model may stand together.
BASES: Mapping[str, Sequence[Body]] = {
    "google/veo-3.1-lite-i2v": [{"prompt": "She waves", "image": URL, "durationSeconds": "8"}],
    "vidu/viduq3-turbo-i2v": [_FRAME],
    "vidu/viduq3-turbo-fl2v": [{**_FRAME, "last_frame_image": URL}],
    "alibaba/happyhorse-1.0-i2v": [_FRAME],
    "minimax/hailuo-2.3-i2v": [_FRAME],
    "bytedance/seedance-2.0-fast-i2v": [
        {"prompt": "She waves", **_FRAME, "execution_expires_after": 3600},
        {"prompt": "[Image 1] waves", "reference_images": [URL], "execution_expires_after": 3600},
    ],
    "bytedance/seedance-1.5-pro-i2v": [{"prompt": "She waves", **_FRAME, "execution_expires_after": 3600}],
    "alibaba/wan2.7-i2v": [
        {"first_frame": URL, "duration": 5},
        {"first_clip": "https://example.com/a.mp4", "duration": 5},
    ],
    "kling/kling-v2.6-i2v": [{"image": URL, "duration": 5}, {"image": URL, "duration": 5, "sound": "on"}],
}

_LINK: Values = (ABSENT, URL)
_PROMPT: Values = (ABSENT, "She waves", "")
_SWITCH: Values = (ABSENT, True, False)
# Enough of each field to meet every rule between fields, all at once.
CROSSED: Mapping[str, Mapping[str, Values]] = {
    "google/veo-3.1-lite-i2v": {
        "prompt": _PROMPT,
        "image": _LINK,
        "lastFrame": _LINK,
        "negativePrompt": (ABSENT, "blurry"),
        "aspectRatio": (ABSENT, "16:9", "9:16", "1:1"),
        "durationSeconds": (ABSENT, "4", "6", "8", "5"),
        "resolution": (ABSENT, "720p", "1080p", "4k"),
        "personGeneration": (ABSENT, "allow_adult"),
    },
    "vidu/viduq3-turbo-i2v": {
        "first_frame_image": _LINK,
        "prompt": _PROMPT,
        "duration": (ABSENT, 0, 1, 8, 16, 17),
        "resolution": (ABSENT, "540p", "720p", "1080p", "4k"),
        "seed": (ABSENT, -1, 7),
        "last_frame_image": _LINK,
    },
    "vidu/viduq3-turbo-fl2v": {
        "first_frame_image": _LINK,
        "last_frame_image": _LINK,
        "prompt": _PROMPT,
        "duration": (ABSENT, 0, 1, 8, 16, 17),
        "resolution": (ABSENT, "540p", "720p", "1080p", "4k"),
        "seed": (ABSENT, -1, 7),
    },
    "alibaba/happyhorse-1.0-i2v": {
        "first_frame_image": _LINK,
        "prompt": _PROMPT,
        "duration": (ABSENT, 2, 3, 8, 15, 16),
        "resolution": (ABSENT, "720P", "1080P", "540P"),
        "seed": (ABSENT, 0, 7, 2_147_483_647),
        "ratio": (ABSENT, "16:9"),
    },
    "minimax/hailuo-2.3-i2v": {
        "first_frame_image": _LINK,
        "prompt": _PROMPT,
        "prompt_optimizer": _SWITCH,
        "fast_pretreatment": _SWITCH,
        "duration": (ABSENT, 5, 6, 10),
        "resolution": (ABSENT, "768P", "1080P", "720P"),
    },
    "bytedance/seedance-2.0-fast-i2v": {
        "prompt": (ABSENT, "She waves", "[Image 2] waves", "[Audio 2] plays", "[Image 3], [Audio 1]"),
        "first_frame_image": _LINK,
        "last_frame_image": _LINK,
        "reference_images": (ABSENT, [URL], [URL] * 3),
        "audio_urls": (ABSENT, [URL]),
        "ratio": (ABSENT, "21:9"),
        "resolution": (ABSENT, "480p", "1080p"),
        "duration": (ABSENT, 4, 16),
        "camera_fixed": (ABSENT, True),
        "generate_audio": _SWITCH,
        "execution_expires_after": (3600,),
    },
    "bytedance/seedance-1.5-pro-i2v": {
        "prompt": _PROMPT,
        "first_frame_image": _LINK,
        "last_frame_image": _LINK,
        "ratio": (ABSENT, "adaptive", "9:16"),
        "resolution": (ABSENT, "480p", "1080p", "4k"),
        "duration": (ABSENT, 3, 12),
        "seed": (ABSENT, -1),
        "camera_fixed": (ABSENT, False),
        "generate_audio": _SWITCH,
        "execution_expires_after": (3600,),
    },
    "alibaba/wan2.7-i2v": {
        "first_frame": _LINK,
        "last_frame": _LINK,
        "first_clip": _LINK,
        "driving_audio": _LINK,
        "prompt": _PROMPT,
        "negative_prompt": (ABSENT, "blurry"),
        "resolution": (ABSENT, "720P", "1080P", "540P"),
        "duration": (ABSENT, 1, 2, 15),
        "prompt_extend": _SWITCH,
        "seed": (ABSENT, 0),
    },
    "kling/kling-v2.6-i2v": {
        "image": _LINK,
        "prompt": _PROMPT,
        "sound": (ABSENT, "on", "off"),
        "voice_ids": (ABSENT, ["a"], ["a", "b"], ["a", "b", "c"]),
        "mode": (ABSENT, "std", "pro", "4k"),
        "duration": (ABSENT, 5, 10, 6),
    },
}
MOST_BODIES = 20_000


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readings") / "film.yaml"


def disagreements(path: Path, slug: str, written: Iterable[Fields]) -> list[str]:
    """How the two differ on many requests, which are judged many at a time."""
    found: list[str] = []
    values = iter(written)
    while some := list(islice(values, 300)):
        path.write_text(_manifest(slug, some), encoding="utf-8")
        manifest = load(path)
        found += filter(None, map(_compared(manifest, READINGS[slug]), range(len(some)), some))
    return found


def _manifest(slug: str, written: Sequence[Fields]) -> str:
    """JSON is YAML: each value stands there exactly as it is."""
    jobs = [
        {"id": f"job-{number}"} | {name: each.value for name, each in values.items() if each.value is not ABSENT}
        for number, values in enumerate(written)
    ]
    lines = "".join(f"  - {json.dumps(job, ensure_ascii=False)}\n" for job in jobs)
    return f"version: 1\nmodel: {slug}\njobs:\n{lines}"


# Where the jobs of `_manifest` begin, each on a line of its own.
FIRST_LINE = 4


def _compared(manifest: Manifest, reading: Reading) -> Any:
    sent = {job.name: dict(job.body) for job in manifest.jobs}
    told: dict[str, list[str]] = {}
    refused = {name for problem in manifest.errors for name in _hit(problem)}
    warned: dict[str, list[Code]] = {}
    for problem in manifest.problems:
        for name in _hit(problem):
            told.setdefault(name, []).append(f"{problem.code}: {problem.message}")
            if problem.code not in OF_ANY_MODEL:
                warned.setdefault(name, []).append(problem.code)

    def compared(number: int, written: Fields) -> str | None:
        name = f"job-{number}"
        meant = {field: each.meant for field, each in written.items() if each.meant is not ABSENT}
        verdict, said = reading.verdict(meant), "; ".join(told.get(name, ["nothing"]))
        is_taken = name in sent and name not in refused
        agrees = {
            Verdict.WRONG: not is_taken,
            Verdict.WARNED: is_taken and name in warned,
            Verdict.OPEN: is_taken,
            Verdict.FINE: is_taken and name not in warned,
        }[verdict]
        if agrees and is_taken and _is_other(sent[name], meant):
            return f"{meant} is sent as {sent[name]}"
        return None if agrees else f"{meant} is {verdict.name} to the reading, and we say: {said}"

    return compared


def _hit(problem: Problem) -> set[str]:
    """The jobs with a problem: those that it names, and that on whose line it is."""
    return {*problem.jobs, f"job-{problem.location.line - FIRST_LINE}"}


def _is_other(sent: Body, meant: Body) -> bool:
    """Whether two bodies differ in JSON, where `true` is not 1."""
    return json.dumps(sent, sort_keys=True) != json.dumps(meant, sort_keys=True)


@cache
def tries(slug: str, name: str) -> tuple[Typed, ...]:
    return tuple(READINGS[slug].fields[name].tries)


def as_typed(body: Body) -> dict[str, Typed]:
    return {name: Typed(value, value) for name, value in body.items()}


def test_every_shipped_model_has_a_second_reading() -> None:
    assert {*READINGS, *VEO} == set(shipped().slugs)
    assert READINGS.keys() == CROSSED.keys() == BASES.keys() == WORDS.keys()


@every_model
def test_a_description_has_the_fields_and_documented_defaults_of_the_reading(slug: str) -> None:
    model, reading = shipped().find(slug), READINGS[slug]
    assert model is not None
    assert model.fields.keys() - reading.unconfirmed == reading.fields.keys()
    assert set(model.required) == reading.required
    assert model.defaults == reading.defaults
    assert model.path == f"{slug}/async"


@every_model
def test_the_base_requests_are_sound(slug: str, film: Path) -> None:
    assert all(READINGS[slug].verdict(base) in {Verdict.FINE, Verdict.OPEN} for base in BASES[slug])
    assert disagreements(film, slug, map(as_typed, BASES[slug])) == []


@every_model
def test_they_agree_on_every_value_of_every_field(slug: str, film: Path) -> None:
    fields = READINGS[slug].fields
    written = (
        {**as_typed(base), name: each}
        for base in BASES[slug]
        for name, kind in fields.items()
        for each in (*kind.tries, *kind.ends)
    )
    assert disagreements(film, slug, written) == []


@every_model
def test_they_agree_on_fields_that_another_model_has(slug: str, film: Path) -> None:
    """A field that the pages do not name is not sent: the service may refuse it, or ignore it and be paid."""
    reading = READINGS[slug]
    others = {"watermark", "cfg_scale", *VALUES, *(name for each in READINGS.values() for name in each.fields)}
    theirs = sorted(others - reading.fields.keys() - reading.unconfirmed - _meant_by_a_role(slug))
    written = ({**as_typed(base), name: Typed("7", "7")} for base in BASES[slug] for name in theirs)
    assert disagreements(film, slug, written) == []


def _meant_by_a_role(slug: str) -> set[str]:
    """What means a field of this model, being another model's name for the same."""
    model = shipped().find(slug)
    assert model is not None
    roles = {name: shipped().role_of(name) for each in shipped() for name in each.fields}
    return {name for name, role in roles.items() if role is not None and model.field(role) is not None}


@every_model
@pytest.mark.parametrize("word", ROLE_WORDS)
def test_a_word_of_manifests_means_the_field_of_the_reading(slug: str, word: str, film: Path) -> None:
    """A picture under a wrong name might be ignored, and the clip be paid."""
    name = WORDS[slug].get(word, "")
    bodies = [{**base, **({name: _sound(slug, name)} if name else {})} for base in BASES[slug]]
    body = min(bodies, key=READINGS[slug].verdict)
    written = as_typed({**body, word: body.get(name, "7")})
    if word != name:
        written.pop(name, None)
    film.write_text(_manifest(slug, [written]), encoding="utf-8")
    manifest = load(film)
    assert [dict(job.body) for job in manifest.jobs if not manifest.errors] == ([body] if name else [])


def _sound(slug: str, name: str) -> object:
    kind = READINGS[slug].fields[name]
    return next(each.value for each in kind.tries if each.value is not ABSENT and kind.fits(each.value))


@every_model
def test_a_word_that_a_field_lists_may_be_written_without_quotes(slug: str, film: Path) -> None:
    """YAML takes `16:9` for a number, and `on` for a switch."""
    words = {name: kind.words for name, kind in READINGS[slug].fields.items() if isinstance(kind, Word)}
    base = BASES[slug][0]
    every = [(name, word) for name, those in words.items() for word in those]
    jobs = [{**base, "id": f"job-{number}", name: f"<{word}>"} for number, (name, word) in enumerate(every)]
    text = "".join(f"  - {json.dumps(job)}\n" for job in jobs).replace('"<', "").replace('>"', "")
    film.write_text(f"version: 1\nmodel: {slug}\njobs:\n{text}", encoding="utf-8")
    assert [dict(job.body) for job in load(film).jobs] == [{**base, name: word} for name, word in every]


@every_model
@pytest.mark.untraced
def test_they_agree_wherever_fields_can_be_at_odds_with_each_other(slug: str, film: Path) -> None:
    crossed = CROSSED[slug]
    bodies = [dict(zip(crossed, values, strict=True)) for values in product(*crossed.values())]
    assert len(bodies) <= MOST_BODIES
    assert disagreements(film, slug, map(as_typed, bodies)) == []


@every_model
@pytest.mark.untraced
def test_they_agree_on_every_value_beside_every_other_value(slug: str, film: Path) -> None:
    written = (
        {**as_typed(base), one: value, other: beside}
        for base in BASES[slug]
        for one, other in combinations(READINGS[slug].fields, 2)
        for value, beside in product(tries(slug, one), tries(slug, other))
    )
    assert disagreements(film, slug, written) == []
