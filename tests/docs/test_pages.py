"""What single pages say, compared with what the program knows."""

import re
from pathlib import Path

from batchrunner.domain.attempt import Outcome
from batchrunner.domain.status import Flag, Status
from batchrunner.domain.step import Action
from batchrunner.errors import ExitCode

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_exit_codes_lists_all_of_them_and_their_order() -> None:
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)]
    assert codes == sorted(ExitCode)
    order = " ".join(text.partition("the first of this order wins:")[2].partition("\n\n")[0].split())
    assert {int(number) for number in re.findall(r"\d+", order)} == set(ExitCode)


def glossary() -> list[str]:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    return re.findall(r"\*\*([^*]+)\*\*", text)


def test_the_glossary_explains_each_word_once() -> None:
    words = glossary()
    assert len(words) > 50
    assert sorted(set(words)) == sorted(words)


def test_the_glossary_explains_every_status_flag_action_and_outcome() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    known = [member.value for words in (Status, Flag, Action, Outcome) for member in words]
    assert [word for word in known if f"`{word}`" not in text] == []


def test_a_term_that_the_glossary_leads_to_is_one_of_its_own() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8").partition("## ")[2]
    terms = {each.lower() for each in re.findall(r"(?<!\*)\*([a-z][^*\n]+)\*(?!\*)", text)}
    assert terms
    explained = {word.lower() for word in glossary()} | {"open", "settled", "half-open"}  # explained where they stand
    assert {term for term in terms if term not in explained and term.removesuffix("s") not in explained} == set()
