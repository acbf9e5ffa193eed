"""`versions`: every clip that was ever paid for, what was different each time, and which is current and why."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.decision import DecisionKind
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Behaviour, Fault
from batchrunner.storage.run_lock import run_lock
from tests.engine.test_decisions import decide
from tests.engine.test_receipts import cloned, write
from tests.studio import Studio, manifest_text

TEXT = manifest_text("a", "b", "c")
SMILING = TEXT.replace("variant a", "variant a, smiling")
LARGE = SMILING.replace("720p", "4k", 1)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Job `a` has three clips, `b` one and a redo that failed, and `c` is called `d` now."""
    folder = tmp_path / "film"
    folder.mkdir()
    studio = Studio(folder)
    for text in (TEXT, SMILING, LARGE):
        studio.write(text)
        studio.run()
    studio.options = Behaviour(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    decide(studio, DecisionKind.REDO, "b")
    studio.options = Behaviour(latency_s=60)
    studio.write(LARGE.replace("id: c", "id: d"))
    studio.run()
    return studio


def told(capsys: pytest.CaptureFixture[str], studio: Studio, *words: str) -> dict[str, list[dict[str, Any]]]:
    """By job, what `versions -o json` tells."""
    capsys.readouterr()
    assert outcome(["versions", str(studio.manifest), *words, "-o", "json"]) == ExitCode.DONE
    return {job["id"]: job["versions"] for job in json.loads(capsys.readouterr().out)["jobs"]}


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command shows, without its times."""
    capsys.readouterr()
    assert outcome(list(words)) == ExitCode.DONE
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d \S+", "TIME", capsys.readouterr().out)


def test_each_clip_is_shown_with_what_was_different(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(studio.folder)
    assert (
        shown(capsys, "versions", "batch.yaml", "a", "b")
        == """\
a
  v1       TIME  $2.58 billed  on first
           outputs/batch/versions/a.v1.mp4
           prompt: The character waves, variant a
           google/veo-3.1-i2v, aspectRatio 16:9, durationSeconds 8, image https://example.com/a.jpg, resolution 720p
  v2       TIME  $2.58 billed  on first
           outputs/batch/versions/a.v2.mp4
           prompt: The character waves, variant a{+, smiling+}
  current  TIME  $3.86 billed  on first
           outputs/batch/a.mp4; current: newest
           resolution: 720p → 4k

b
  current  TIME  $2.58 billed  on first
           outputs/batch/b.mp4; current: newest
           prompt: The character waves, variant b
           google/veo-3.1-i2v, aspectRatio 16:9, durationSeconds 8, image https://example.com/b.jpg, resolution 720p
  -        TIME  $2.58 billed  on first
           failed, paid: provider_error: ProviderError: the model could not render this video
           the same prompt and settings

5 versions of 2 jobs, $14.17
"""
    )


def test_what_left_the_manifest_and_what_was_taken_over_are_told_and_nothing_is_counted_twice(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = told(capsys, studio)
    assert [(name, len(each)) for name, each in versions.items()] == [("a", 3), ("b", 2), ("d", 1), ("c", 1)]
    (taken,), (paid,) = versions["d"], versions["c"]
    assert (taken["taken_over_from"], taken["cost_usd"], paid["taken_over_from"]) == ("c", 0, None)
    assert taken["task_id"] == paid["task_id"]
    cost_usd = sum(each["cost_usd"] for versions in versions.values() for each in versions)
    assert cost_usd == pytest.approx(float(studio.booked_usd()))
    assert cost_usd == pytest.approx(float(sum(charge.amount_usd for charge in studio.record().charges)))


def test_a_difference_can_be_read_by_programs(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = told(capsys, studio, "a")["a"]
    assert (first["prompt_difference"], first["changed"]) == ([], [])
    assert second["prompt_difference"] == [["same", "The character waves, variant a"], ["added", ", smiling"]]
    assert third["changed"] == [{"field": "resolution", "old": "720p", "new": "4k"}]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--select", "changed:*"], ["a"]),
        (["--exclude", "a,status:failed"], ["d", "c"]),
        (["model:*"], ["a", "b", "d", "c"]),
    ],
)
def test_jobs_are_chosen_by_the_usual_words(
    studio: Studio, capsys: pytest.CaptureFixture[str], words: list[str], names: list[str]
) -> None:
    studio.write(LARGE.replace("id: c", "id: d").replace("smiling", "frowning"))
    assert [*told(capsys, studio, *words)] == names


def test_why_a_clip_is_the_current_one(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    name = str(studio.manifest)

    def why(job: str) -> list[tuple[str, str]]:
        found = [each for each in told(capsys, studio, job)[job] if each["current"]]
        return [(Path(each["file"]).name, each["why"]) for each in found]

    studio.write(LARGE.replace("id: c", "id: d").replace("variant b", "variant x"))
    assert why("b") == [("b.mp4", "newest; the job was edited since: prompt")]
    outcome(["accept", name, "b"])
    [(_, accepted)] = why("b")
    assert re.fullmatch(r"accepted on \S+, [-\d]+ [:\d]+ \S+, although the job differs in prompt", accepted)

    outcome(["pick", name, "a", "v1"])
    [(file, picked)] = why("a")
    assert file == "a.mp4"
    assert re.fullmatch(r"picked on \S+, .+, although the job differs in prompt, resolution", picked)

    studio.write(SMILING.replace("id: c", "id: d"))
    studio.run()
    assert why("a") == [("a.mp4", "the job asks for it again")]


def test_a_clone_tells_the_same_from_receipts_alone_and_which_files_are_missing(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome(["pick", str(studio.manifest), "a", "v1"])
    here = told(capsys, studio)
    write(studio)
    clone = cloned(studio, studio.folder.with_name("clone"))

    there = told(capsys, clone)

    same = (
        "version",
        "prompt",
        "prompt_difference",
        "changed",
        "cost_usd",
        "submitted_at",
        "host",
        "file",
        "current",
        "why",
    )
    assert {name: [[each[key] for key in same] for each in found] for name, found in there.items()} == {
        name: [[each[key] for key in same] for each in found] for name, found in here.items()
    }
    assert {each["state"] for found in there.values() for each in found} == {"missing", "failed"}
    assert not (clone.folder / ".batchrunner").exists(), "nothing is written"


def test_it_needs_no_lock_no_key_and_no_valid_manifest(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MODELLIX_API_KEY", raising=False)
    studio.manifest.write_text(f"{studio.manifest.read_text(encoding='utf-8')}  - nonsense\n", encoding="utf-8")
    with run_lock(studio.project.folder, "batch", ""):
        assert "5 versions of 2 jobs" in shown(capsys, "versions", str(studio.manifest), "a", "b")


def test_where_nothing_was_paid_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studio = Studio(tmp_path)
    studio.write(TEXT)
    assert shown(capsys, "versions", str(studio.manifest)) == "nothing was paid yet\n"


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (Fault.SUBMIT_503_AFTER, "unknown", "$2.58 reserved"),
        (Fault.TASK_FAILED, "failed", "failed, paid: "),
        (Fault.TASK_MODERATED, None, "nothing was paid yet"),
    ],
)
def test_what_was_paid_without_a_clip_is_told_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: Fault, state: str | None, words: str
) -> None:
    studio = Studio(tmp_path, Behaviour(latency_s=60, faults={fault: 1.0}))
    studio.write(manifest_text("a"))
    studio.run(retries=0)
    assert [each["state"] for each in told(capsys, studio)["a"]] == [state] * (state is not None)
    assert words in shown(capsys, "versions", str(studio.manifest))


def test_pick_shows_what_there_is_to_pick(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(studio.folder)
    whole = shown(capsys, "pick", "batch.yaml", "a")
    assert whole.startswith("a\n  v1       TIME  $2.58 billed")
    assert "prompt: The character waves, variant a{+, smiling+}" in whole
    assert whole.endswith("\nto put it back: `batchrunner pick batch.yaml a v2`\n")
    assert shown(capsys, "pick", "batch.yaml", "b").endswith("\nb has no older clips to pick\n")

    assert outcome(["pick", "batch.yaml", "a", "v9"]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("a\n  v1  ")
    assert said.err.endswith("a has no version v9: there are v1, v2\n")


def test_the_history_of_a_job_has_what_each_attempt_asked_for(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [line.partition("  ")[2] for line in shown(capsys, "status", str(studio.manifest), "a").splitlines()]
    for line in (
        "attempt 1: prompt: The character waves, variant a",
        "attempt 2: prompt: The character waves, variant a{+, smiling+}",
        "attempt 3: resolution: 720p → 4k",
    ):
        assert said.count(line) == 1
