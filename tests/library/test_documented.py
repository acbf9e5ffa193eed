"""docs/library.md: each of its programs runs as it stands there."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import batchrunner
from batchrunner import Project, open_project
from tests.library.opened import LoopClock
from tests.moved_time import MovedLoop, in_moved_time
from tests.studio import API, KEY, Studio, manifest_text

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the manifest that the page speaks of; time moves, and the service is the imitated one."""
    text = manifest_text("hero-wave", "kettle", head="profiles: {draft: {resolution: 720p}}\n")
    (tmp_path / "shots.yaml").write_text(text, encoding="utf-8")
    clock, studio = LoopClock(), Studio(tmp_path)
    endpoint = studio.endpoint(clock)

    def opened(*arguments: Any, **options: Any) -> Project:
        project = open_project(*arguments, **options)
        return replace(project, clock=clock, loop_factory=MovedLoop, connect=lambda _: endpoint)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODELLIX_API_KEY", KEY)
    monkeypatch.setenv("MODELLIX_BASE_URL", API)
    monkeypatch.setattr(batchrunner, "open_project", opened)
    monkeypatch.setattr(asyncio, "run", lambda main: in_moved_time(lambda _: main))
    return tmp_path


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.splitlines()[0] for program in PROGRAMS])
def test_a_program_of_the_page_runs(program: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(program, str(PAGE), "exec"), {"__name__": "__main__"})  # that is what it is there for
    assert capsys.readouterr().out
    assert [path.name for path in folder.rglob("*.mp4")] or ".status()" in program


def test_the_programs_of_the_page_are_found() -> None:
    assert len(PROGRAMS) == 5
