"""The page of problems: every code once, in the order of the program, and every example does what it says."""

import re
from pathlib import Path

import pytest

from batchrunner.catalog import shipped
from batchrunner.domain.problem import Code
from batchrunner.manifest.load import load
from batchrunner.manifest.permissions import Permissions
from docs.site.problems import FORM, KEY, MANIFEST, Section, sections
from docs.site.problems import TEXT as PAGE
from tests.broken.transcripts import HERE, Transcript, transcripts

ROOT = Path(__file__).parents[2]
SOURCES = ("the service's documentation (", "Google", "YAML 1.2", "our design")

SECTIONS = sections()
every_section = pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.code)


def codes_of(section: Section, folder: Path) -> set[str]:
    """What is found in an example."""
    for name, text in section.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    found = load(folder / MANIFEST, permissions=Permissions((folder,), secrets=(KEY,))).problems
    return {problem.code.value for problem in found}


def test_every_code_has_its_section_and_no_section_is_unknown() -> None:
    assert [section.code for section in SECTIONS] == [code.value for code in Code]
    assert re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE) == [section.code for section in SECTIONS]


def test_the_groups_are_those_of_the_program() -> None:
    listed = (ROOT / "batchrunner" / "domain" / "problem.py").read_text(encoding="utf-8").partition("class Code(")[2]
    ours = re.findall(r"^    (?:# (.+)|[A-Z_0-9]+ = \"([^\"]+)\".*)$", listed.partition("@dataclass")[0], re.MULTILINE)
    pages = re.findall(r"^##(?: (.+?)(?:: .+)?|# `(.+)`)$", PAGE, re.MULTILINE)
    assert [(title.lower(), code) for title, code in pages] == [(title.lower(), code) for title, code in ours]


@every_section
def test_a_section_is_one_rule_one_example_one_help_and_one_source(section: Section) -> None:
    assert len(re.findall(r"[.!?](?:\s|$)", section.rule)) == 1
    assert section.case or 2 <= len(section.example.splitlines()) <= 6
    assert section.source.startswith(SOURCES)
    assert len(section.help) > 10


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


def test_a_rule_of_the_model_that_the_examples_ask_has_the_same_source_here() -> None:
    said = {section.code: " ".join(section.source.split()) for section in SECTIONS}
    rules = {rule.code.value: rule.source for rule in shipped().default.rules}
    assert {code: source for code, source in rules.items() if source not in said[code]} == {}


def test_the_problem_that_is_shown_first_is_one_that_is_told(tmp_path: Path) -> None:
    shown = re.search(r"```console\n(.+?)\n```", PAGE, re.DOTALL)
    assert shown
    head, snippet, _, hint = shown[1].splitlines()
    film = "version: 1\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8}\n\njobs:\n  - id: hero\n"
    film += "    prompt: The character waves\n    image: https://example.com/hero.jpg\n" + snippet.partition("| ")[2]
    (tmp_path / "shots.yaml").write_text(film, encoding="utf-8")
    (problem,) = load(tmp_path / "shots.yaml").problems
    place = f"shots.yaml:{problem.location.line}:{problem.location.column}"
    assert (head, hint) == (f"{place}: {problem.code.value}  {problem.message}", f"  help: {problem.hint}")
