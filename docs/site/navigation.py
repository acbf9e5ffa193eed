"""The way through the pages. A page that is named nowhere here is found all the same, in the last part."""

import re
from collections.abc import Iterable, Mapping

# Part → its pages in reading order.
PARTS = {
    "Use it": ["journey", "manifest", "selection", "examples/index", "memory", "programs"],
    "Look it up": ["commands/index", "problems/index", "exit-codes", "glossary", "changelog"],
    "What it promises": ["promises", "speed", "security", "decisions/index"],
    "How it is made": ["architecture", "contributing"],
}
# Folder → the title of its list of pages, and what is said above it. The others bring a list of their own.
FOLDERS = {"decisions": ("Decisions", "Why things are as they are, where that may surprise: a page for each.")}


def indexes(pages: Mapping[str, str]) -> dict[str, str]:
    """A list of pages for each folder that has none."""
    return {f"{folder}/index.md": _index(folder, *said, pages) for folder, said in FOLDERS.items()}


def tree(pages: Iterable[str]) -> str:
    """The parts, for the sidebar. Pages within folders are listed by their folder's own page."""
    names = [name.removesuffix(".md") for name in sorted(pages)]
    top = [name for name in names if "/" not in name or name.endswith("/index")]
    named = {name for part in PARTS.values() for name in part} | {"index"}
    parts = {title: [name for name in part if name in top] for title, part in PARTS.items()}
    parts[[*PARTS][-1]] += [name for name in top if name not in named]
    return "".join(toctree(part, title) for title, part in parts.items() if part)


def toctree(pages: Iterable[str], caption: str = "") -> str:
    """Sphinx's list of pages that stand below this one; it is shown in the sidebar only."""
    options = ":hidden:\n" + (f":caption: {caption}\n" if caption else "")
    return f"\n```{{toctree}}\n{options}\n" + "\n".join(pages) + "\n```\n"


def title_of(text: str) -> str:
    """The first heading of a page."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def _index(folder: str, title: str, said: str, pages: Mapping[str, str]) -> str:
    inside = {name.removeprefix(f"{folder}/"): text for name, text in pages.items() if name.startswith(f"{folder}/")}
    links = "".join(f"- [{title_of(text)}]({name})\n" for name, text in inside.items())
    return f"# {title}\n\n{said}\n\n{links}" + toctree(name.removesuffix(".md") for name in inside)
