"""`--set KEY=VALUE`: a default for this command alone, and what is said of it before anything is paid."""

from collections.abc import Iterable

import click

from batchrunner.cli.setting_param import SettingParam
from batchrunner.domain.job import Job
from batchrunner.domain.text import Lines, in_lines, plural
from batchrunner.manifest.overrides import OPTION, Override

_KEY = "batchrunner.set"


def _keep(context: click.Context, _: click.Parameter, values: tuple[Override, ...]) -> None:
    """Keeps what was typed for `typed_overrides`: every command that reads a manifest has this option."""
    context.meta[_KEY] = tuple(values)


# No variable sets it: it changes what is paid.
set_option = click.option(
    OPTION,
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    expose_value=False,
    callback=_keep,
    type=SettingParam("key=value", Override.typed),
    help="Set a default for this command, above the manifest's defaults: resolution=720p, model=SLUG.",
)


def typed_overrides() -> tuple[Override, ...]:
    """What the command that runs just now was given."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_KEY, ()) if context else ()


def typed_sets() -> list[str]:
    """The same as it is typed again."""
    return [word for each in typed_overrides() for word in (OPTION, f"{each.key}={each.text}")]


def set_values(jobs: Iterable[Job]) -> list[tuple[str, int]]:
    """What was typed, each with how many of these jobs send it."""
    jobs = list(jobs)
    return [(str(each), sum(each.location in job.locations.values() for job in jobs)) for each in typed_overrides()]


def set_lines(jobs: Iterable[Job], then: str = "") -> Lines | None:
    """A line for each, which ends with `then`; None where nothing was set."""
    said = [f"set on the command line: {each}, in {_jobs(count)}{then}" for each, count in set_values(jobs)]
    return in_lines(*said) if said else None


def _jobs(count: int) -> str:
    return plural(count, "job") if count else "no job (each says its own)"
