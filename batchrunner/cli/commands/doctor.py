"""`batchrunner doctor`."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from batchrunner.app.checkup import CheckResult, Checkup, Health
from batchrunner.app.endpoint import AccountAnswer, real_endpoint
from batchrunner.app.health_checks import checked
from batchrunner.cli.completion import complete_manifests
from batchrunner.cli.context import read
from batchrunner.cli.options import (
    format_option,
    ledger_option,
    network_option,
    option,
    profile_option,
    sandbox_option,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import hand_over, say_lines
from batchrunner.domain.settings import Network
from batchrunner.domain.text import Lines, in_lines, json_text, stacked, visible
from batchrunner.errors import BatchrunnerError, ExitCode
from batchrunner.io.clock import Clock
from batchrunner.providers.credentials import read_credentials
from batchrunner.storage.paths import find_project

_COLOURS = {Health.OK: "green", Health.WARNING: "yellow", Health.WRONG: "red"}
_HERE = Path("manifest.yaml")  # stands for whatever lies in this folder


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path), required=False, shell_complete=complete_manifests)
@profile_option
@reading_options
@ledger_option
@sandbox_option
@format_option("text", "json")
@option("--offline", is_flag=True, help="Do not ask the service.")
@network_option
def command(
    manifest: Path | None,
    profile: str,
    ledger: Path | None,
    form: str,
    allow_network: tuple[Network, ...],
    *,
    sandbox: bool,
    offline: bool,
) -> int:
    """Check key, balance, clock, disk and ledger, each with what helps.

    Without MANIFEST it looks at this folder. It asks nobody but the service, free, and changes nothing. Exits with 1 if
    something is wrong.

    Example: batchrunner doctor shots.yaml
    """
    clock = Clock()
    account = _account(clock, allow_network, is_asked=not (sandbox or offline))
    checkup = Checkup(
        project=find_project(manifest or _HERE, ledger, sandbox=sandbox),
        environment=os.environ,
        now_s=clock.wall_s(),
        account=account,
        manifest=read(manifest, profile) if manifest else None,
        is_sandbox=sandbox,
    )
    found = checked(checkup)
    is_well = all(each.state is not Health.WRONG for each in found)
    if form == "json":
        hand_over(json_text({"ok": is_well, "checks": list(map(_object, found))}, indent=2))
    else:
        say_lines(_text(found))
    return ExitCode.DONE if is_well else ExitCode.FAILED


def _account(clock: Clock, allowed: tuple[Network, ...], *, is_asked: bool) -> AccountAnswer | str:
    """What the service says; in words, why nobody asked it."""
    if not is_asked:
        return "not asked"
    try:
        access = read_credentials(os.environ)
    except BatchrunnerError:  # a check of its own says why
        return "not asked without a key"
    return asyncio.run(real_endpoint(access, allowed).account(clock))


def _text(found: Sequence[CheckResult]) -> Lines:
    widest = max(len(each.name) for each in found)
    return stacked(*(line for each in found for line in _lines(each, widest)))


def _lines(result: CheckResult, widest: int) -> Iterator[Lines]:
    state = click.style(
        f"{result.state.value:<7}", fg=_COLOURS.get(result.state), dim=result.state is Health.SKIPPED or None
    )
    yield Lines(f"{state}  {result.name:<{widest}}  {visible(result.words)}")
    if result.help:
        yield in_lines(f"{'':<{widest + 9}}  help: {result.help}")


def _object(result: CheckResult) -> dict[str, str | None]:
    return {"name": result.name, "state": result.state.value, "words": result.words, "help": result.help or None}
