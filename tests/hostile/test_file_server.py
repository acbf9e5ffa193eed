"""A hostile file server: it trickles, lies about what it serves, and never ends."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from batchrunner.errors import Exit
from batchrunner.sandbox import Answer, Fault
from batchrunner.sandbox import Options as SandboxOptions
from batchrunner.sandbox.exchange import pieces
from batchrunner.transport import Answered, Answering
from tests.studio import Studio, manifest_text

# trickling


def trickling(answer: Answering) -> Answering:
    """A way on which clips come a byte every ten seconds."""

    async def slowly(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        found = await answer(method, target, headers, body)
        if target.startswith("/api/"):
            return found

        async def drops() -> object:
            async for piece in pieces(b"".join([chunk async for chunk in found.chunks]), 1):
                await asyncio.sleep(10)
                yield piece

        return Answer(found.status, found.headers, drops())  # type: ignore[arg-type]

    return slowly


def test_rendered_clips_that_trickle_hold_no_submits(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, concurrency=10, faults={Fault.DOWNLOAD_CUT: 1.0}))
    studio.write(manifest_text(*(f"old{number}" for number in range(10))))
    assert studio.run().exit_code is Exit.WORK_LEFT
    studio.options = SandboxOptions(latency_s=60, concurrency=10)
    studio.write(manifest_text(*(f"old{number}" for number in range(10)), "new"))
    studio.way = trickling
    began_s, submits = studio.clock_s, len(studio.submits())

    studio.run()

    [new] = studio.submits()[submits:]
    assert new.at_s < began_s + 120
