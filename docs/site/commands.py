"""A page for each command, made from what click knows of it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

import click

from batchrunner.cli.group import command_of, every_command
from docs.site.navigation import toctree

# What a command can end with besides 0, and 2 for usage; those that render can end with anything in the table.
RENDER = "run", "retry", "redo", "fetch", "demo"
ENDS: Mapping[str, str] = {
    "doctor": "0 where nothing is wrong, though something may be worth a look; 1 where something is wrong.",
    "validate": "0 where every manifest is valid, warnings or not; 2 where one has an error.",
    "plan": "0, also where there is something to do; with `--detailed-exitcode`, 5 where there is something to do.",
    "models check": "0 where no contract differs; 1 where one does; 5 where none does and one could not be compared.",
    "models prices": "0 where no price differs; 1 where one does; 4 where none does and a person has to look for one.",
}


def pages() -> dict[str, str]:
    """The pages, and the list of them."""
    commands = every_command()
    made = {f"commands/{file_of(name)}.md": _page(name, command_of(name)) for name in commands}
    links = "".join(f"`batchrunner` [`{name}`]({file_of(name)}.md)\n: {about}\n\n" for name, about in commands.items())
    index = f"# Commands\n\nIn the order of the journey. `batchrunner COMMAND -h` shows the same.\n\n{links}"
    return {"commands/index.md": index + toctree(map(file_of, commands)), **made}


def file_of(name: str) -> str:
    """The page of a command, without its ending: `models-check` of `models check`."""
    return name.replace(" ", "-")


def _page(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"batchrunner {name}", **command.context_settings)
    parts = [f"# {name}", _help(command.help or ""), "## Usage", _usage(command, context)]
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    options = [param for param in command.get_params(context) if isinstance(param, click.Option)]
    parts += ["## Arguments", *(_argument(each, context) for each in arguments)] if arguments else []
    parts += ["## Options", *(_option(each, context) for each in options)]
    return "\n\n".join([*parts, "## Exit codes", _ends(name)]) + "\n"


def _help(text: str) -> str:
    """The paragraphs of a command's help; its example is a block of code."""
    paragraphs = (" ".join(each.split()) for each in text.split("\n\n"))
    return "\n\n".join(_example(each) if each.startswith("Example: ") else _sentence(each) for each in paragraphs)


def _example(paragraph: str) -> str:
    return f"```console\n$ {paragraph.removeprefix('Example: ')}\n```"


def _usage(command: click.Command, context: click.Context) -> str:
    return f"```text\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```"


def _argument(argument: click.Argument, context: click.Context) -> str:
    said = ["Required." if argument.required else "Optional."]
    if argument.nargs < 0:
        said.append("May be several.")
    return _entry([argument.make_metavar(context)], [*said, *_default(argument, context)])


def _option(option: click.Option, context: click.Context) -> str:
    takes = "" if option.is_flag else f" {option.make_metavar(context)}"
    forms = [f"{form}{takes}" for form in sorted(option.opts, key=len, reverse=True)]
    said = [_sentence(option.help or ""), *_default(option, context), *_environment(option)]
    return _entry(forms, said + (["May be given more than once."] if option.multiple else []))


def _sentence(text: str) -> str:
    """Help is plain text: what Markdown would take for markup is escaped, but for code."""
    halves = re.split(r"(`[^`]*`)", text.strip())
    return "".join(half if half.startswith("`") else re.sub(r"([*_<\[|\\])", r"\\\1", half) for half in halves)


def _default(parameter: click.Parameter, context: click.Context) -> Iterator[str]:
    value = parameter.get_default(context, call=False)
    if isinstance(value, str | int | float | PurePath) and not isinstance(value, bool) and str(value):
        yield f"Default: `{value}`."


def _environment(option: click.Option) -> Iterator[str]:
    names = [option.envvar] if isinstance(option.envvar, str) else option.envvar or ()
    if names:
        yield f"Environment: {_codes(names)}."


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _entry(forms: Iterable[str], said: Iterable[str]) -> str:
    return f"{_codes(forms)}\n: {' '.join(said)}"


def ends_of(name: str) -> str:
    """What a command can end with, in a sentence."""
    if name in RENDER:
        return "any of the table."
    return f"{ENDS.get(name, '0 where it could do what was asked.')} Others mean what the table says."


def _ends(name: str) -> str:
    said = ends_of(name).replace("the table", "[the table](../exit-codes.md)")
    return said[0].upper() + said[1:]
