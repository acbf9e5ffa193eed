"""Options whose values are read by a function of ours, with its sentence where it refuses."""

from collections.abc import Callable
from typing import Any

import click


class SettingParam(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """A value that is read as the manifest's settings are read."""

    def __init__(self, name: str, read: Callable[[object], object]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or a usage error with the reader's sentence."""
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
