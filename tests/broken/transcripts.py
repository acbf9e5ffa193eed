"""A command and what it prints, as files that a person can read and a test can repeat."""

import io
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from batchrunner.cli.main import outcome

HERE = Path(__file__).parent
SIZES = "sizes.txt"

_PROMPT = "$ "
HEAD = re.compile(
    r"^(?P<place>\S.*?(?::\d+:\d+|, row \d+, column [A-Z]+)): (?:warning: )?(?P<code>[a-z0-9-]+)  (?P<message>.*)$",
    re.MULTILINE,
)
_HELP = re.compile(r"^  help: (?P<hint>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Transcript:
    """One case: the first line of its file is the command, the rest is what was printed."""

    path: Path

    @property
    def name(self) -> str:
        """`rows/empty-cell`, or the folder alone where the file is called `expected.txt`."""
        path = self.path.relative_to(HERE)
        return str(path.parent if path.stem == "expected" else path.with_suffix(""))

    @property
    def command(self) -> str:
        """`batchrunner validate shots.yaml`, perhaps with variables of the environment before it."""
        return self.path.read_text(encoding="utf-8").partition("\n")[0].removeprefix(_PROMPT)

    @property
    def expected(self) -> str:
        """What it printed when a person last looked."""
        return self.path.read_text(encoding="utf-8").partition("\n")[2]

    @property
    def codes(self) -> set[str]:
        """The codes in the expected text."""
        return {found["code"] for found in HEAD.finditer(self.expected)}

    @property
    def sentences(self) -> list[str]:
        """All messages and helps in the expected text."""
        heads = [found["message"] for found in HEAD.finditer(self.expected)]
        return heads + [found["hint"] for found in _HELP.finditer(self.expected)]

    def said(self, folder: Path) -> tuple[int, str]:
        """The exit code of the command and what it prints now, in a folder with this case's files."""
        words = shlex.split(self.command)
        start = words.index("batchrunner")
        environment = dict(word.split("=", 1) for word in words[:start])
        printed = io.StringIO()
        with (
            mock.patch.dict(os.environ, environment, clear=True),
            chdir(folder),
            redirect_stdout(printed),
            redirect_stderr(printed),
        ):
            code = outcome(words[start + 1 :])
        return code, printed.getvalue()

    def renewed(self) -> str:
        """The whole file as it would be today."""
        with staged(self.path.parent) as folder:
            return f"{_PROMPT}{self.command}\n{self.said(folder)[1]}"


def transcripts() -> list[Transcript]:
    """All cases: every text file that begins with a command."""
    texts = (path for path in sorted(HERE.rglob("*.txt")) if path.is_file())
    return [Transcript(path) for path in texts if path.read_bytes().startswith(_PROMPT.encode())]


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A copy of a folder of cases, in which the files of `sizes.txt` have their length."""
    with TemporaryDirectory() as made:
        copy = Path(made) / folder.name
        shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        if (copy / SIZES).exists():
            for line in (copy / SIZES).read_text(encoding="utf-8").splitlines():
                size_bytes, name = line.split(maxsplit=1)
                with (copy / name).open("ab") as stream:
                    stream.truncate(int(size_bytes))
        yield copy
