"""Where the shipped data lies: inside the wheel, or at the top of a checkout."""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@cache
def data_root() -> Path:
    """The folder that holds `schemas/` and `jobs-examples/`."""
    inside_wheel = _PACKAGE / "_data"
    return inside_wheel if inside_wheel.is_dir() else _PACKAGE.parent


def read_text(path: str) -> str:
    """The text of one shipped file, by its path below the data root: `schemas/report.schema.json`."""
    return (data_root() / path).read_text(encoding="utf-8")


def read_bytes(path: str) -> bytes:
    """The bytes of one file that lies inside the package itself: `sandbox/clip.mp4`."""
    return (_PACKAGE / path).read_bytes()


def read_package_text(path: str) -> str:
    """The text of one file that lies inside the package itself: `storage/sqlite/migrations/version_1.sql`."""
    return (_PACKAGE / path).read_text(encoding="utf-8")


def package_files(folder: str, ending: str) -> list[str]:
    """The paths of all files below a folder of the package whose names end so, sorted; for `read_package_text`."""
    found = (path for path in (_PACKAGE / folder).rglob(f"*{ending}"))
    return sorted(path.relative_to(_PACKAGE).as_posix() for path in found)
