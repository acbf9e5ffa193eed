"""A page for each manifest in `jobs-examples/`: its text, as it is."""

from collections.abc import Mapping
from pathlib import Path

from docs.site.navigation import toctree

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "jobs-examples"
SAID = "One feature a file, in reading order. Every one of them is valid, and is rendered by a test."
LANGUAGES = {".yaml": "yaml", ".csv": "text", ".jsonl": "json", ".txt": "text"}


def files() -> list[Path]:
    """The files that have a page: those at the top, and those of the campaign."""
    return [*sorted(FOLDER.glob("*.yaml")), *sorted((FOLDER / "campaign").glob("*.yaml"))]


def names() -> Mapping[str, str]:
    """Path in the repository → name of the page."""
    return {path.relative_to(ROOT).as_posix(): f"examples/{path.stem}.md" for path in files()}


def pages() -> dict[str, str]:
    """The pages, and the list of them."""
    made = {f"examples/{path.stem}.md": _page(path) for path in files()}
    links = "".join(f"- [{path.relative_to(FOLDER)}]({path.stem}.md): {_about(path)}\n" for path in files())
    index = f"# Examples\n\n{SAID}\n\n{links}" + toctree(path.stem for path in files())
    return {"examples/index.md": index, **made}


def _about(path: Path) -> str:
    """The first line of a file says what it is about."""
    first, *_ = path.read_text(encoding="utf-8").splitlines()
    return first.removeprefix("# ")


def _page(path: Path) -> str:
    """The manifest, and the files that it names."""
    shown = [path, *_named_by(path)]
    return f"# {path.relative_to(FOLDER)}\n\n{_about(path)}\n\n" + "\n".join(map(_block, shown))


def _named_by(path: Path) -> list[Path]:
    """The tables and fragments whose names stand in a manifest."""
    text = path.read_text(encoding="utf-8")
    beside = [*sorted(path.parent.glob("*/*")), *sorted(path.parent.glob("*"))]
    others = (each for each in beside if each.suffix in LANGUAGES and each != path)
    return [each for each in others if each.relative_to(path.parent).as_posix() in text]


def _block(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return f"`{path.relative_to(FOLDER)}`\n\n```{LANGUAGES[path.suffix]}\n{text.rstrip()}\n```\n"
