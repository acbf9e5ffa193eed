"""All that can be typed or set: commands, arguments, options, choices, variables of the environment."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

import batchrunner
from batchrunner.cli.group import command_of, every_command, group

_OURS = re.compile(r"(BATCHRUNNER|MODELLIX|XDG)_[A-Z0-9_]*[A-Z0-9]")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]+")


def commands() -> object:
    """Each command with its arguments in their order, and its options by name."""
    return {"batchrunner": _typed(group)} | {name: _typed(command_of(name)) for name in every_command()}


def _typed(command: click.Command) -> dict[str, object]:
    parameters = command.get_params(click.Context(command, help_option_names=["-h", "--help"]))
    options = [each for each in parameters if isinstance(each, click.Option)]
    return {
        "arguments": [_argument(each) for each in parameters if isinstance(each, click.Argument)],
        "options": {max(each.opts, key=len): _option(each) for each in sorted(options, key=lambda each: each.opts)},
    }


def _argument(argument: click.Argument) -> str:
    many = "several" if argument.nargs == -1 else "one"
    return many if argument.required else f"{many}, or none"


def _option(option: click.Option) -> dict[str, object]:
    takes = "nothing" if option.is_flag else "values" if option.multiple else "a value"
    found: dict[str, object] = {"names": sorted([*option.opts, *option.secondary_opts]), "takes": takes}
    if isinstance(option.type, click.Choice):
        found |= {"choices": list(option.type.choices), "default": option.default}
    if option.required:
        found["required"] = True
    return found | ({"variable": option.envvar} if option.envvar else {})


def environment() -> object:
    """Every variable that the program looks at: those of options, and those that its text names."""
    package = Path(batchrunner.__file__).parent
    named = {name for path in package.rglob("*.py") for name in _names(ast.parse(path.read_bytes()))}
    return {"variables": sorted(named | set(_variables()))}


def _variables() -> Iterator[str]:
    for name in every_command():
        for each in command_of(name).params:
            if each.envvar:
                yield from [each.envvar] if isinstance(each.envvar, str) else each.envvar


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if _OURS.fullmatch(text):
                yield text
            case ast.Call(func=ast.Attribute(attr="get" | "getenv"), args=[ast.Constant(value=str(text)), *_]):
                if _CAPITALS.fullmatch(text):
                    yield text
