"""What a manifest may read: the project's own files, and what `--env` and `--allow-outside` add to them."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from batchrunner.cli.set_option import set_option
from batchrunner.manifest.permissions import Permissions
from batchrunner.providers.credentials import known_keys
from batchrunner.storage.paths import reading_root

F = TypeVar("F", bound=Callable[..., Any])

_KEY = "batchrunner.permissions."
_ENV, _OUTSIDE = "--env", "--allow-outside"
_ENV_ALLOW = "BATCHRUNNER_ENV_ALLOW"


def _keep(context: click.Context, option: click.Parameter, values: tuple[Any, ...]) -> None:
    """Keeps what was typed for `permissions_of`: every command that reads a manifest has these options."""
    context.meta[_KEY + str(option.name)] = tuple(str(value) for value in values)


_OPTIONS = (
    click.option(
        _ENV,
        "env",
        metavar="NAME",
        multiple=True,
        expose_value=False,
        callback=_keep,
        help=f"Allow the manifest to use this environment variable; {_ENV_ALLOW} names more.",
    ),
    click.option(
        _OUTSIDE,
        "allow_outside",
        metavar="DIR",
        multiple=True,
        type=click.Path(file_okay=False, path_type=Path),
        envvar="BATCHRUNNER_ALLOW_OUTSIDE",
        expose_value=False,
        callback=_keep,
        help="Allow the manifest to read files in this folder outside the project.",
    ),
)


def permission_options(command: F) -> F:
    """The options of every command that reads files which a manifest may name."""
    for decorate in reversed(_OPTIONS):
        command = decorate(command)
    return command


def reading_options(command: F) -> F:
    """The same with `--set`: the options of every command that reads the jobs of a manifest."""
    return permission_options(set_option(command))


def typed_permissions() -> list[str]:
    """The options by which more was allowed, as they are typed again."""
    options = ((_ENV, _typed("env")), (_OUTSIDE, _typed("allow_outside")))
    return [word for option, values in options for value in values for word in (option, value)]


def permissions_of(manifest: Path) -> Permissions:
    """What a manifest may read under the command that runs just now."""
    allowed = re.split(r"[\s,]+", os.environ.get(_ENV_ALLOW, ""))
    names = frozenset(filter(None, (*_typed("env"), *allowed)))
    folders = (reading_root(manifest), *map(Path, _typed("allow_outside")))
    return Permissions(
        folders,
        names,
        {name: os.environ[name] for name in names if name in os.environ},
        others=frozenset(os.environ) - names,
        secrets=known_keys(os.environ),
    )


def _typed(option: str) -> tuple[str, ...]:
    context = click.get_current_context(silent=True)
    return context.meta.get(_KEY + option, ()) if context else ()
