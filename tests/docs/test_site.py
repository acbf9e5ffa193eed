"""The site: it is built without a warning, every link in it leads somewhere, and it needs no other host."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from click import Option
from filelock import FileLock

from batchrunner.cli.group import command_of, every_command
from batchrunner.domain.problem import Code
from docs.site import navigation
from docs.site.commands import file_of
from docs.site.staging import stage, written_pages

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places |= {given["id"]} if "id" in given else set()
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" or "src" in given:
            self.loaded.append(given.get("src") or given.get("href", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; built once, however many processes share the tests."""
    shared = tmp_path_factory.getbasetemp().parent / f"site-{_run_id()}"
    with FileLock(f"{shared}.lock"):
        if not (shared / "built").exists():
            done = subprocess.run(
                [sys.executable, "-m", "docs.site", str(shared)], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            (shared / "built").touch()
    return shared / "html"


def _run_id() -> str:
    import os  # noqa: PLC0415

    return os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_link_leads_to_a_page_and_a_place_that_exist(pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not parts.scheme and not target.is_file():
                broken.append((path.name, link))
            elif not parts.scheme and parts.fragment and target in pages:
                broken += [(path.name, link)] if unquote(parts.fragment) not in pages[target].places else []
    assert broken == []


def test_no_page_loads_anything_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    assert [link for page in pages.values() for link in page.loaded if urlsplit(link).netloc] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^)]*""", styles) == []


def test_every_page_that_somebody_wrote_is_on_the_site_and_in_its_sidebar(pages: dict[Path, Page], site: Path) -> None:
    written = {name.removesuffix(".md") + ".html" for name in written_pages().values()}
    assert {name for name in written if not (site / name).exists()} == set()
    home = set(pages[site / "index.html"].links)
    assert {name for name in written if name != "index.html" and name not in home} == set()


@pytest.mark.parametrize("name", every_command())
def test_a_page_of_a_command_names_all_its_options_and_their_variables(tmp_path: Path, name: str, staged: Path) -> None:
    text = (staged / "commands" / f"{file_of(name)}.md").read_text(encoding="utf-8")
    options = [each for each in command_of(name).params if isinstance(each, Option)]
    missing = [form for option in options for form in option.opts if not re.search(rf"`{form}[ `]", text)]
    variables = [option.envvar for option in options if isinstance(option.envvar, str)]
    assert missing + [each for each in variables if f"`{each}`" not in text] == []


@pytest.mark.parametrize("code", Code)
def test_a_page_of_a_problem_shows_what_batchrunner_says_of_it(code: Code, staged: Path) -> None:
    text = (staged / "problems" / f"{code.value}.md").read_text(encoding="utf-8")
    said = text.partition("## What batchrunner says")[2].partition("## How to put it right")[0]
    assert re.search(rf"^\S+\.yaml(:\d+:\d+)?: (warning: )?{code.value}  |^\S.*: {code.value}  ", said, re.MULTILINE)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "source"
    stage(folder)
    return folder


def test_a_page_that_no_part_names_is_listed_in_the_last_one() -> None:
    tree = navigation.tree(["index.md", "journey.md", "brand-new.md", "decisions/one.md", "decisions/index.md"])
    last = tree.rpartition("```{toctree}")[2]
    assert "\nbrand-new\n" in last
    assert "decisions/one" not in tree
    assert "contributing" not in tree, "a page that does not exist is named nowhere"
