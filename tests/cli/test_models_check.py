"""`models check`: what is compared, how it is told, what it ends with, and what is remembered of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from batchrunner.app import published_pages
from batchrunner.cli.commands import models_check
from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode, UsageError
from batchrunner.io.http import Http
from batchrunner.storage.contract_memory import SeenContract, remember_contract, seen_contract
from tests.catalog.published import SLUG, published, without_4k
from tests.io.in_process import Answered, Service, answered
from tests.moved_time import in_moved_time


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This person's own state folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "batchrunner" / "contracts"


def kept(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "api_schema.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def test_a_contract_that_is_as_published_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["models", "check", SLUG, "--offline-file", str(kept(tmp_path, published()))]) == ExitCode.DONE
    assert capsys.readouterr().out.splitlines()[0] == f"{SLUG}: as published"
    seen = seen_contract(SLUG)
    assert seen.checked_at
    assert seen.drifted == ()


def test_drift_is_shown_field_by_field_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(schema: dict[str, Any]) -> None:
        without_4k(schema)
        schema["required"].append("image")
        schema["properties"]["seed"] = {"type": "integer"}
        del schema["properties"]["personGeneration"]
        schema["properties"]["referenceImages"]["maxItems"] = 5

    document = published(change=change)
    document["servers"][0]["url"] = document["servers"][0]["url"].removesuffix("/async")
    arguments = ["models", "check", SLUG, "--offline-file", str(kept(tmp_path, document))]
    assert outcome(arguments) == ExitCode.FAILED
    shown = capsys.readouterr().out
    assert f"{SLUG}: differs from what is published in 6 places; its runs wait for --accept-drift" in shown
    rows = {line.split()[0]: line for line in shown.splitlines() if line}
    assert rows["path"].split() == ["path", f"{SLUG}/async", SLUG]
    assert rows["required"].endswith("image, prompt")
    assert rows["resolution.enum"].split("  ")[-1].strip() == "1080p, 720p"
    assert rows["seed"].split() == ["seed", "-", "integer"]
    assert rows["personGeneration"].split() == ["personGeneration", "string", "-"]
    assert rows["referenceImages.maxItems"].split() == ["referenceImages.maxItems", "3", "5"]

    assert outcome([*arguments, "-o", "json"]) == ExitCode.FAILED
    (told,) = json.loads(capsys.readouterr().out)["models"]
    assert (told["model"], told["compared"], told["failure"]) == (SLUG, True, None)
    assert {each["at"] for each in told["differences"] if each["drift"]} == {
        "path", "required", "resolution.enum", "seed", "personGeneration", "referenceImages.maxItems",
    }  # fmt: skip
    assert seen_contract(SLUG).published == told["published"]


def test_what_only_we_limit_and_what_is_odd_is_told_and_no_drift(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(schema: dict[str, Any]) -> None:
        del schema["properties"]["prompt"]["minLength"]
        schema["properties"]["image"]["pattern"] = "https?://.*"

    document = kept(tmp_path, published(change=change))
    assert outcome(["models", "check", SLUG, "--offline-file", str(document)]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert "only described here, so less is asked than is allowed: prompt.minLength 1" in shown
    assert "odd in what is published: image: its pattern is not compared: https?://.*" in shown


def test_a_folder_holds_a_document_for_each_model_and_one_that_is_missing_is_no_drift(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kept" / "google").mkdir(parents=True)
    (tmp_path / "kept" / f"{SLUG}.json").write_text(json.dumps(published()), encoding="utf-8")
    assert outcome(["models", "check", "--offline-file", str(tmp_path / "kept")]) == ExitCode.WORK_LEFT
    shown = capsys.readouterr().out
    assert f"{SLUG}: as published" in shown
    assert "google/veo-3.1-fast-i2v: not compared: " in shown


def test_what_cannot_be_read_is_not_compared_and_not_remembered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = kept(tmp_path, "{}\x1b[2J")
    assert outcome(["models", "check", SLUG, "--offline-file", str(document)]) == ExitCode.WORK_LEFT
    assert "not compared: what is published cannot be read: it is not JSON" in capsys.readouterr().out
    assert seen_contract(SLUG) == SeenContract()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("google/veo-3.1-i2w",), "there is no model google/veo-3.1-i2w: did you mean google/veo-3.1-i2v?"),
        (("--offline-file", "nowhere.json"), "nowhere.json describes one model: name it"),
    ],
)
def test_what_cannot_be_checked_is_said(capsys: pytest.CaptureFixture[str], more: tuple[str, ...], words: str) -> None:
    assert outcome(["models", "check", *more]) == ExitCode.USAGE
    assert words in capsys.readouterr().err


def test_a_model_of_a_manifest_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text(
        "like: google/veo-3.1-i2v\nslug: google/veo-9\npath: google/veo-9\n", encoding="utf-8"
    )
    manifest = tmp_path / "film.yaml"
    manifest.write_text("version: 1\nmodels: mine.yaml\nmodel: google/veo-9\njobs: []\n", encoding="utf-8")
    document = published()
    document["servers"][0]["url"] = "https://api.modellix.ai/api/v1/google/veo-9"
    arguments = ["models", "check", "google/veo-9", "--offline-file", str(kept(tmp_path, document))]
    assert outcome([*arguments, "--manifest", str(manifest)]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("google/veo-9: as published\n")


def asked_pages(answer: Any, monkeypatch: pytest.MonkeyPatch) -> Service:
    """`models check` with these answers instead of the network."""
    service = Service(answer)

    async def fetched(addresses: Any, http: Http) -> dict[str, bytes | str]:
        await http.close()
        return await published_pages.fetch_pages(addresses, service.http())

    monkeypatch.setattr(models_check, "fetch_pages", fetched)
    return service


def test_the_site_is_asked_without_a_key_and_no_redirect_is_followed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELLIX_API_KEY", "mdlx-0123456789")

    def answer(target: str) -> Answered:
        if target.endswith("/google/veo-3.1-i2v/api_schema"):
            return answered(json.dumps(published()).encode())
        return answered(status=302, headers={"location": "https://evil.example/"})

    service = asked_pages(answer, monkeypatch)
    assert outcome(["models", "check", SLUG, "google/veo-3.1-fast-i2v"]) == ExitCode.WORK_LEFT
    assert sorted((method, target) for method, target, _ in service.asked) == [
        ("GET", "www.modellix.ai/models/google/veo-3.1-fast-i2v/api_schema"),
        ("GET", "www.modellix.ai/models/google/veo-3.1-i2v/api_schema"),
    ]
    assert not [headers for _, _, headers in service.asked if {"authorization", "cookie"} & headers.keys()]
    other = "google/veo-3.1-fast-i2v"
    said = f"{other}: not compared: https://www.modellix.ai/models/{other}/api_schema: it answered 302"
    assert said in capsys.readouterr().out


def test_a_page_of_more_than_8_mib_is_none() -> None:
    service = Service(lambda _: answered(*[b" " * (1 << 20)] * 9))
    address = published_pages.schema_page(SLUG)
    found = in_moved_time(lambda _: published_pages.fetch_pages([address], service.http()))
    assert found == {address: f"{address}: the answer is too large"}


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", "[" * 10_000, " " * 20_000,
        '{"checked_at": "x", "published": "", "here": "", "drifted": [], "accepted": "", "paid": []}',
        '{"checked_at": "", "published": "../x", "here": "", "drifted": [], "accepted": "", "paid": []}',
        '{"checked_at": "", "published": "", "here": "", "drifted": [1], "accepted": "", "paid": []}',
        '{"checked_at": "", "published": "", "here": "", "drifted": ["a\\u001b"], "accepted": "", "paid": []}',
        '{"checked_at": "", "published": "", "here": "", "drifted": [], "accepted": "", "paid": [], "more": 1}',
    ],
)  # fmt: skip
def test_a_record_that_nobody_wrote_so_is_refused_with_its_place(state: Path, text: str) -> None:
    (state / "google").mkdir(parents=True)
    (state / f"{SLUG}.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="was not written by batchrunner: delete it, and check the model"):
        seen_contract(SLUG)


def test_what_is_remembered_is_read_again_and_bounded(state: Path) -> None:
    digest = "a" * 64
    seen = SeenContract("2026-11-23T02:00:00Z", digest, digest, ("a.enum",), digest, (digest,))
    remember_contract(SLUG, seen)
    assert seen_contract(SLUG) == seen
    remember_contract(SLUG, SeenContract(drifted=("x" * 500 + "\x1b",) * 500, paid=(digest,) * 500))
    assert len(seen_contract(SLUG).drifted) == 40
    assert (state / f"{SLUG}.json").stat().st_size < 16_384


@pytest.mark.parametrize("slug", ["veo", "../a/b", "a/../b", "a/..", "/a/b", "a" * 100 + "/" + "b" * 100])
def test_nothing_is_kept_of_what_is_no_name_of_a_model(state: Path, slug: str) -> None:
    remember_contract(slug, SeenContract("2026-11-23T02:00:00Z"))
    assert seen_contract(slug) == SeenContract()
    assert not state.exists()
