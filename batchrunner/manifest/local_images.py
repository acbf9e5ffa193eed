"""Local images: checked by their content while the manifest is judged, read once each."""

import math
import os.path
import shlex
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from batchrunner.domain.image import LocalImage
from batchrunner.domain.problem import Code
from batchrunner.io.files import sha256_of
from batchrunner.io.image_header import LARGEST_BYTES, ImageHeader, NotAnImage
from batchrunner.io.images import read_image
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.layers import Value
from batchrunner.manifest.permissions import Reach, outside
from batchrunner.manifest.rows.frame_names import PictureNames, is_picture
from batchrunner.manifest.variables import is_text

# A picture whose shape differs by more than this from the clip's is cropped or padded by the service.
_TOLERANCE = 0.05
_SHAPES = {"16:9": 16 / 9, "9:16": 9 / 16}


@dataclass(frozen=True, slots=True)
class ImageError:
    """What is wrong with a picture, and the hint."""

    code: Code
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be sent; `header` is None where nobody looked."""

    image: LocalImage
    header: ImageHeader | None


@dataclass(slots=True)
class Pictures:
    """All local images of one manifest. `look` is False where files are not to be touched."""

    reach: Reach
    look: bool = True
    _known: dict[str, Picture | ImageError] = field(default_factory=dict)
    _names: dict[Path, PictureNames] = field(default_factory=dict)

    def picture(self, text: str, value: Value) -> Picture | ImageError:
        """The picture behind a path; it is relative to the file in which its field stands, typed to where we are."""
        folder = os.path.dirname(value.location.file) if value.location.line else ""  # noqa: PTH120  # a text
        path = os.path.normpath(os.path.join(folder, text))  # noqa: PTH118  # as above
        if path not in self._known:
            self._known[path] = self._judged(path, text)
        return self._known[path]

    def _judged(self, shown: str, text: str) -> Picture | ImageError:
        if not self.reach.permissions.allow(shown):
            return ImageError(Code.OUTSIDE_PROJECT, *outside(shown, text))
        return self._found(shown, text) if self.look else Picture(LocalImage(shown, "", 0), None)

    def _found(self, shown: str, text: str) -> Picture | ImageError:
        """The picture of this name; one that is named without its ending is found by its stem."""
        path = Path(shown)
        if is_picture(path.name) or os.path.isfile(path):  # noqa: PTH113 - pathlib's may raise
            return self._read(shown, text)
        same = self._names_in(path.parent).with_stem(path.name)
        if len(same) > 1:
            said = f"could be several images: {shortened(', '.join(same), 120)}"
            hint = f"add the file extension: `{PurePath(text).with_name(same[0])}`"
            return ImageError(Code.IMAGE_MISSING_FILE, said, hint)
        return self._judged(str(path.with_name(same[0])), text) if same else self._read(shown, text)

    def _read(self, shown: str, text: str) -> Picture | ImageError:
        path = Path(shown)
        try:
            header, size_bytes = read_image(path)
            if size_bytes > LARGEST_BYTES:
                return _too_large(shown, size_bytes)
            return Picture(LocalImage(shown, sha256_of(path), size_bytes), header)
        except NotAnImage as error:
            what, _, command = str(error).partition(": run ")
            hint = f"run {command}" if command else "use a PNG, JPEG or WebP image"
            return ImageError(Code.IMAGE_KIND, f"cannot be used: {what}: {shortened(shown)}", hint)
        except FileNotFoundError:
            return self._missing(path, shown, text)
        except OSError as error:
            reason = error.strerror or "no reason was given"
            said = f"cannot be read: {reason[:1].lower()}{reason[1:]}: {shortened(shown)}"
            return ImageError(Code.IMAGE_UNREADABLE, said, "check the path and its permissions")

    def _missing(self, path: Path, shown: str, text: str) -> ImageError:
        near = self._names_in(path.parent).nearest(path.name)
        hint = "paths are relative to the file that contains the field"
        if near:
            hint = f"did you mean `{PurePath(text).with_name(near)}`?"
        return ImageError(Code.IMAGE_MISSING_FILE, f"does not exist: {shortened(shown)}", hint)

    def _names_in(self, folder: Path) -> PictureNames:
        """What lies in a folder, looked at once; nothing where it cannot be read."""
        if folder not in self._names:
            try:
                found = [each.name for each in folder.iterdir() if is_text(each.name)]
            except (OSError, ValueError):  # ValueError: a NUL in the path
                found = []
            self._names[folder] = PictureNames(found)
        return self._names[folder]


def shape_fault(picture: Picture, aspect_ratio: object) -> ImageError | None:
    """A shape that does not fit the clip's: the commonest mistake that is paid for."""
    wanted = _SHAPES.get(str(aspect_ratio))
    header = picture.header
    if header is None or wanted is None or abs(header.width / header.height / wanted - 1) <= _TOLERANCE:
        return None
    said = f"is {header.width}x{header.height}, and the clip is {aspect_ratio}: it will be cropped or padded"
    width, height = str(aspect_ratio).split(":")
    path = PurePath(picture.image.path)
    better = path.with_name(f"{path.stem}-{width}x{height}{path.suffix}")
    hint = f"crop it: `magick {_typed(path)} -gravity center -crop {aspect_ratio} +repage {_typed(better)}`"
    return ImageError(Code.IMAGE_SHAPE, said, hint)


def _too_large(shown: str, size_bytes: int) -> ImageError:
    size = megabytes(size_bytes)
    path = PurePath(shown)
    smaller = path.with_name(f"{path.stem}-small.jpg")
    hint = f"make it smaller: `magick {_typed(path)} -resize 1920x1920 -quality 92 {_typed(smaller)}`"
    return ImageError(
        Code.IMAGE_TOO_LARGE, f"is {size}, more than the 16 MiB that are allowed: {shortened(shown)}", hint
    )


def megabytes(size_bytes: int) -> str:
    """A size in MiB, rounded up."""
    return f"{math.ceil(size_bytes * 10 / 2**20) / 10:g} MiB"


def _typed(path: PurePath) -> str:
    """A path as it is typed into a shell."""
    return shlex.quote(str(path))
