"""A hostile file server: it trickles, lies about what it serves, and never ends."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault, HttpAnswer
from batchrunner.sandbox.exchange import pieces
from tests.engine.audit import audit
from tests.io.films import film
from tests.studio import CTRL_C, Studio, manifest_text, send

# trickling


def trickling(answer: Responder) -> Responder:
    """A way on which clips come a byte every ten seconds."""

    async def slowly(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        found = await answer(method, target, headers, body)
        if target.startswith("/api/"):
            return found

        async def drops() -> object:
            async for piece in pieces(b"".join([chunk async for chunk in found.chunks]), 1):
                await asyncio.sleep(10)
                yield piece

        return HttpAnswer(found.status, found.headers, drops())  # type: ignore[arg-type]

    return slowly


def test_rendered_clips_that_trickle_hold_no_submits(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, concurrency=10, faults={Fault.DOWNLOAD_CUT: 1.0}))
    studio.write(manifest_text(*(f"old{number}" for number in range(10))))
    assert studio.run().exit_code is ExitCode.WORK_LEFT
    studio.options = SandboxOptions(latency_s=60, concurrency=10)
    studio.write(manifest_text(*(f"old{number}" for number in range(10)), "new"))
    studio.way = trickling
    began_s, submits = studio.clock_s, len(studio.submits())

    studio.run()

    [new] = studio.submits()[submits:]
    assert new.at_s < began_s + 120


def test_clips_that_trickle_end_a_run_that_somebody_wants_to_leave(tmp_path: Path) -> None:
    studio = Studio(tmp_path, way=trickling)
    studio.write(manifest_text("a", "b"))

    ended = studio.run(meanwhile=send(CTRL_C, studio=studio, after_s=90))

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert ended.seconds < 90 + 6 * 120
    assert studio.statuses() == {"a": Status.RENDERED, "b": Status.RENDERED}


# what broke off


def test_a_clip_that_breaks_off_again_and_again_comes_piece_by_piece(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, concurrency=10, faults={Fault.DOWNLOAD_CUT: 0.8}, seed=3))
    studio.write(manifest_text("a", "b", "c"))
    ranges: list[str] = []

    def way(answer: Responder) -> Responder:
        async def seen(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            if "range" in headers:
                ranges.append(headers["range"])
            return await answer(method, target, headers, body)

        return seen

    studio.way = way
    assert studio.run().exit_code is ExitCode.DONE
    assert ranges
    audit(studio)
    assert not list(tmp_path.rglob(".*.part"))


# what is no clip


def serving(body: bytes, **headers: str) -> Callable[[Responder], Responder]:
    """A way on which every clip is this instead."""

    def way(answer: Responder) -> Responder:
        async def served(method: str, target: str, *rest: Any) -> Answered:
            found = await answer(method, target, *rest)
            if target.startswith("/api/"):
                return found
            return HttpAnswer(200, {"content-length": str(len(body)), **headers}, pieces(body))

        return served

    return way


HOLLOW = film(pictures=bytes(320))


def test_what_cannot_be_verified_is_kept_beside_its_name_and_can_be_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    studio = Studio(tmp_path, way=serving(HOLLOW))
    studio.write(manifest_text("a"))

    ended = studio.run()

    odd = studio.clip("a").with_name("a.odd.mp4")
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert [step.hold_reason for step in ended.steps.values()] == [HoldReason.FETCH_FAILED]
    assert odd.read_bytes() == HOLLOW
    assert studio.statuses() == {"a": Status.RENDERED}
    assert any("kept as outputs/batch/a.odd.mp4" in note.text for note in studio.told(EventKind.NOTE))

    downloads = sum(asked.is_download for asked in studio.asked)
    assert downloads == 6
    assert studio.run().exit_code is ExitCode.WORK_LEFT  # it is asked for once more, and is the same
    assert sum(asked.is_download for asked in studio.asked) == downloads + 1
    assert [path.name for path in odd.parent.iterdir()] == ["a.odd.mp4"]

    assert outcome(["accept", str(studio.manifest), "a"]) == ExitCode.DONE
    assert "a: outputs/batch/a.mp4 is now its clip, as you decided: it could not be verified" in capsys.readouterr().out
    assert studio.clip("a").read_bytes() == HOLLOW
    assert studio.statuses() == {"a": Status.DONE}
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1


def test_another_file_that_cannot_be_verified_takes_no_name_away(tmp_path: Path) -> None:
    studio = Studio(tmp_path, way=serving(HOLLOW))
    studio.write(manifest_text("a"))
    studio.run()
    studio.way = serving(HOLLOW + HOLLOW)
    studio.run()
    folder = studio.clip("a").parent
    assert sorted(path.name for path in folder.iterdir()) == ["a.odd.2.mp4", "a.odd.mp4"]
    assert (folder / "a.odd.mp4").read_bytes() == HOLLOW
    studio.way = lambda answer: answer
    assert studio.run().exit_code is ExitCode.DONE


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b'{"code": 403}', bytes(4000)])
def test_what_is_no_film_at_all_is_not_kept(tmp_path: Path, body: bytes) -> None:
    studio = Studio(tmp_path, way=serving(body))
    studio.write(manifest_text("a"))
    assert studio.run().exit_code is ExitCode.WORK_LEFT
    assert not list(studio.clip("a").parent.glob("*"))
    assert not list(studio.clip("a").parent.glob(".*"))


# how much


def test_a_clip_that_is_too_large_waits_for_a_word_and_stops_nobody_else(tmp_path: Path) -> None:
    studio = Studio(tmp_path, way=serving(b"x", **{"content-length": str(3 << 30)}))
    studio.write(manifest_text("a", "b", head="settings: {download_limit: 2GiB}\n"))

    ended = studio.run(download_limit_bytes=2 << 30)

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert [step.reason for step in ended.steps.values()] == [
        "its clip is not downloaded: it is larger than 2 GiB: `download_limit` in the manifest's settings allows more"
    ] * 2
    assert len(studio.submits()) == 2


def test_a_clip_for_which_the_disk_has_no_room_ends_the_submits_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchrunner.io.download.shutil.disk_usage", lambda _: SimpleNamespace(free=1 << 30))
    studio = Studio(tmp_path, way=serving(b"x", **{"content-length": str(3 << 30)}))
    studio.write(manifest_text("a", "b", "c"))

    ended = studio.run(concurrency=1)

    assert ended.steps[next(iter(ended.steps))].reason == ("cannot write its clip: 3 GiB are needed, 1 GiB are free")
    assert any("3 GiB are needed, 1 GiB are free" in halt.text for halt in studio.told(EventKind.HALT))
    assert len(studio.submits()) == 2  # the second one left while the first clip came
