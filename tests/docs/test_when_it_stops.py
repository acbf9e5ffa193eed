"""The page of what one reads at two in the morning: real lines, commands that help, and nothing paid twice."""

import re

import pytest

from batchrunner.errors import ExitCode
from tests.docs.at_night import PAGE, RUN, SITUATIONS, blocks, section, transcript

TEXT = PAGE.read_text(encoding="utf-8")

# A new clip, on purpose; every other night ends with three clips that were paid for once.
PAID_AGAIN = {"A clip is no longer at the service": 1}
SAME_COMMAND = "run the same command again"


def untimed(shown: list[str]) -> list[str]:
    """The same without how long runs took: when a task is polled is learned, and every better guess changes it."""
    return [re.sub(r"^took \d+ (s|min)", "took …", each, flags=re.MULTILINE) for each in shown]


def test_the_page_has_the_ten_situations_and_no_other() -> None:
    assert len(SITUATIONS) == 10
    assert re.findall(r"^## (.*)$", TEXT, re.MULTILINE) == list(SITUATIONS)


@pytest.mark.parametrize("heading", SITUATIONS)
def test_what_the_page_shows_is_what_is_printed_and_its_next_command_helps(heading: str) -> None:
    typed, charges = transcript(heading)

    shown, printed = blocks(section(TEXT, heading)), [str(each) for each in typed]
    assert untimed(shown) == untimed(printed), "type `python -m tests.docs.at_night`"
    first, *others = typed
    assert first.code != ExitCode.DONE
    assert [each.code for each in others] == [ExitCode.DONE] * len(others)
    assert f"(exit {first.code})" in section(TEXT, heading)
    said = re.findall(r"`(batchrunner [^`]+)`", first.shown)
    named = [each for each in said if any(other.line.startswith(each) for other in others)]
    assert named or SAME_COMMAND in first.shown or "batchrunner status shots.yaml" in said
    assert charges == 3 + PAID_AGAIN.get(heading, 0)
    assert others[-1].line.startswith((RUN, "batchrunner redo"))
    assert "3 jobs: 3 done" in others[-1].shown


@pytest.mark.parametrize("heading", SITUATIONS)
def test_each_situation_says_what_it_means_for_the_money_and_what_to_type(heading: str) -> None:
    prose = re.sub(r"```console\n.*?```", "", section(TEXT, heading), flags=re.DOTALL)
    assert [mark for mark in ("**Money:**", "**Next:**") if mark not in prose] == []
