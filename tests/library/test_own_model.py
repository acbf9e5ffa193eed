"""A model that only somebody's own file describes: rehearsed from its manifest to its clip, without a key."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner import ExitCode, Status, open_project
from batchrunner.sandbox import record
from tests.catalog.test_models import described
from tests.io.test_images import png
from tests.library.opened import LoopClock
from tests.moved_time import MovedLoop

MANIFEST = """\
version: 1
name: batch
model: minimax/example-i2v
models: [ours.yaml]
jobs:
  - {id: one, prompt: She waves, first_frame_image: https://example.com/a.jpg, duration: 10}
  - {id: two, prompt: He waves, first_frame_image: frame.png}
"""
PRICE = {"read": "2026-11-20", "rows": [{"usd_per_second": "0.05"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "batch.yaml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "frame.png").write_bytes(png(512, 288))
    return tmp_path


def describe(folder: Path, **changed: Any) -> None:
    written = {**described(), "price": PRICE, **changed}
    (folder / "ours.yaml").write_text(json.dumps(written, default=str), encoding="utf-8")


@pytest.mark.parametrize("path", ["minimax/example-i2v/async", "minimax/example-i2v"])
def test_a_model_of_ones_own_is_rehearsed_to_its_clip_and_charged_by_its_price(folder: Path, path: str) -> None:
    describe(folder, path=path)
    project = open_project(folder / "batch.yaml", sandbox=True)
    project = replace(project, clock=LoopClock(), loop_factory=MovedLoop)

    with project.run(approve=project.plan()) as run:
        run.wait()

    assert run.exit_code is ExitCode.DONE
    assert {row.identity.name: row.status for row in project.status().rows} == dict.fromkeys(
        ("one", "two"), Status.DONE
    )
    charged = record(project.paths.folder / "service.jsonl")
    assert {(charge.model, charge.amount_usd) for charge in charged.charges} == {
        ("minimax/example-i2v", Decimal("0.50")),
        ("minimax/example-i2v", Decimal("0.30")),
    }
    assert len(charged.uploads) == 1
    assert charged.leaks == ()
