"""The page of problems: every code once, in the order of the program, and every example does what it says."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchrunner.catalog import models
from batchrunner.manifest.load import load
from batchrunner.manifest.permissions import Permissions
from batchrunner.problems import Code
from tests.broken.transcripts import HERE, Transcript, transcripts

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")

HEAD = {"version": "version: 1", "model": "model: google/veo-3.1-i2v", "defaults": "defaults: {durationSeconds: 8}"}
GOOD = "jobs:\n  - {id: good, prompt: The character stands, image: https://example.com/good.jpg}\n"
ROWS = "jobs:\n  - {rows: %s, id: '${row.shot}', prompt: '${row.prompt}', image: https://example.com/hero.jpg}\n"
KEY = "mdlx-0123456789abcdef"  # what `holds-key` shows
ROW_FILES = {"csv": "shots.csv", "json": "shots.jsonl"}
SOURCES = ("the service's documentation (", "Google", "YAML 1.2", "our design")


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says of one code. An example is a text in a language, or the name of a case."""

    code: str
    rule: str
    language: str
    example: str
    case: str
    mend: str
    source: str


FORM = re.compile(
    r"""### `(?P<code>[a-z0-9-]+)`\n\n"""
    r"""(?P<rule>[A-Z`](?:.|\n(?!\n))+\.)\n\n"""
    r"""(?:```(?P<language>yaml|csv|json)\n(?P<example>(?:.|\n)+?)\n```"""
    r"""|Example:\s\[`tests/broken/(?P<case>[a-z0-9/-]+)`\]\((?P<link>[^)]+)\))\n\n"""
    r"""- Mend: (?P<mend>(?:.|\n(?!-))+)\.\n"""
    r"""- Source: (?P<source>(?:.|\n(?!\n))+)\.\n"""
)


def sections() -> list[Section]:
    found = FORM.finditer(PAGE)
    return [Section(**{name: match[name] or "" for name in Section.__slots__}) for match in found]


SECTIONS = sections()
every_section = pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.code)


def completed(example: str) -> str:
    """A manifest: what an example does not say is added, so that it has no other mistake; comments stay alone."""
    keys = set(re.findall(r"^([a-z]+):", example, re.MULTILINE))
    if not keys:
        return example
    head = "".join(f"{line}\n" for key, line in HEAD.items() if key not in keys)
    return f"{head}{example}\n" + ("" if "jobs" in keys else GOOD)


def codes_of(section: Section, folder: Path) -> set[str]:
    """What is found in an example."""
    film = completed(section.example)
    if section.language in ROW_FILES:
        name = ROW_FILES[section.language]
        (folder / name).write_text(f"{section.example}\n", encoding="utf-8")
        film = completed(ROWS % name)
    (folder / "film.yaml").write_text(film, encoding="utf-8")
    return {
        problem.code.value
        for problem in load(folder / "film.yaml", permissions=Permissions((folder,), secrets=(KEY,))).problems
    }


def test_every_code_has_its_section_and_no_section_is_unknown() -> None:
    assert [section.code for section in SECTIONS] == [code.value for code in Code]
    assert re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE) == [section.code for section in SECTIONS]


def test_the_groups_are_those_of_the_program() -> None:
    listed = (ROOT / "batchrunner" / "problems.py").read_text(encoding="utf-8").partition("class Code(")[2]
    ours = re.findall(r"^    (?:# (.+)|[A-Z_0-9]+ = \"(.+)\")$", listed.partition("@dataclass")[0], re.MULTILINE)
    pages = re.findall(r"^##(?: (.+?)(?:: .+)?|# `(.+)`)$", PAGE, re.MULTILINE)
    assert [(title.lower(), code) for title, code in pages] == [(title.lower(), code) for title, code in ours]


@every_section
def test_a_section_is_one_rule_one_example_one_mend_and_one_source(section: Section) -> None:
    assert len(re.findall(r"[.!?](?:\s|$)", section.rule)) == 1
    assert section.case or 2 <= len(section.example.splitlines()) <= 6
    assert section.source.startswith(SOURCES)
    assert len(section.mend) > 10


@every_section
def test_an_example_has_this_mistake_and_no_other(section: Section, tmp_path: Path) -> None:
    if section.case:
        assert section.code in named(section.case).codes
    else:
        assert codes_of(section, tmp_path) == {section.code}


def named(case: str) -> Transcript:
    return next(transcript for transcript in transcripts() if transcript.name == case)


def test_links_lead_to_the_cases_that_they_name() -> None:
    for match in FORM.finditer(PAGE):
        if match["link"]:
            path = (ROOT / "docs" / match["link"]).resolve()
            assert path.exists(), match["link"]
            assert path.with_suffix("") == HERE / match["case"]


def test_a_rule_of_the_catalogue_has_the_same_source_here() -> None:
    said = {section.code: " ".join(section.source.split()) for section in SECTIONS}
    rules = {rule.code.value: rule.source for model in models().values() for rule in model.rules}
    assert {code: source for code, source in rules.items() if source not in said[code]} == {}


def test_the_problem_that_is_shown_first_is_one_that_is_told(tmp_path: Path) -> None:
    shown = re.search(r"```console\n(.+?)\n```", PAGE, re.DOTALL)
    assert shown
    head, snippet, _, mend = shown[1].splitlines()
    film = "version: 1\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8}\n\njobs:\n  - id: hero\n"
    film += "    prompt: The character waves\n    image: https://example.com/hero.jpg\n" + snippet.partition("| ")[2]
    (tmp_path / "shots.yaml").write_text(film, encoding="utf-8")
    (problem,) = load(tmp_path / "shots.yaml").problems
    place = f"shots.yaml:{problem.place.line}:{problem.place.column}"
    assert (head, mend) == (f"{place}: {problem.code.value}  {problem.message}", f"  mend: {problem.hint}")
