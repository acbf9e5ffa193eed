"""A page for each kind of problem: its section of `docs/problems.md`, and what batchrunner says of the example."""

import io
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from batchrunner.cli.main import outcome
from docs.site.navigation import toctree

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "broken"
TEXT = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")

# What the examples leave out.
HEAD = {"version": "version: 1", "model": "model: google/veo-3.1-i2v", "defaults": "defaults: {durationSeconds: 8}"}
GOOD = "jobs:\n  - {id: good, prompt: The character stands, image: https://example.com/good.jpg}\n"
ROWS = "jobs:\n  - {rows: %s, id: '${row.shot}', prompt: '${row.prompt}', image: https://example.com/hero.jpg}\n"
MODELS = "models: [%s]\nmodel: studio/clip-i2v"
ROW_FILES = {"csv": "shots.csv", "json": "shots.jsonl"}
# What `holds-key` shows; no key of yours is looked at.
KEY = "mdlx-0123456789abcdef"
MANIFEST, MODEL = "film.yaml", "model.yaml"


@dataclass(frozen=True, slots=True)
class Section:
    """What `docs/problems.md` says of one code. An example is a text in a language, or the name of a case."""

    code: str
    rule: str
    language: str
    example: str
    case: str
    help: str
    source: str

    @property
    def files(self) -> dict[str, str]:
        """The example as files that `validate` can be run on; empty where it is a case."""
        if self.case:
            return {}
        if self.example.startswith("slug:"):
            return {MANIFEST: completed(MODELS % MODEL), MODEL: f"{self.example}\n"}
        if self.language in ROW_FILES:
            name = ROW_FILES[self.language]
            return {MANIFEST: completed(ROWS % name), name: f"{self.example}\n"}
        return {MANIFEST: completed(self.example)}


FORM = re.compile(
    r"""### `(?P<code>[a-z0-9-]+)`\n\n"""
    r"""(?P<rule>[A-Z`](?:.|\n(?!\n))+\.)\n\n"""
    r"""(?:```(?P<language>yaml|csv|json)\n(?P<example>(?:.|\n)+?)\n```"""
    r"""|Example:\s\[`tests/broken/(?P<case>[a-z0-9/-]+)`\]\((?P<link>[^)]+)\))\n\n"""
    r"""- Help: (?P<help>(?:.|\n(?!-))+)\.\n"""
    r"""- Source: (?P<source>(?:.|\n(?!\n))+)\.\n"""
)


def sections(text: str = TEXT) -> list[Section]:
    """All sections of a text, in its order."""
    found = FORM.finditer(text)
    return [Section(**{name: match[name] or "" for name in Section.__slots__}) for match in found]


def completed(example: str) -> str:
    """A manifest: what an example does not say is added, so that it has no other mistake; comments stay alone."""
    keys = set(re.findall(r"^([a-z]+):", example, re.MULTILINE))
    if not keys:
        return f"{example}\n"
    head = "".join(f"{line}\n" for key, line in HEAD.items() if key not in keys)
    return f"{head}{example}\n" + ("" if "jobs" in keys else GOOD)


def pages() -> dict[str, str]:
    """The pages, and the list of them by groups."""
    known = sections()
    made = {f"problems/{section.code}.md": _page(section) for section in known}
    return {"problems/index.md": _index({each.code: each for each in known}), **made}


def _index(known: Mapping[str, Section]) -> str:
    """The introduction as it is written; of each section, its rule and a link."""
    introduction, *groups = re.split(r"^(?=## )", TEXT, flags=re.MULTILINE)
    introduction = introduction.partition("The examples are shortened")[0]  # here they are whole
    return introduction + "".join(_group(group, known) for group in groups) + toctree(known)


def _group(text: str, known: Mapping[str, Section]) -> str:
    heading, *_ = text.splitlines()
    codes = re.findall(r"^### `(.+)`$", text, re.MULTILINE)
    links = (f"[`{code}`]({code}.md)\n: {known[code].rule}\n\n" for code in codes)
    return f"{heading}\n\n{''.join(links)}"


def _page(section: Section) -> str:
    shown = _case(section.case) if section.case else _example(section)
    advice = f"## How to fix it\n\n{_capitalised(section.help)}.\n\nThe rule comes from: {section.source}.\n"
    return f"# {section.code}\n\n{section.rule}\n\n{shown}\n{advice}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _example(section: Section) -> str:
    blocks = [_block(name, text) for name, text in section.files.items()]
    said = f"$ batchrunner validate {MANIFEST}\n{validated(section.files)}"
    return "## Example\n\n" + "\n".join(blocks) + f"\n## What batchrunner says\n\n{_fenced('console', said)}"


def _block(name: str, text: str) -> str:
    is_clean = all(character.isprintable() or character in "\n\t" for character in text)
    language = "yaml" if name.endswith(".yaml") and is_clean else "text"
    return f"`{name}`\n\n{_fenced(language, text)}"


def _case(case: str) -> str:
    """A case of the tests: the command and what it prints, which a test repeats."""
    whole = CASES / case / "expected.txt"
    text = (whole if whole.exists() else CASES / f"{case}.txt").read_text(encoding="utf-8")
    files = [] if whole.exists() else [_block(f"{Path(case).name}.yaml", _read(CASES / f"{case}.yaml"))]
    example = "## Example\n\n" + "\n".join(files) + "\n" if files and all(files) else ""
    return f"{example}## What batchrunner says\n\n{_fenced('console', text)}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def validated(files: Mapping[str, str]) -> str:
    """What `batchrunner validate` prints of files, in a folder of its own and with an environment of its own."""
    printed = io.StringIO()
    with (
        _folder(files) as folder,
        mock.patch.dict(os.environ, {"MODELLIX_API_KEY": KEY}, clear=True),
        chdir(folder),
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        outcome(["validate", MANIFEST])
    return printed.getvalue()


@contextmanager
def _folder(files: Mapping[str, str]) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        yield Path(folder)
