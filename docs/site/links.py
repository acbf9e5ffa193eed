"""Links between files of the repository, turned into links between pages of the site."""

import re
from collections.abc import Mapping
from pathlib import Path
from posixpath import dirname, normpath, relpath

_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")
_PROBLEMS = "problems/index.md"


class Rewriter:
    """Knows which file of the repository is which page."""

    def __init__(self, root: Path, pages: Mapping[str, str]) -> None:
        self._root = root
        self._pages = pages

    def rewritten(self, source: str) -> str:
        """A file's text with its links changed. Blocks of code stay as they are."""
        parts = _FENCE.split((self._root / source).read_text(encoding="utf-8"))
        return "".join(part if part.startswith("```") else self._in_text(part, source) for part in parts)

    def _in_text(self, text: str, source: str) -> str:
        images = re.sub(r"(!\[[^\]]*\]\()docs/", r"\1", text) if "/" not in source else text
        return _LINK.sub(lambda link: self._link(link, source), images)

    def _link(self, link: re.Match[str], source: str) -> str:
        """A link to a page; the text alone for a file that the site does not have; what leads nowhere stays."""
        target, anchor = link["target"], link["anchor"] or ""
        if not target or "://" in target:
            return link[0]
        path = normpath(f"{dirname(source)}/{target}" if dirname(source) else target)
        if path not in self._pages:
            return link["text"] if (self._root / path).exists() else link[0]
        page = self._pages[path]
        if page == _PROBLEMS and anchor:  # each kind of problem has a page of its own
            page, anchor = f"problems/{anchor[1:]}.md", ""
        return f"[{link['text']}]({relpath(page, dirname(self._pages[source]) or '.')}{anchor})"
