"""The shipped models beside Veo 3.1: what each takes, refuses and reserves, as the pages that were read say it."""

from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.catalog import shipped, shipped_prices
from batchrunner.catalog.description_faults import faults
from batchrunner.catalog.loader import descriptions
from batchrunner.manifest.load import Manifest, load

LINK = "https://example.com/a.jpg"
CLIP, SOUND = "https://example.com/a.mp4", "https://example.com/a.mp3"
LITE, HAILUO = "google/veo-3.1-lite-i2v", "minimax/hailuo-2.3-i2v"
FAST, PRO = "bytedance/seedance-2.0-fast-i2v", "bytedance/seedance-1.5-pro-i2v"
WAN, KLING, HORSE = "alibaba/wan2.7-i2v", "kling/kling-v2.6-i2v", "alibaba/happyhorse-1.0-i2v"
TURBO, FRAMES = "vidu/viduq3-turbo-i2v", "vidu/viduq3-turbo-fl2v"
FIRST = f"first_frame_image: '{LINK}'"
LAST = f"last_frame_image: '{LINK}'"
ENDS = "execution_expires_after: 21600"


def read(folder: Path, slug: str, fields: str) -> Manifest:
    """The manifest of one job with these fields, in YAML's short form."""
    path = folder / "shots.yaml"
    path.write_text(f"version: 1\nmodel: {slug}\njobs:\n  - {{id: a, {fields}}}\n", encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("slug", "fields"),
    [
        (LITE, f"prompt: x, image: '{LINK}', durationSeconds: 8, resolution: 1080p"),
        (LITE, f"prompt: x, image: '{LINK}', lastFrame: '{LINK}', duration: 8, resolution: 720p, aspectRatio: '9:16'"),
        (TURBO, f"image: '{LINK}', duration: 16, resolution: 540p, seed: 7"),
        (FRAMES, f"{FIRST}, {LAST}, prompt: x, duration: 1"),
        (HORSE, f"{FIRST}, duration: 15, resolution: 720p"),
        (HAILUO, f"{FIRST}, duration: 10"),
        (HAILUO, f"{FIRST}, prompt: '[Pan left,Pedestal up] She waves', resolution: 1080P, fast_pretreatment: true"),
        (PRO, f"{LAST}, prompt: x, ratio: adaptive, {ENDS}, seed: -1"),
        (FAST, f"{FIRST}, {LAST}, prompt: x, aspectRatio: '4:3', {ENDS}"),
        (
            FAST,
            f"prompt: '[Image 2] [Audio 1]', referenceImages: ['{LINK}', '{LINK}'], audio_urls: ['{SOUND}'], {ENDS}",
        ),
        (FAST, f"prompt: 'as [Image 1]', {FIRST}, {ENDS}"),
        (WAN, f"image: '{LINK}', lastFrame: '{LINK}', driving_audio: '{SOUND}', duration: 2"),
        (WAN, f"first_clip: '{CLIP}', last_frame: '{LINK}', duration: 15"),
        (KLING, f"image: '{LINK}', sound: on, voice_ids: [a, b], mode: pro, duration: 10"),
        (KLING, f"image: '{LINK}', sound: off, duration: 5"),
    ],
)
def test_what_the_pages_show_is_taken_without_a_word(tmp_path: Path, slug: str, fields: str) -> None:
    manifest = read(tmp_path, slug, fields)
    assert [problem.message for problem in manifest.problems] == []
    assert len(manifest.jobs) == 1


@pytest.mark.parametrize(
    ("slug", "fields", "codes"),
    [
        (LITE, "prompt: x, duration: 8", ["missing-key"]),
        (LITE, f"prompt: x, image: '{LINK}', duration: 8, resolution: 4k", ["wrong-value"]),
        (TURBO, f"{FIRST}, duration: 17", ["wrong-value"]),
        (FRAMES, f"{FIRST}, prompt: x", ["missing-key"]),
        (HORSE, f"{FIRST}, duration: 2", ["wrong-value"]),
        (HAILUO, f"{FIRST}, duration: 10, resolution: 1080P", ["values-excluded"]),
        (PRO, f"prompt: x, {ENDS}", ["field-needed"]),
        (PRO, f"{FIRST}, prompt: x, duration: -1, {ENDS}", ["wrong-value"]),
        (FAST, f"{FIRST}, prompt: x, reference_images: ['{LINK}'], {ENDS}", ["fields-excluded"]),
        (FAST, f"{LAST}, prompt: x, reference_images: ['{LINK}'], {ENDS}", ["fields-excluded"]),
        (FAST, f"prompt: 'as [Image 2]', reference_images: ['{LINK}'], {ENDS}", ["picture-unnamed"]),
        (FAST, f"prompt: 'as [Audio 1]', {FIRST}, {ENDS}", ["picture-unnamed"]),
        (FAST, f"{FIRST}, prompt: x, execution_expires_after: 60", ["wrong-value"]),
        (WAN, f"first_clip: '{CLIP}', first_frame: '{LINK}', duration: 5", ["fields-excluded"]),
        (WAN, f"first_clip: '{CLIP}', driving_audio: '{SOUND}', duration: 5", ["fields-excluded"]),
        (WAN, f"last_frame: '{LINK}', duration: 5", ["fields-excluded"]),
        (WAN, "prompt: x, duration: 5", ["fields-excluded"]),
        (KLING, f"image: '{LINK}', lastFrame: '{LINK}', sound: off, duration: 5", ["unknown-key"]),
    ],
)
def test_what_the_pages_rule_out_is_an_error(tmp_path: Path, slug: str, fields: str, codes: list[str]) -> None:
    manifest = read(tmp_path, slug, fields)
    assert [problem.code.value for problem in manifest.problems] == codes
    assert len(manifest.errors) == len(codes)


@pytest.mark.parametrize(
    ("slug", "fields", "said"),
    [
        (LITE, f"prompt: x, image: '{LINK}', duration: 6, resolution: 1080p", "Google allows it with 8 only"),
        (LITE, f"prompt: x, image: '{LINK}', lastFrame: '{LINK}', duration: 6", "Lite may do the same"),
        (LITE, f"prompt: x, image: '{LINK}'", "no `durationSeconds` is given"),
        (HAILUO, f"{FIRST}, fast_pretreatment: true, prompt_optimizer: false", "does nothing without"),
        (PRO, f"{FIRST}, prompt: x", "up to 48 hours later"),
        (PRO, f"{FIRST}, {ENDS}", "no `prompt` is given"),
        (PRO, f"{FIRST}, prompt: {'x' * 2001}, {ENDS}", "more than 2,000 characters"),
        (FAST, f"{FIRST}, prompt: x", "up to 48 hours later"),
        (FAST, f"prompt: x, {ENDS}", "it may be refused"),
        (FAST, f"{FIRST}, prompt: {'x' * 2001}, {ENDS}", "more than 2,000 characters"),
        (WAN, f"first_frame: '{LINK}'", "no `duration` is given"),
        (KLING, f"image: '{LINK}', duration: 5", "no `sound` is given"),
        (KLING, f"image: '{LINK}', duration: 5, sound: off, voice_ids: [a]", "`voice_ids` need `sound`"),
        (KLING, f"image: '{LINK}', duration: 5, sound: on, voice_ids: [a, b, c]", "the maker two"),
        (KLING, f"image: '{LINK}', sound: off", "no `duration` is given"),
    ],
)
def test_what_is_not_certain_is_a_warning_and_never_an_error(tmp_path: Path, slug: str, fields: str, said: str) -> None:
    manifest = read(tmp_path, slug, fields)
    assert manifest.errors == ()
    (problem,) = manifest.problems
    assert said in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("slug", "fields", "sent"),
    [
        (KLING, f"image: '{LINK}', duration: 5, audio: true", ("sound", "on")),
        (KLING, f"image: '{LINK}', duration: 5, audio: off", ("sound", "off")),
        (PRO, f"{FIRST}, prompt: x, {ENDS}, audio: off", ("generate_audio", False)),
        (PRO, f"{FIRST}, prompt: x, {ENDS}, duration: '6'", ("duration", 6)),
        (HAILUO, f"{FIRST}, resolution: 768p", ("resolution", "768P")),
        (LITE, f"prompt: x, image: '{LINK}', duration: 8", ("durationSeconds", "8")),
    ],
)
def test_a_value_is_sent_as_the_model_spells_it(
    tmp_path: Path, slug: str, fields: str, sent: tuple[str, object]
) -> None:
    manifest = read(tmp_path, slug, fields)
    assert manifest.problems == ()
    (job,) = manifest.jobs
    name, value = sent
    assert (job.body[name], type(job.body[name])) == (value, type(value))


@pytest.mark.parametrize(
    ("slug", "fields", "most"),
    [
        (LITE, f"prompt: x, image: '{LINK}', duration: 8, resolution: 720p", "0.3360"),
        (LITE, f"prompt: x, image: '{LINK}'", "0.5376"),
        (TURBO, FIRST, "0.5060"),
        (FRAMES, f"{FIRST}, {LAST}, resolution: 1080p, duration: 10", "1.196"),
        (HORSE, FIRST, "1.145"),
        # the table is one of rates a second: 6 seconds at 768P are 0.324 and not 0.054
        (HAILUO, FIRST, "0.324"),
        (HAILUO, f"{FIRST}, duration: 10", "0.672"),
        (HAILUO, f"{FIRST}, resolution: 1080P", "0.72"),
        # sound is on unless it is switched off, and may cost as much again
        (PRO, f"{FIRST}, resolution: 720p", "0.598"),
        (PRO, f"{FIRST}, resolution: 720p, generate_audio: false", "0.299"),
        (PRO, FIRST, "1.196"),
        (FAST, f"{FIRST}, prompt: x, resolution: 480p", "0.69"),
        (WAN, f"first_frame: '{LINK}', duration: 5", "0.475"),
        (WAN, f"first_frame: '{LINK}', resolution: 720P", "0.975"),
        (KLING, f"image: '{LINK}', duration: 10, sound: off", "1.9"),
    ],
)
def test_the_upper_end_is_reserved(tmp_path: Path, slug: str, fields: str, most: str) -> None:
    (job,) = read(tmp_path, slug, fields).jobs
    assert shipped_prices().cost(job.request).high_usd == Decimal(most)


def test_a_clip_that_is_continued_has_no_price(tmp_path: Path) -> None:
    (job,) = read(tmp_path, WAN, f"first_clip: '{CLIP}', duration: 5").jobs
    assert not shipped_prices().knows(job.request)


@pytest.mark.parametrize("slug", [LITE, HAILUO, FAST, PRO, WAN, KLING, HORSE, TURBO, FRAMES])
def test_a_price_that_was_not_read_for_this_very_request_is_a_bound(slug: str) -> None:
    model = shipped().find(slug)
    assert model
    assert model.price
    assert model.price.bound == "upper"
    assert model.price.source.startswith("https://www.modellix.ai/blog/")


@pytest.mark.parametrize("slug", shipped().slugs)
def test_every_field_says_what_it_does_and_a_slip_in_a_name_is_found(slug: str) -> None:
    written = descriptions()[slug]
    fields = written["body"]["properties"]
    assert [name for name, field in fields.items() if not field["description"].endswith(".")] == []
    slipped = {**written, "latency_by": ["durations"]}
    assert [fault.path for fault in faults(slipped)] == [("latency_by", 0)]
