"""The report as an HTML page: complete, harmless, and with links that lead to the clips."""

import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.observation import ErrorClass, Failure
from batchrunner.domain.request import Request
from batchrunner.domain.status import Flag, Status
from batchrunner.reports.formats.registry import render
from batchrunner.reports.report import Report
from tests.engine.wishes import edited
from tests.planning.histories import REQUEST
from tests.reports.test_report import a_report, a_row
from tests.studio import Studio, manifest_text


class Seen(HTMLParser):
    """The texts, links and tags of a page, each in order; a tag that nobody closes is an error."""

    VOID = frozenset({"meta", "br", "!doctype"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


def seen(report: Report, project: str = "") -> Seen:
    return Seen(render(report, "html", project=project))


def test_a_page_tells_each_job_with_its_status_cost_and_prompt() -> None:
    told = seen(a_report(a_row("hero", file="outputs/film/hero.mp4"))).texts
    for text in ("hero", "done", "$2.58", "outputs/film/hero.mp4", "She waves", "1 done"):
        assert text in told


def test_a_page_says_why_a_job_is_not_done_and_where_its_older_clip_lies() -> None:
    failed = a_row(
        "a", Status.FAILED, error=Failure(ErrorClass.PROVIDER, "the render broke"), older="outputs/film/a.mp4"
    )
    page = seen(a_report(failed, a_row("b", Status.PENDING, note="new", cost_usd=Decimal(0))))
    assert {"the render broke", "older clip:", "outputs/film/a.mp4", "new"} <= set(page.texts)
    assert page.links == ["outputs/film/a.mp4"]


def test_a_page_lists_apart_what_left_the_manifest() -> None:
    page = seen(a_report(a_row("a"), removed=(a_row("old", flags=(Flag.REMOVED,)),)))
    assert page.texts.index("a") < page.texts.index("No longer in the manifest") < page.texts.index("old")
    assert page.tags.count("table") == 2


NASTY = '<script>alert("1")</script>&amp;<img src=x onerror=alert(1)>'


def test_nothing_from_outside_becomes_a_tag() -> None:
    request = Request(REQUEST.model, {**REQUEST.fields, "prompt": NASTY})
    rows = a_row(NASTY, Status.FAILED, request=request, error=Failure(ErrorClass.PROVIDER, NASTY)), a_row(file=NASTY)
    page = seen(replace(a_report(*rows), manifest=NASTY))
    assert page.texts.count(NASTY) >= 5
    assert not {"script", "img"} & set(page.tags)
    assert all(link.startswith("%3Cscript") for link in page.links)


def test_a_page_needs_nothing_else() -> None:
    page = render(a_report(a_row("a", file="a.mp4")), "html")
    assert not re.search(r"https?:|//", page)
    assert "<link" not in page


@pytest.mark.parametrize("place", ["report.html", "pages/report.html", "../report.html"])
def test_its_links_lead_to_the_clips_wherever_it_lies(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    studio = Studio(folder)
    studio.write(manifest_text("a"))
    studio.run()
    page = folder / place

    outcome(["report", str(studio.manifest), "-o", "html", "--to", str(page)])

    (link,) = Seen(page.read_text(encoding="utf-8")).links
    assert (page.parent / link).resolve() == studio.clip("a").resolve()


def test_an_edited_job_whose_old_clip_lies_there_says_so_in_every_form(studio_of_an_edit: Studio) -> None:
    for form, words in (("table", "(old-clip)"), ("json", '"old-clip"'), ("csv", "changed old-clip")):
        to = studio_of_an_edit.folder / "report"
        outcome(["report", str(studio_of_an_edit.manifest), "-o", form, "--to", str(to)])
        assert words in to.read_text(encoding="utf-8")


@pytest.fixture
def studio_of_an_edit(tmp_path: Path) -> Studio:
    studio = Studio(tmp_path)
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    studio.write(edited(text))
    return studio
