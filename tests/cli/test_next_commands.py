"""What `demo` and `init` end with can be typed as it stands."""

import re
import shlex
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The commands that the demo ends with, in a folder whose name has a blank; the demo has run."""
    monkeypatch.chdir(tmp_path)
    assert outcome(["demo", "my demo"]) == ExitCode.DONE
    said = capsys.readouterr().out.partition("\nnext:\n")[2]
    return [shlex.split(words) for words in re.findall(r"`(batchrunner [^`]+)`", said)]


def test_the_demo_ends_with_three_commands_that_show_its_clips_and_go_on(
    printed: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert [words[:2] for words in printed] == [["batchrunner", each] for each in ("status", "plan", "init")]
    status, plan, init = (words[1:] for words in printed)

    assert outcome(status) == ExitCode.DONE
    assert "4 jobs: 4 done" in capsys.readouterr().out
    assert outcome(status[:-1]) == ExitCode.DONE  # without --sandbox it says where its clips are
    assert capsys.readouterr().err == "so far it ran in the sandbox only; --sandbox shows that\n"
    assert outcome(plan) == ExitCode.DONE
    assert "submit" not in capsys.readouterr().out
    assert outcome(init) == ExitCode.DONE

    begun = re.findall(r"`batchrunner ([^`]+)`", capsys.readouterr().out)
    assert [words.split()[0] for words in begun] == ["validate", "plan"]
    made = Path("shots.yaml")
    picture = "https://example.com/hero.jpg"
    text = re.sub(r"\S*REPLACE-ME\S*", picture, made.read_text(encoding="utf-8"))
    made.write_text(text, encoding="utf-8")
    assert [outcome(words.split()) for words in begun] == [ExitCode.DONE, ExitCode.DONE]
