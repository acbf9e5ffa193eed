"""The manual page, made from what click knows of the commands. `python -m docs.site.man_page` writes it anew.

It is a file of the repository, so that a wheel is built without running the program. It bears no date: what it says
changes with the program alone.
"""

import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from batchrunner import __version__
from batchrunner.cli.group import command_of, every_command, group
from docs.site.commands import ends_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "man" / "batchrunner.1"

_ABOUT = "many image-to-video jobs in one manifest, each paid for once, each verified"
_SEE = (
    "`batchrunner COMMAND -h`. The documentation is in `docs/` of the sources, and on the site that `make docs` builds."
)


def page() -> str:
    """The whole page as roff."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH BATCHRUNNER 1 "" "batchrunner {__version__}" "User Commands"'
    yield from (".SH NAME", f"batchrunner \\- {_ABOUT}")
    yield from (".SH SYNOPSIS", _bold("batchrunner"), "[", _bold("-h"), "|", _bold("--version"), "]")
    yield from (".br", _bold("batchrunner"), _italic("COMMAND"), "[", _italic("OPTIONS"), r"] \&...")
    yield ".SH DESCRIPTION"
    yield from _help(group.help or "")
    yield ".SH COMMANDS"
    for name in every_command():
        yield from _command(name, command_of(name))
    yield ".SH EXIT STATUS"
    for code, meaning in _rows("docs/exit-codes.md"):
        yield from (".TP", _bold(code), _text(meaning))
    yield ".SH ENVIRONMENT"
    for name, meaning in _rows("docs/programs.md"):
        yield from (".TP", _bold(name), _text(meaning))
    yield from (".SH SEE ALSO", _text(_SEE))


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"batchrunner {name}", **command.context_settings)
    yield f".SS {_escaped(name)}"
    yield f"{_bold(context.command_path)} {_text(' '.join(command.collect_usage_pieces(context)))}"
    yield ".PP"
    yield from _help(command.help or "")
    for option in command.get_params(context):
        if isinstance(option, click.Option) and "--help" not in option.opts:
            yield from _option(option, context)
    yield ".PP"
    yield _text(f"Exit status: {ends_of(name)}")


def _option(option: click.Option, context: click.Context) -> Iterator[str]:
    takes = "" if option.is_flag else f" {_italic(option.make_metavar(context))}"
    yield ".TP"
    yield ", ".join(_bold(form) + takes for form in sorted(option.opts, key=len))
    yield _text(option.help or "")
    if isinstance(option.envvar, str):
        yield f"Environment: {_bold(option.envvar)}."


def _help(text: str) -> Iterator[str]:
    """Paragraphs; one whose lines are to stay as they are begins with the sign that click has for it."""
    for number, paragraph in enumerate(cleandoc(text).split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.startswith("\b"):
            yield from (".nf", *map(_text, paragraph.removeprefix("\b\n").splitlines()), ".fi")
        else:
            yield _text(" ".join(paragraph.split()))


def _rows(name: str) -> Iterator[tuple[str, str]]:
    """The rows of the first table of two columns on a page."""
    text = (ROOT / name).read_text(encoding="utf-8")
    table = re.search(r"^\|[^|\n]+\|[^|\n]+\|\n\|[-:]+\|[-:]+\|\n((?:\|.+\|\n)+)", text, re.MULTILINE)
    if table is None:
        raise LookupError(name)
    for row in table[1].splitlines():
        _, first, second, _ = row.split("|")
        yield first.strip().strip("`"), re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", second.strip())


def _text(text: str) -> str:
    """A text whose code is bold."""
    halves = re.split(r"`([^`]*)`", text)
    return "".join(_bold(half) if number % 2 else _escaped(half) for number, half in enumerate(halves))


def _bold(text: str) -> str:
    return rf"\fB{_escaped(text)}\fR"


def _italic(text: str) -> str:
    return rf"\fI{_escaped(text)}\fR"


def _escaped(text: str) -> str:
    """A text in which nothing is a request to roff, and a hyphen is what is typed."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("…", "...")
    return rf"\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
