"""What becomes a page: the files of `docs/`, a few of the repository's own, and those that are made here."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from docs.site import commands, examples, navigation, problems
from docs.site.links import Rewriter

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Pages that stand at the top of the repository, where people look for them first, and their names on the site.
OF_THE_REPOSITORY = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
MADE_ELSEWHERE = {"docs/problems.md": "problems/index.md", "jobs-examples": "examples/index.md"}


def stage(folder: Path) -> None:
    """Writes every page of the site, as Markdown, into a folder that does not exist yet."""
    if (DOCS / "images").exists():
        shutil.copytree(DOCS / "images", folder / "images")
    written = written_pages()
    made = {**commands.pages(), **problems.pages(), **examples.pages()}
    rewriter = Rewriter(ROOT, {**written, **MADE_ELSEWHERE, **examples.names()})
    pages = {name: rewriter.rewritten(source) for source, name in written.items()} | made
    pages |= navigation.indexes(pages)
    pages["index.md"] += navigation.tree(pages)
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def written_pages() -> Mapping[str, str]:
    """The files that people wrote, by their path in the repository, and the name of each page."""
    found = (path.relative_to(DOCS).as_posix() for path in sorted(DOCS.rglob("*.md")))
    ours = {f"docs/{name}": name for name in found if name != "problems.md"}
    return ours | {source: name for source, name in OF_THE_REPOSITORY.items() if (ROOT / source).exists()}
