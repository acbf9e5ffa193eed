"""The live view at three widths, in four moments, as files: `python -m tests.cli.live_captures` writes them.

The moments are those of a night of 5,000 clips; each begins on an empty screen.
"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from batchrunner.cli.progress import ConsoleProgress
from batchrunner.domain.event import Event, EventKind, Progress, RunEvent
from batchrunner.domain.observation import ErrorClass
from batchrunner.domain.status import Status
from batchrunner.io.clock import Clock
from tests.cli.pseudo_terminal import on_terminal
from tests.moved_time import EVENING_S

FOLDER = Path(__file__).parent / "captures"
WIDTHS = (200, 80, 40)
LIMIT = Decimal(13_000)


class Evening(Clock):
    """18:00 UTC."""

    def wall_s(self) -> float:
        return EVENING_S


def done(*jobs: str) -> Iterable[Event]:
    return (RunEvent(EventKind.DONE, f"outputs/night/sequence-010/{job}.mp4", job) for job in jobs)


MOMENTS: dict[str, tuple[Event, ...]] = {
    "start": (
        Progress(
            {Status.RUNNING: 20, Status.PENDING: 4_980},
            Decimal("51.52"),
            3.0,
            "",
            limit_usd=LIMIT,
            slots_used=20,
            slots_known=20,
        ),
    ),
    "waiting": (
        *done("sh0010-wave", "sh0020-turn", "sh0030-kettle"),
        RunEvent(EventKind.NOTE, "the service accepts no requests for a while"),
        Progress(
            {Status.DONE: 2_113, Status.RUNNING: 20, Status.RENDERED: 3, Status.PENDING: 2_864},
            Decimal("5504.192"),
            9_300.0,
            "the service asks for a pause of another 12 min, and says that it is sorry for that; nobody knows more",
            waits_s=2_820.0,
            limit_usd=LIMIT,
            slots_used=20,
            slots_known=20,
        ),
    ),
    "failing": (
        *done(
            "sh0010-wave", "sh0020-\N{CJK UNIFIED IDEOGRAPH-6CE2}\N{CJK UNIFIED IDEOGRAPH-6D6A}", "sh0030-" + "x" * 60
        ),
        RunEvent(EventKind.FAILED, "the model could not render this video", "sh0040-door"),
        RunEvent(EventKind.UNKNOWN, "the connection was cut", "sh0050-lamp"),
        Progress(
            {Status.DONE: 2_500, Status.RUNNING: 19, Status.UNKNOWN: 1, Status.FAILED: 130, Status.PENDING: 2_350},
            Decimal("6823.80"),
            11_100.0,
            "",
            10_900.0,
            limit_usd=LIMIT,
            slots_used=19,
            slots_known=20,
            failures={ErrorClass.MODERATION: 93, ErrorClass.PROVIDER: 35, ErrorClass.INVALID: 2},
        ),
    ),
    "end": (
        *done("sh4980-wave", "sh4990-turn", "sh5000-kettle"),
        Progress(
            {Status.DONE: 4_862, Status.RUNNING: 1, Status.UNKNOWN: 1, Status.FAILED: 136},
            Decimal("12880.00"),
            22_000.0,
            "",
            4.0,
            limit_usd=LIMIT,
            slots_used=1,
            slots_known=20,
            failures={ErrorClass.MODERATION: 99, ErrorClass.PROVIDER: 35, ErrorClass.INVALID: 2},
        ),
    ),
}


def captured(moment: str, width: int) -> str:
    """The screen in a moment."""
    with on_terminal(width) as terminal:
        console = ConsoleProgress(Evening(), quiet=False)
        for event in MOMENTS[moment]:
            console(event)
        return terminal.picture()


def path_of(moment: str, width: int) -> Path:
    return FOLDER / f"{moment}-{width}.txt"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in MOMENTS:
        for columns in WIDTHS:
            path_of(each, columns).write_text(captured(each, columns), encoding="utf-8")
