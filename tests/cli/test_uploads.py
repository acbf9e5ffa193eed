"""`uploads`: what was uploaded for a project, and deleting what no open task needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.status import Status
from batchrunner.domain.uploaded_image import UPLOAD_LIFE_S, Upload
from batchrunner.errors import ExitCode
from batchrunner.io.clock import Clock
from batchrunner.io.http import Answered, Responder
from batchrunner.providers.credentials import Credentials
from batchrunner.storage.open import open_ledger, read_ledger
from batchrunner.storage.paths import ProjectPaths, find_project
from batchrunner.storage.run_lock import run_lock
from tests.io.test_images import png
from tests.moved_time import DAY_S
from tests.studio import Studio

HEAD = "version: 1\nname: batch\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8, resolution: 720p}\njobs:\n"


@dataclass
class Rehearsal(Studio):
    """A batch that ran with `--sandbox`: its state lies where that option looks for it."""

    key: str = "mdlx-sandbox"
    api: str = "http://127.0.0.1"

    @property
    def project(self) -> ProjectPaths:
        return find_project(self.manifest, sandbox=True)

    @property
    def state(self) -> Path:
        return self.project.folder / "service.jsonl"

    def uploaded(self, *names: str) -> None:
        """A finished batch of one job a picture, each with bytes of its own."""
        for name in names:
            (self.folder / f"{name}.png").write_bytes(png(16, 9) + name.encode())
        self.write(HEAD + "".join(f"  - {{id: {name}, prompt: Job {name}, image: {name}.png}}\n" for name in names))
        self.state.parent.mkdir(parents=True, exist_ok=True)
        self.run()

    def ids(self) -> dict[str, str]:
        """The service's id of each picture, by its name."""
        return {Path(upload.filename).stem: upload.file_id for upload in self.record().uploads}

    def kept(self) -> set[str]:
        """What the service still has."""
        return {path.stem for path in (self.state.parent / f"{self.state.name}.files").iterdir()}

    def asked_for(self, capsys: pytest.CaptureFixture[str], *options: str) -> str:
        """What `uploads --sandbox` prints."""
        capsys.readouterr()
        assert outcome(["uploads", str(self.manifest), "--sandbox", *options]) == ExitCode.DONE
        return capsys.readouterr().out


@pytest.fixture
def batch(tmp_path: Path) -> Rehearsal:
    """It begins at this very hour, which is the hour of the commands that look at it."""
    return Rehearsal(tmp_path, clock_s=Clock().wall_s() - 600)


def test_each_upload_is_listed_with_its_size_and_age(batch: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    batch.uploaded("a", "b")
    lines = batch.asked_for(capsys).splitlines()
    assert [line.split()[0] for line in lines] == list(batch.ids().values())
    assert all("0.0 MiB" in line and "min ago" in line for line in lines), lines


def test_what_is_over_is_said_to_be(batch: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    batch.clock_s -= UPLOAD_LIFE_S
    batch.uploaded("a")
    assert "expired: it is uploaded again when needed" in batch.asked_for(capsys)


@pytest.mark.parametrize("options", [(), ("--prune",)])
def test_where_nothing_was_uploaded_that_is_said(
    batch: Rehearsal, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    batch.write(HEAD + "  - {id: a, prompt: x, image: 'https://example.com/a.jpg'}\n")
    shown = batch.asked_for(capsys, *options)
    assert shown.strip() in {"nothing was uploaded", "0 images deleted, 0 kept"}


def test_listing_changes_nothing(batch: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    batch.uploaded("a")
    before = batch.state.read_bytes()
    batch.asked_for(capsys)
    assert batch.state.read_bytes() == before


def test_pruning_deletes_what_is_idle(batch: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    batch.uploaded("a", "b")
    assert batch.asked_for(capsys, "--prune") == "2 images deleted, 0 kept\n"
    assert batch.kept() == set()
    assert batch.asked_for(capsys) == "nothing was uploaded\n"
    assert batch.asked_for(capsys, "--prune") == "0 images deleted, 0 kept\n"


def test_pictures_of_open_tasks_are_kept(batch: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    batch.uploaded("done")
    (batch.folder / "open.png").write_bytes(png(32, 18))
    batch.write(
        HEAD + "  - {id: done, prompt: Job done, image: done.png}\n"
        "  - {id: open, prompt: Job open, image: https://example.com/a.jpg, lastFrame: open.png}\n"
    )
    batch.run(task_timeout_s=10)
    assert batch.statuses() == {"done": Status.DONE, "open": Status.RUNNING}

    assert batch.asked_for(capsys, "--prune") == "1 image deleted, 1 kept\n"

    assert batch.kept() == {batch.ids()["open"]}
    assert batch.asked_for(capsys).split()[0] == batch.ids()["open"]
    batch.clock_s = Clock().wall_s()
    batch.run()
    assert batch.statuses() == {"done": Status.DONE, "open": Status.DONE}


def test_a_picture_of_an_unknown_submit_is_kept(batch: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    """It may have been accepted: then its task still needs the picture."""
    batch.uploaded("first")
    batch.way = _losing_answers
    (batch.folder / "lost.png").write_bytes(png(32, 18))
    batch.write(HEAD + "  - {id: lost, prompt: Job lost, image: lost.png}\n")
    batch.run()
    assert batch.statuses()["lost"] is Status.UNKNOWN

    assert batch.asked_for(capsys, "--prune") == "1 image deleted, 1 kept\n"
    assert batch.kept() == {batch.ids()["lost"]}


def _losing_answers(answer: Responder) -> Responder:
    async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        found = await answer(method, target, headers, body)
        if method == "POST" and "media" not in target:
            raise ConnectionResetError("cut for this test")
        return found

    return answered


def test_a_pruned_picture_is_uploaded_again_when_it_is_needed(
    batch: Rehearsal, capsys: pytest.CaptureFixture[str]
) -> None:
    batch.uploaded("a")
    batch.asked_for(capsys, "--prune")

    batch.clock_s = Clock().wall_s()
    batch.write(HEAD + "  - {id: a, prompt: Job a, image: a.png}\n  - {id: b, prompt: Job b, image: a.png}\n")
    batch.run()

    assert batch.statuses() == {"a": Status.DONE, "b": Status.DONE}
    assert len(batch.record().uploads) == 2


def test_what_others_uploaded_to_the_account_is_left_alone(
    batch: Rehearsal, capsys: pytest.CaptureFixture[str]
) -> None:
    batch.uploaded("a")
    elsewhere = batch.folder / "other"
    elsewhere.mkdir()
    other = Rehearsal(elsewhere, clock_s=batch.clock_s)
    other.uploaded("b")
    batch.asked_for(capsys, "--prune")
    assert other.kept() == set(other.ids().values())


def test_a_picture_that_is_gone_already_counts_as_deleted(batch: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    batch.uploaded("a")
    with open_ledger(batch.project.ledger) as ledger:
        [known] = ledger.uploads.all()
        ledger.uploads.record(
            Upload("0" * 64, 9, "file-nowhere", known.url, known.at_s), batch.api, batch_digest(batch)
        )
    assert batch.asked_for(capsys, "--prune") == "2 images deleted, 0 kept\n"


def batch_digest(batch: Rehearsal) -> str:
    return Credentials(batch.api, batch.key).key_digest


def test_pruning_needs_a_key_and_listing_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODELLIX_API_KEY", raising=False)
    monkeypatch.delenv("MODELLIX_API_KEY_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    studio = Studio(tmp_path, clock_s=Clock().wall_s() - DAY_S)
    (tmp_path / "a.png").write_bytes(png(16, 9))
    studio.write(HEAD + "  - {id: a, prompt: x, image: a.png}\n")
    studio.run()

    assert outcome(["uploads", str(studio.manifest)]) == ExitCode.DONE
    assert outcome(["uploads", str(studio.manifest), "--prune"]) == ExitCode.REFUSED
    with read_ledger(studio.project.ledger) as ledger:
        assert len(ledger.uploads.all()) == 1


def test_nothing_is_pruned_while_a_run_of_the_project_is_at_work(
    batch: Rehearsal, capsys: pytest.CaptureFixture[str]
) -> None:
    batch.uploaded("a")
    before = batch.kept()
    with run_lock(batch.project.folder, "another", "2026-11-23T18:00:00Z"):
        assert outcome(["uploads", str(batch.manifest), "--prune", "--sandbox"]) == ExitCode.LOCKED
    assert "a run is active and may need them" in capsys.readouterr().err
    assert batch.kept() == before
