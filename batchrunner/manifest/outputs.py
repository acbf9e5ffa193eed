"""Where each clip goes: a pattern becomes a path inside the manifest's folder, one for each job."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from batchrunner.manifest.expand import Draft
from batchrunner.manifest.keys import shortened
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Problems

_LONGEST_NAME = 200
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def fill(pattern: str, place: Place, manifest: str, draft: Draft, problems: Problems) -> str | None:
    """The path of one draft's clip, relative to the manifest's folder; None where the pattern is a problem."""
    known = {"manifest.name": manifest, "job.id": draft.name, "job.model": draft.model.replace("/", "-")}
    unknown = [name for name in _VARIABLE.findall(pattern) if name not in known]
    if unknown:
        hint = f"known here: {', '.join(f'${{{name}}}' for name in known)}"
        said = f"there is no variable `{shortened(unknown[0])}` here"
        problems.add(Problem(Code.BAD_OUTPUT, place, said, hint, "output"))
        return None
    path = _VARIABLE.sub(lambda found: known[found[1]], pattern)
    wrong = _fault(path)
    if wrong:
        hint = "write a path such as `outputs/${manifest.name}/${job.id}.mp4`"
        problems.add(Problem(Code.BAD_OUTPUT, place, f"`output` {wrong}", hint, "output"))
        return None
    return str(PurePosixPath(path))


def _fault(path: str) -> str | None:
    parts = PurePosixPath(path).parts
    if path.startswith(("/", "~")) or ".." in parts or "\\" in path or re.match(r"[A-Za-z]:", path):
        return "leaves the manifest's folder"
    if not path.endswith(".mp4") or parts[-1] == ".mp4":
        return "must name an .mp4 file"
    if re.search(r"[\x00-\x1f\x7f]", path) or any(part != part.strip() or len(part) > _LONGEST_NAME for part in parts):
        return "is no usable file name"
    if any(part.startswith(".") or part == "versions" for part in parts):
        return "uses a name that is kept for batchrunner: hidden files and `versions`"
    return None


def check_collisions(paths: Mapping[str, tuple[str, Place]], problems: Problems) -> None:
    """No two jobs may share a file, even on a disk that ignores case. `paths`: job name → path and its place."""
    seen: dict[str, str] = {}
    for name, (path, place) in paths.items():
        first = seen.setdefault(path.casefold(), name)
        if first != name:
            said = f"`output` gives {name} and {first} the same file: {path}"
            problems.add(Problem(Code.OUTPUT_COLLISION, place, said, "put `${job.id}` into it", "output", (name,)))
