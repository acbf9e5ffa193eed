"""Options that several commands share, and their environment forms."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from batchrunner.cli.completion import (
    complete_chosen_jobs,
    complete_manifests,
    complete_profiles,
    complete_selection,
)
from batchrunner.cli.permission_options import reading_options, typed_permissions
from batchrunner.cli.set_option import typed_sets
from batchrunner.cli.setting_param import SettingParam
from batchrunner.domain import settings

F = TypeVar("F", bound=Callable[..., Any])


def option(name: str, *more: Any, **rest: Any) -> Callable[[F], F]:
    """An option that may also be set as BATCHRUNNER_<OPTION>."""
    variable = name.lstrip("-").replace("-", "_").upper()
    return click.option(name, *more, envvar=f"BATCHRUNNER_{variable}", show_envvar=False, **rest)


manifest_argument = click.argument("manifest", type=click.Path(path_type=Path), shell_complete=complete_manifests)
jobs_argument = click.argument("jobs", nargs=-1, metavar="[JOB]...", shell_complete=complete_chosen_jobs)

ledger_option = option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Use this ledger file; by default the nearest .batchrunner/ledger.db in the manifest's folder or above it.",
)


def format_option(*names: str) -> Callable[[F], F]:
    """`-o`: how the result is printed; the first name is the default."""
    return option(
        "--output-format",
        "-o",
        "form",
        type=click.Choice(names),
        default=names[0],
        show_default=True,
        help="Print the result in this format.",
    )


models_option = option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also know the models of one's own that this manifest names under `models:`.",
)

sandbox_option = option(
    "--sandbox", is_flag=True, help="Use the sandbox, an imitated service with a ledger and clips of its own: free."
)

network_option = option(
    "--allow-network",
    multiple=True,
    type=SettingParam("cidr", settings.network),
    help="Allow links into this network although it is not public, as with some VPNs: 198.18.0.0/15.",
)
profile_option = option(
    "--profile", default="", help="Apply this profile of the manifest, such as draft.", shell_complete=complete_profiles
)
quiet_option = option(
    "--quiet", "-q", is_flag=True, help="Print only what is paid, the result, and what needs a person."
)
verbose_option = option("--verbose", "-v", is_flag=True, help="Also print how many requests were sent.")
log_file_option = option(
    "--log-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the log of the run to the end of this file; by default .batchrunner/NAME.log.",
)

events_option = option(
    "--events",
    metavar="FILE|-",
    help="Add what happens to this file as CloudEvents, a line each; `-` is stdout, and the table goes to stderr.",
)


def scope_flags(profile: str, ledger: Path | None, *, sandbox: bool) -> list[str]:
    """The options without which a next command would be about other jobs, as they are typed."""
    named = {"--profile": profile, "--ledger": str(ledger or "")}
    typed = [word for name, value in named.items() if value for word in (name, value)]
    return [*typed, *typed_permissions(), *typed_sets(), *(["--sandbox"] if sandbox else [])]


prices_option = option(
    "--prices",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Use the prices in this file; `batchrunner models -o prices` prints one to start from.",
)

max_cost_option = click.option(
    "--max-cost", type=SettingParam("usd", settings.usd), help="Spend at most this many US dollars in this run."
)
concurrency_option = option(
    "--concurrency",
    type=SettingParam("n", settings.concurrency),
    help="Run at most so many tasks at once: a number, or auto.",
)
unpriced_option = click.option(
    "--allow-unpriced",
    is_flag=True,
    help="Also render jobs without a known price; cost limits ignore them until they are billed.",
)

accept_drift_option = click.option(
    "--accept-drift",
    is_flag=True,
    help="Also render with models whose contract is not the published one any more; see `batchrunner models check`.",
)


def choosing_options(only: str, never: str) -> tuple[Callable[[F], F], ...]:
    """`--select` and `--exclude`, with what they mean to a command in a few words."""
    return (
        option(
            "--select",
            multiple=True,
            help=f"{only}: ids with globs, tag:, model:, status:, class:, changed:, @file.",
            shell_complete=complete_selection,
        ),
        option("--exclude", multiple=True, help=f"{never}; written like --select.", shell_complete=complete_selection),
    )


selection_options = (
    *choosing_options("Submit only these", "Do not submit these"),
    option("--limit", type=click.IntRange(1), help="Submit only the first N jobs that have something to do."),
)

_RUN_OPTIONS = (
    profile_option,
    reading_options,
    click.option("--yes", is_flag=True, help="Confirm the paid work that the plan shows, without asking."),
    click.option(
        "--plan", metavar="DIGEST", help="Start only if the plan is still this one; `plan` prints its digest."
    ),
    max_cost_option,
    click.option("--allow-partial", is_flag=True, help="Start although the balance covers only some of the clips."),
    click.option(
        "--max-replace",
        type=SettingParam("n|n%|all", settings.max_replace),
        metavar="N|N%|all",
        help="Allow edits to render so many finished clips again; by default 20%, and at least 5.",
    ),
    option("--wait-for-balance", is_flag=True, help="When the balance is used up, wait for a top-up and continue."),
    prices_option,
    unpriced_option,
    accept_drift_option,
    concurrency_option,
    option(
        "--rate",
        type=SettingParam("n/min", settings.rate_per_min),
        help="Send at most so many requests of all kinds: 100/min, or auto.",
    ),
    click.option("--fresh", is_flag=True, help="Start over although the record of what was paid is lost."),
    option(
        "--halt",
        type=SettingParam("n|n%", settings.halt),
        help="Stop submitting after so many failures: 5, or 10%.",
    ),
    option(
        "--no-canary",
        is_flag=True,
        help="Do not wait for the first clip of a model that is new here; else more than 20 jobs of a model do.",
    ),
    option(
        "--deadline",
        type=SettingParam("when", settings.deadline),
        help="Stop submitting at this moment: 8h, 1h30m, 2d, 07:00 or 2026-11-24T07:00, by this machine's own zone "
        "where none (Z, +01:00) is named.",
    ),
    *selection_options,
    ledger_option,
    sandbox_option,
    format_option("table", "json", "csv", "md"),
    quiet_option,
    verbose_option,
    log_file_option,
    events_option,
    option(
        "--notify",
        metavar="URL",
        help="Notify this web hook when the run ends, stops submitting, or waits for a person.",
    ),
    network_option,
    option("--keep-awake", is_flag=True, help="Keep this machine awake during the run."),
)


def run_options(command: F) -> F:
    """The options of `run`, which `retry` shares."""
    return decorated(command, _RUN_OPTIONS)


def decorated(command: F, options: Iterable[Callable[[F], F]]) -> F:
    """A command with all these options, listed in this order."""
    for decorate in reversed(list(options)):
        command = decorate(command)
    return command
