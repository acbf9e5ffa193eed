"""Unknown submits as a person finds them in a web console; and the task ids there that are not recorded."""

import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.text import Lines, in_lines, plural, printable

# How far the listed time may be off: by the difference of the two clocks, and by the wait for an answer.
_WINDOW_MIN = 2
_PROMPT_CHARACTERS = 60


def what_to_look_for(job: str, attempt: Attempt, prompt: str, before: str = "") -> Lines:
    """Three lines: when it was sent, to which model and with which key, and how its prompt begins.

    `before` are the words with which they begin.
    """
    sent = datetime.fromtimestamp(attempt.opened_at_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    return in_lines(
        f"{before}{job}",
        f"  sent {sent}, ± {_WINDOW_MIN} min, to {attempt.request.model}, with the key …{attempt.key_last4}",
        f'  prompt: "{printable(prompt, _PROMPT_CHARACTERS)}"' if prompt else "  without a prompt",
    )


def what_to_say(job: str, manifest: str) -> str:
    """The commands with which a person says what became of a submit.

    `manifest` is here and below as a shell takes it, with the options without which it would be about other jobs.
    """
    return (
        f"then: `batchrunner resolve {manifest} {shlex.quote(job)} --task ID` with the id that the console shows; "
        "--not-submitted where it shows none, and the next run submits it; --pay-again where nobody can tell, and it "
        "may be paid twice"
    )


def named_by_reply(job: str, ids: Sequence[str], manifest: str) -> list[str]:
    """A line for each id that a reply named, with the command for it: only a person decides by it."""
    command = f"batchrunner resolve {manifest} {shlex.quote(job)} --task"
    return [f"  the reply named {task}: if the console shows it, `{command} {shlex.quote(task)}`" for task in ids]


def ids_in(text: str) -> list[str]:
    """The task ids in a text: the first word of each line, whatever follows it; a heading is not one."""
    words = (re.split(r"[\s,;|]+", line.strip(" \t|\"'"), maxsplit=1)[0].strip("\"'") for line in text.splitlines())
    return list(dict.fromkeys(word for word in words if any(sign.isdigit() for sign in word)))


def unrecorded(candidates: Sequence[str], known: frozenset[str], unknown: Sequence[str], manifest: str) -> Lines:
    """Which of the ids that the console shows are not recorded, and what that says about the unknown submits."""
    left = [each for each in candidates if each not in known]
    if not left:
        return in_lines(
            f"every one of these ids is known already. If the list is complete, nothing was submitted: "
            f"`batchrunner resolve {manifest} {' '.join(unknown)} --not-submitted`"
        )
    lines = [f"{len(left)} of {plural(len(candidates), 'id')} not known yet:", *(f"  {each}" for each in left)]
    if len(left) == len(unknown) == 1:
        lines.append(f"if it is that one: `batchrunner resolve {manifest} {unknown[0]} --task {left[0]}`")
    else:
        lines.append("compare time and prompt, then for each: `batchrunner resolve … JOB --task ID`")
    return in_lines(*lines)
