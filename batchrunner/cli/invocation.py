"""What was typed: a command with its options, those of the run and those of the command line alone."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from batchrunner.app.run_options import RunOptions
from batchrunner.domain.settings import Network

_OF_THE_RUN = {each.name for each in fields(RunOptions)}


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command that was typed. `run` is what is asked of the run, the rest says where, as whom, and how it is told."""

    path: Path
    profile: str = ""
    ledger: Path | None = None
    sandbox: bool = False
    prices: Path | None = None
    yes: bool = False
    allow_partial: bool = False
    allow_network: tuple[Network, ...] = ()
    form: str = "table"
    quiet: bool = False
    verbose: bool = False
    log_file: Path | None = None
    run: RunOptions = field(default_factory=RunOptions)

    @classmethod
    def of(cls, path: Path, command: str, **options: Any) -> Self:
        """A command on a manifest, with its options by their names."""
        of_the_run = {name: value for name, value in options.items() if name in _OF_THE_RUN}
        others = {name: value for name, value in options.items() if name not in _OF_THE_RUN}
        return cls(path, run=RunOptions(command, **of_the_run), **others)
