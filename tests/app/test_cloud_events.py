"""The events of a run: valid, without secrets, and enough to rebuild its report, whenever they end."""

import errno
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.app.event_file import EventFile
from batchrunner.cli.main import outcome
from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.io.files import Root
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from tests.app.told_events import PAGE, SCHEMA, events_in, report_from, run
from tests.engine.disks import Kill, KillingDisk, Moment
from tests.studio import CTRL_C, KEY, Studio, manifest_text, send

# As in tests/engine/test_kill_at_every_write.py: one of the four fails, and one download is cut.
FAULTS = SandboxOptions(
    latency_s=60, faults={Fault.TASK_FAILED: 0.25, Fault.DOWNLOAD_CUT: 0.3}, seed=1, balance_usd=Decimal(100)
)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    studio = Studio(tmp_path / "film", FAULTS)
    studio.folder.mkdir()
    studio.write(manifest_text("a", "b", "c", "d", head="profiles: {draft: {resolution: 720p}}\n"))
    return studio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "night.jsonl"


def rebuilt(file: Path) -> dict[str, Any]:
    events_in(file)
    return report_from(file.read_text(encoding="ascii").splitlines())


def reported(studio: Studio, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `batchrunner report -o json` says afterwards, from the ledger."""
    capsys.readouterr()
    assert outcome(["report", str(studio.manifest), "-o", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def types(file: Path, subject: str | None = None) -> list[str]:
    found = events_in(file)
    return [event["type"].removeprefix("batchrunner.") for event in found if subject in {None, event.get("subject")}]


# the report


def test_the_report_of_a_run_can_be_rebuilt_from_its_events(
    studio: Studio, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(studio, file)

    assert told["counts"] == {"done": 3, "failed": 1}
    assert told["cost"]["actual_usd"] > 0
    assert rebuilt(file) == told
    later = reported(studio, capsys)
    for part in ("jobs", "departed", "counts", "cost", "manifest", "profile", "run_id", "exit_code"):
        assert rebuilt(file)[part] == later[part]


def test_a_job_is_told_when_something_of_it_changes(studio: Studio, file: Path) -> None:
    run(studio, file)
    done = next(job["id"] for job in rebuilt(file)["jobs"] if job["status"] == "done")
    failed = next(job["id"] for job in rebuilt(file)["jobs"] if job["status"] == "failed")
    assert [each for each in types(file, done) if each != "run.note"] == [
        "job.pending",
        "job.running",
        "job.rendered",
        "job.done",
    ]
    assert types(file, failed)[:2] == ["job.pending", "job.running"]
    assert types(file, failed)[-1] == "job.failed"
    (last,) = [e["data"] for e in events_in(file) if e.get("subject") == failed and e["type"].endswith(".failed")]
    assert last["job"]["error"]["class"] == "provider"
    assert last["attempt"]["is_charged"] == (last["job"]["cost_usd"] > 0)
    assert (types(file)[0], types(file)[-1]) == ("run.started", "run.ended")


def test_what_never_changes_is_told_once_a_run(studio: Studio, file: Path) -> None:
    run(studio, file)
    run(studio, file)
    told = [event for event in events_in(file) if event["type"].startswith("batchrunner.job.")]
    whole = [(event["data"]["run_id"], event["subject"]) for event in told if "prompt" in event["data"]["job"]]
    assert whole == [(run_id, name) for run_id in (1, 2) for name in ("a", "b", "c", "d")]
    assert len(told) > len(whole)


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("number", [3, 5, 7, 9, 12, 15, 18, 21, 24, 27, 30])
def test_a_run_that_is_killed_and_the_next_one_tell_the_report_in_one_file(
    studio: Studio, file: Path, capsys: pytest.CaptureFixture[str], number: int, moment: Moment
) -> None:
    disk = KillingDisk(number, moment)
    with pytest.raises(Kill):
        run(studio, file, disk)
    assert disk.killed
    if file.exists():
        ahead = {job["id"]: job for job in rebuilt(file)["jobs"] if job["task_id"]}
        known = {job["id"]: job for job in reported(studio, capsys)["jobs"]}
        # nothing is told before it is on record
        assert [name for name, job in ahead.items() if job["task_id"] != known[name]["task_id"]] == []
        assert [name for name, job in ahead.items() if job["status"] == "done" != known[name]["status"]] == []

    told = run(studio, file)

    assert rebuilt(file) == told
    later = reported(studio, capsys)
    assert rebuilt(file)["jobs"] == later["jobs"]
    assert rebuilt(file)["cost"] == later["cost"]
    ids = [event["id"] for event in events_in(file)]
    assert len(ids) == len(set(ids))


def test_jobs_that_left_the_manifest_and_further_runs_are_told_like_the_report(
    studio: Studio, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(studio, file)
    studio.write(manifest_text("d", "a", "e").replace("variant a", "another a"))
    told = run(studio, file)
    assert {job["id"] for job in told["departed"]} == {"b", "c"}
    assert [job["id"] for job in rebuilt(file)["jobs"]] == ["d", "a", "e"]
    assert rebuilt(file) == told
    later = reported(studio, capsys)
    assert (rebuilt(file)["jobs"], rebuilt(file)["departed"]) == (later["jobs"], later["departed"])


@pytest.mark.parametrize(
    ("options", "more", "status"),
    [
        (SandboxOptions(latency_s=60), {"max_cost": Decimal(3)}, "pending"),
        (SandboxOptions(latency_s=60), {"limit": 1}, "pending"),
        (SandboxOptions(latency_s=60, balance_usd=Decimal(3)), {}, "pending"),
        (SandboxOptions(latency_s=60, faults={Fault.TASK_MODERATED: 1.0}), {}, "failed"),
        (SandboxOptions(latency_s=60, faults={Fault.SUBMIT_CUT_AFTER: 1.0}), {}, "unknown"),
        (SandboxOptions(latency_s=60, faults={Fault.RATE_LIMITED: 0.5}, seed=2), {}, "done"),
    ],
    ids=["cost limit", "limit", "balance", "moderated", "unknown", "429"],
)
def test_whatever_holds_or_ends_a_job_is_told_as_in_the_report(
    studio: Studio, file: Path, options: SandboxOptions, more: dict[str, Any], status: str
) -> None:
    studio.options = options
    told = run(studio, file, **more)
    assert status in told["counts"]
    assert rebuilt(file) == told


def test_a_run_that_somebody_ends_tells_how_its_jobs_stand(studio: Studio, file: Path) -> None:
    studio.options = SandboxOptions(latency_s=600)
    told = run(studio, file, meanwhile=send(CTRL_C, CTRL_C, studio=studio, after_s=100))
    assert told["counts"] == {"running": 4}
    assert rebuilt(file) == told


# what is in them


def test_every_type_is_documented_and_the_schema_has_the_names_of_a_report() -> None:
    schema: Any = SCHEMA.schema
    report = json.loads((Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    assert schema["$defs"]["job"]["properties"] == report["$defs"]["job"]["properties"]
    whole = {name: each for name, each in report["properties"].items() if name not in {"jobs", "departed"}}
    assert schema["$defs"]["head"]["properties"] == whole
    rules = [rule["if"]["properties"]["type"] for rule in schema["allOf"]]
    named = {name for rule in rules for name in (rule.get("enum") or [rule.get("const")]) if name}
    for name in named:
        assert f"`{name}`" in PAGE or f"`.{name.rpartition('.')[2]}`" in PAGE
    assert schema["allOf"][-1]["then"]["properties"]["type"]["enum"] == [f"batchrunner.job.{each}" for each in Status]


@pytest.mark.parametrize(
    "broken",
    [{"specversion": "0.3"}, {"type": "batchrunner.job.lost"}, {"data": {}}, {"time": "yesterday"}, {"id": ""}],
    ids=str,
)
def test_the_schema_can_refuse(studio: Studio, file: Path, broken: dict[str, Any]) -> None:
    run(studio, file)
    event = next(event for event in events_in(file) if "subject" in event)
    assert SCHEMA.is_valid(event)
    assert not SCHEMA.is_valid({**event, **broken})


def test_no_key_and_no_signed_link_is_in_any_event(studio: Studio, file: Path) -> None:
    link = "https://bucket.s3.amazonaws.com/a.jpg?X-Amz-Signature=s3cr3t&X-Amz-Expires=60"
    text = studio.manifest.read_text(encoding="utf-8")
    studio.write(text.replace("https://example.com/a.jpg", f'"{link}"'))
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 0.5, Fault.DOWNLOAD_CUT: 0.5}, seed=3)
    run(studio, file)
    written = file.read_text(encoding="ascii")
    assert "s3cr3t" not in written
    assert KEY not in written
    assert "bucket.s3.amazonaws.com/a.jpg" in written


def test_no_event_is_a_command_to_whoever_shows_it(studio: Studio, file: Path) -> None:
    nasty = "waves ##[add-mask]x ##vso[task] \\n::error::x \\e[2J \\u202e"
    text = studio.manifest.read_text(encoding="utf-8")
    studio.write(text.replace("The character waves, variant a", f'"{nasty}"'))
    told = run(studio, file)
    assert "::error::x" in told["jobs"][0]["prompt"]
    written = file.read_text(encoding="ascii")
    assert all(line.isprintable() for line in written.splitlines())
    assert "##[" not in written
    assert "##vso[" not in written
    assert rebuilt(file) == told


# where they go


def test_an_event_that_cannot_be_written_ends_the_events_and_not_the_run(studio: Studio, file: Path) -> None:
    lines: list[str] = []

    def write(line: str) -> None:
        if len(lines) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        lines.append(line)

    told = run(studio, file, write=write)

    assert told["counts"] == {"done": 3, "failed": 1}
    assert len(lines) == 3
    notes = [event.text for event in studio.told(EventKind.NOTE) if "events" in event.text]
    assert notes == ["no more events are written: No space left on device; the run goes on"]


def test_a_line_that_was_cut_stays_alone(studio: Studio, file: Path) -> None:
    file.write_text('{"specversion": "1.0", "id', encoding="ascii")
    told = run(studio, file)
    cut, *others = file.read_text(encoding="ascii").splitlines()
    assert cut == '{"specversion": "1.0", "id'
    assert report_from([cut, *others]) == told


def test_a_disk_that_is_full_for_a_while_leaves_whole_lines_behind_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Root(file.parent)
    write, really = EventFile(file, root), Root.append
    write("first")

    def half(self: Root, path: Path, data: bytes, *, durably: bool = True) -> None:
        really(self, path, data[: len(data) // 2], durably=durably)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Root, "append", half)
        with pytest.raises(OSError, match="No space"):
            write("second")
    write("third")
    assert file.read_text(encoding="ascii").splitlines() == ["first", "sec", "third"]


def test_a_thing_is_told_once(studio: Studio, file: Path) -> None:
    run(studio, file)
    rows = [(event["subject"], json.dumps(event["data"])) for event in events_in(file) if "subject" in event]
    assert len(rows) == len(set(rows))
