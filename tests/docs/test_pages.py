"""What single pages say, compared with what the program knows."""

import re
from pathlib import Path

from batchrunner.errors import Exit

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_exit_codes_lists_all_of_them_and_their_order() -> None:
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)]
    assert codes == sorted(Exit)
    order = " ".join(text.partition("the first of this order wins:")[2].partition("\n\n")[0].split())
    assert {int(number) for number in re.findall(r"\d+", order)} == set(Exit)
