"""Where each clip goes: a pattern becomes a path inside the manifest's folder, one for each job."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from batchrunner.manifest.drafts import Draft
from batchrunner.manifest.nodes import Scalar
from batchrunner.manifest.variables import Names, VariableProblem, fill, text_node
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Problems

_LONGEST_NAME = 200
# Source: Windows' reserved names; a clip that bears one cannot be copied there.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_HINT = "write a path such as `outputs/${manifest.name}/${job.id}.mp4`"


@dataclass(slots=True)
class Outputs:
    """Gives each draft its path, and sees to it that no two share one, even on a disk that ignores case."""

    manifest: str
    profile: str
    problems: Problems
    _taken: dict[str, str] = field(default_factory=dict)

    def path(self, pattern: str, place: Place, draft: Draft) -> str | None:
        """The path of one draft's clip, relative to the manifest's folder; None where it is a problem."""
        try:
            path = self._filled(pattern, place, draft)
        except VariableProblem as error:
            self.problems.add(error.problem)
            return None
        wrong = _fault(path)
        if wrong:
            self.problems.add(Problem(Code.BAD_OUTPUT, place, f"`output` {wrong}", _HINT, "output", draft.names))
            return None
        path = self._of_profile(PurePosixPath(path))
        first = self._taken.setdefault(path.casefold(), draft.name)
        if first != draft.name:
            said = f"`output` gives {draft.name} and {first} the same file: {path}"
            self.problems.add(
                Problem(Code.OUTPUT_COLLISION, place, said, "put `${job.id}` into it", "output", draft.names)
            )
        return path

    def _filled(self, pattern: str, place: Place, draft: Draft) -> str:
        job = {"id": text_node(draft.name, place), "model": text_node(draft.model.replace("/", "-"), place)}
        manifest = {"name": text_node(self.manifest, place)}
        why_not = dict.fromkeys(("row", "matrix", "vars", "env"), "it has a meaning only in the job's own `output`")
        found = fill(text_node(pattern, place), Names({"job": job, "manifest": manifest}, why_not))
        return found.text if isinstance(found, Scalar) else ""

    def _of_profile(self, path: PurePosixPath) -> str:
        """A profile has a folder of its own beside the clips that it is not to touch."""
        return str(path.parent / self.profile / path.name if self.profile else path)


def _fault(path: str) -> str | None:
    parts = PurePosixPath(path).parts
    if path.startswith(("/", "~")) or ".." in parts or "\\" in path or re.match(r"[A-Za-z]:", path):
        return "leaves the manifest's folder"
    if not path.endswith(".mp4") or parts[-1] == ".mp4":
        return "must name an .mp4 file"
    if not path.isprintable() or any(part != part.strip() or len(part.encode()) > _LONGEST_NAME for part in parts):
        return "is no usable file name"
    if any(_RESERVED.fullmatch(part) or re.search(r'[<>:"|?*]', part) for part in parts):
        return "is a name that some systems cannot store"
    if any(part.startswith(".") or part == "versions" for part in parts):
        return "uses a name that is kept for batchrunner: hidden files and `versions`"
    return None
