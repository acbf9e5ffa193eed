"""What was typed: a command with its options, those of the run and those of the command line alone."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from batchrunner.app.run_options import RunOptions
from batchrunner.domain.settings import Network


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How it is told what a command did, and where to: `events` is a file, or `-` for stdout."""

    form: str = "table"
    quiet: bool = False
    verbose: bool = False
    log_file: Path | None = None
    events: str | None = None


_OF_THE_RUN = {each.name for each in fields(RunOptions)}
_OF_THE_OUTPUT = {each.name for each in fields(OutputOptions)}


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command that was typed. `run` is what is asked of the run, `output` how it is told, the rest where, as whom."""

    path: Path
    profile: str = ""
    ledger: Path | None = None
    sandbox: bool = False
    prices: Path | None = None
    yes: bool = False
    allow_partial: bool = False
    allow_network: tuple[Network, ...] = ()
    output: OutputOptions = field(default_factory=OutputOptions)
    run: RunOptions = field(default_factory=RunOptions)

    @classmethod
    def of(cls, path: Path, command: str, **options: Any) -> Self:
        """A command on a manifest, with its options by their names."""
        of_the_run = {name: value for name, value in options.items() if name in _OF_THE_RUN}
        of_the_output = {name: value for name, value in options.items() if name in _OF_THE_OUTPUT}
        others = {name: value for name, value in options.items() if name not in _OF_THE_RUN | _OF_THE_OUTPUT}
        return cls(path, run=RunOptions(command, **of_the_run), output=OutputOptions(**of_the_output), **others)
