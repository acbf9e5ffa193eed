"""Options that several commands share, and their environment forms."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from batchrunner.cli.permission_options import reading_options, typed_permissions
from batchrunner.domain import settings

F = TypeVar("F", bound=Callable[..., Any])


def option(name: str, *more: Any, **rest: Any) -> Callable[[F], F]:
    """An option that may also be set as BATCHRUNNER_<OPTION>."""
    variable = name.lstrip("-").replace("-", "_").upper()
    return click.option(name, *more, envvar=f"BATCHRUNNER_{variable}", show_envvar=False, **rest)


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


manifest_argument = click.argument("manifest", type=click.Path(path_type=Path))

ledger_option = option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The state file; by default the nearest .batchrunner/ledger.db upward from the manifest.",
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
        help="How the result is printed.",
    )


sandbox_option = option(
    "--sandbox", is_flag=True, help="Use the imitated service, with a ledger and clips of its own: free."
)

network_option = option(
    "--allow-network",
    multiple=True,
    type=SettingParam("cidr", settings.network),
    help="Let links lead there although it is not public, as with some VPNs: 198.18.0.0/15.",
)
profile_option = option("--profile", default="", help="A named overlay of the manifest, such as draft.")
quiet_option = option("--quiet", "-q", is_flag=True, help="Only what is paid for, the result, and what needs a person.")


def scope_flags(profile: str, ledger: Path | None, *, sandbox: bool) -> list[str]:
    """The options without which a next command would be about other jobs, as they are typed."""
    named = {"--profile": profile, "--ledger": str(ledger or "")}
    typed = [word for name, value in named.items() if value for word in (name, value)]
    return [*typed, *typed_permissions(), *(["--sandbox"] if sandbox else [])]


prices_option = option(
    "--prices",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Today's prices, in a file like the one that `batchrunner models -o prices` prints.",
)

max_cost_option = click.option(
    "--max-cost", type=SettingParam("usd", settings.usd), help="The most that a run may cost, in US dollars."
)
concurrency_option = option(
    "--concurrency",
    type=SettingParam("n", settings.concurrency),
    help="How many tasks may run at once: a number, or auto.",
)
unpriced_option = click.option(
    "--allow-unpriced",
    is_flag=True,
    help="Also pay for jobs that have no price; no limit counts them before their bill.",
)


def choosing_options(only: str, never: str) -> tuple[Callable[[F], F], ...]:
    """`--select` and `--exclude`, with what they mean to a command in a few words."""
    return (
        option("--select", multiple=True, help=f"{only}: ids with globs, tag:, model:, status:, class:, @file."),
        option("--exclude", multiple=True, help=f"{never}; written like --select."),
    )


selection_options = (
    *choosing_options("Submit only these", "Do not submit these"),
    option("--limit", type=click.IntRange(1), help="Submit only the first N that have something to do."),
)

_RUN_OPTIONS = (
    profile_option,
    reading_options,
    click.option("--yes", is_flag=True, help="Agree to the paid work that the plan shows."),
    click.option("--plan", metavar="DIGEST", help="Only if this is the plan: the name that `plan` ends with."),
    max_cost_option,
    click.option("--allow-partial", is_flag=True, help="Agree although the balance pays for a part only."),
    click.option(
        "--max-replace",
        type=SettingParam("n|n%|all", settings.max_replace),
        metavar="N|N%|all",
        help="So many finished clips may be rendered again because of edits; else 20% of them, and 5 at least.",
    ),
    option("--wait-for-balance", is_flag=True, help="When the balance is used up, wait for a top-up and go on."),
    prices_option,
    unpriced_option,
    concurrency_option,
    option(
        "--rate", type=SettingParam("n/min", settings.rate_per_min), help="Requests of all kinds: 100/min, or auto."
    ),
    click.option("--fresh", is_flag=True, help="Begin anew although the memory of what was paid is lost."),
    option(
        "--halt",
        type=SettingParam("n|n%", settings.halt),
        help="Submit nothing more after so many failures: 5, or 10%.",
    ),
    option(
        "--no-canary",
        is_flag=True,
        help="Do not wait for the first clip of a model that is new; else more than 20 jobs of one do.",
    ),
    option(
        "--deadline",
        type=SettingParam("when", settings.deadline),
        help="The last moment of submitting: 8h, 1h30m, 2d, 07:00 or 2026-11-24T07:00, by this machine's own zone "
        "where none (Z, +01:00) is named.",
    ),
    *selection_options,
    ledger_option,
    sandbox_option,
    format_option("table", "json", "csv", "md"),
    quiet_option,
    option("--notify", metavar="URL", help="Tell a web hook when the run ends, stops paying, or waits for a person."),
    network_option,
    option("--keep-awake", is_flag=True, help="Keep this machine from falling asleep while the run goes on."),
)


def run_options(command: F) -> F:
    """The options of `run`, which `retry` shares."""
    return decorated(command, _RUN_OPTIONS)


def decorated(command: F, options: Iterable[Callable[[F], F]]) -> F:
    """A command with all these options, listed in this order."""
    for decorate in reversed(list(options)):
        command = decorate(command)
    return command
