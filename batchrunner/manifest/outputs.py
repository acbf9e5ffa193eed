"""Where each clip goes: a pattern becomes a path inside the manifest's folder, one for each job."""

import os
import re
import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.manifest.drafts import Draft
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.variables import Scope, VariableProblem, substitute, text_node
from batchrunner.manifest.yaml.nodes import Scalar

_LONGEST_NAME = 200
# Source: PATH_MAX of Linux and of macOS, the NUL at its end included.
_LONGEST_PATH = 1024 if sys.platform == "darwin" else 4096
_ROOM_BYTES = 256  # for what lies beside a clip: `versions/`, and the name under which it grows
# Source: Windows' reserved names; a clip that bears one cannot be copied there.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_HINT = "write a path such as `outputs/${manifest.name}/${job.id}.mp4`"


@dataclass(slots=True)
class Outputs:
    """Gives each draft its path, and sees to it that no two share one, even on a disk that ignores case.

    `folder` is the manifest's own, as the system knows it: paths that it cannot open are found before anything is paid.
    """

    manifest: str
    profile: str
    problems: Problems
    folder: str = ""
    _taken: dict[str, str] = field(default_factory=dict)
    _folders: dict[str, str] = field(default_factory=dict)

    def path(self, pattern: str, location: Location, draft: Draft) -> str | None:
        """The path of one draft's clip, relative to the manifest's folder; None where it is a problem."""
        try:
            path = self._filled(pattern, location, draft)
        except VariableProblem as error:
            self.problems.add(error.problem)
            return None
        wrong = _fault(path) or _fault(self._of_profile(PurePosixPath(path))) or self._length_fault(path)
        if wrong:
            said, hint = wrong
            if draft.named_at and _part_fault(f"{draft.name}.mp4"):  # whatever the pattern says, its id is at fault
                location = draft.named_at
            self.problems.add(Problem(Code.BAD_OUTPUT, location, f"`output` {said}", hint, "output", draft.names))
            return None
        path = self._of_profile(PurePosixPath(path))
        if wrong := self._collision(path, draft.name):
            said, hint = wrong
            self.problems.add(Problem(Code.OUTPUT_COLLISION, location, f"`output` {said}", hint, "output", draft.names))
        return path

    def _collision(self, path: str, name: str) -> tuple[str, str] | None:
        """What another job's path has against this one, and the hint. From now on the path is taken.

        They are the same, or one is a file where the other needs a folder.
        """
        whole, hint = _folded(path), "keep files and folders apart: let only the last part end with `.mp4`"
        folders = {_folded(str(folder)): str(folder) for folder in PurePosixPath(path).parents}
        first = self._taken.setdefault(whole, name)
        for folder in folders:
            self._folders.setdefault(folder, name)
        if first != name:
            return f"is already the file of {first}: {shortened(path)}", "put `${job.id}` into it"
        if whole in self._folders:
            return f"is the folder into which the file of {self._folders[whole]} goes: {shortened(path)}", hint
        file = next((folder for folder in folders if folder in self._taken), None)
        return (
            (f"goes into {shortened(folders[file])}, which is the file of {self._taken[file]}", hint) if file else None
        )

    def _length_fault(self, path: str) -> tuple[str, str] | None:
        whole = os.path.join(self.folder, self._of_profile(PurePosixPath(path)))  # noqa: PTH118 - a text
        length, most = len(os.fsencode(whole)) + _ROOM_BYTES, _LONGEST_PATH
        if length <= most:
            return None
        return f"is a path of {length - _ROOM_BYTES} bytes, too long for this system", "write a shorter one"

    def _filled(self, pattern: str, location: Location, draft: Draft) -> str:
        job = {"id": text_node(draft.name, location), "model": text_node(draft.model.slug.replace("/", "-"), location)}
        manifest = {"name": text_node(self.manifest, location)}
        why_not = dict.fromkeys(("row", "matrix", "vars", "env"), "it can be used only in the job's own `output`")
        found = substitute(text_node(pattern, location), Scope({"job": job, "manifest": manifest}, why_not))
        return found.text if isinstance(found, Scalar) else ""

    def _of_profile(self, path: PurePosixPath) -> str:
        """A profile has a folder of its own beside the clips that it is not to touch."""
        return str(path.parent / self.profile / path.name if self.profile else path)


def _fault(path: str) -> tuple[str, str] | None:
    """What is wrong with a path, and the hint."""
    parts = PurePosixPath(path).parts
    shown = shortened(path)
    if "\\" in path:
        return f"holds a backslash: {shown}", "separate folders with `/`"
    if path.startswith(("/", "~")) or ".." in parts or re.match(r"[A-Za-z]:", path):
        return f"leaves the manifest's folder: {shown}", _HINT
    if not path.endswith(".mp4") or parts[-1] == ".mp4":
        return "must name an .mp4 file" + (f", not {shown}" if path else ""), _HINT
    return next((wrong for part in parts if (wrong := _part_fault(part))), None)


def _part_fault(part: str) -> tuple[str, str] | None:
    """What is wrong with the name of a file or folder, and the hint."""
    if not part.isprintable() or part != part.strip() or len(part.encode()) > _LONGEST_NAME:
        hint = f"use at most {_LONGEST_NAME} bytes a name, without spaces at either end"
        return f"is not a usable file name: {part[:60]!r}", hint
    if found := _RESERVED.fullmatch(part):
        return f"has a name that Windows reserves for a device: {part}", f"write another, such as `clip-{found[1]}.mp4`"
    if found := re.search(r'[<>:"|?*]', part):
        return f"has a character that some systems cannot store: {found[0]}", "leave it out"
    if part.startswith(".") or part == "versions":
        return (
            f"has a name that is reserved for batchrunner: {part}",
            "write another: not `versions`, and no dot at its beginning",
        )
    return None


def _folded(path: str) -> str:
    """The same for all paths that some disk takes for one: it may ignore case, and how an accent is composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
