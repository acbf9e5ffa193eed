"""`batchrunner sandbox`."""

import asyncio
import errno
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from batchrunner.app.imitated_models import imitated_models
from batchrunner.catalog import shipped
from batchrunner.cli.setting_param import SettingParam
from batchrunner.cli.terminal import say, say_lines
from batchrunner.domain import settings
from batchrunner.domain.text import in_lines
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.sandbox import Behaviour, Fault, Server, parse_fault


class _FaultRate(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    name = "kind=rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return parse_fault(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _list_faults(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        say_lines(in_lines(*(f"{fault.value:22} {fault.description}" for fault in Fault)))
        ctx.exit()


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("sandbox.jsonl"),
    show_default=True,
    help="Keep tasks and charges in this file.",
)
@click.option("--latency", type=float, default=2.0, show_default=True, help="Render for so many seconds.")
@click.option(
    "--concurrency", type=click.IntRange(1), default=10, show_default=True, help="Run at most so many tasks at once."
)
@click.option("--rate", type=click.IntRange(1), default=600, show_default=True, help="Allow so many requests a minute.")
@click.option(
    "--balance", type=SettingParam("usd", settings.usd), default="1000", help="Start with this balance, in US dollars."
)
@click.option("--fault", "faults", type=_FaultRate(), multiple=True, help="Make this go wrong, so often: poll-500=0.1.")
@click.option(
    "--hang", type=float, default=300.0, show_default=True, help="Let a hanging request hang for so many seconds."
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Choose the faults by this seed; equal seeds, equal faults."
)
@click.option("--faults", "listed", is_flag=True, is_eager=True, expose_value=False, callback=_list_faults,
              help="List the kinds of faults.")  # fmt: skip
def command(
    port: int,
    state: Path,
    latency: float,
    concurrency: int,
    rate: int,
    balance: Decimal,
    faults: tuple[tuple[Fault, float], ...],
    hang: float,
    seed: int,
) -> None:
    """Serve an imitation of the service on a port of this machine.

    It has every model that `batchrunner models` lists.

    Example: batchrunner sandbox --fault submit-503-after=0.1
    """
    options = Behaviour(
        latency_s=latency,
        concurrency=concurrency,
        rate_per_min=rate,
        balance_usd=balance,
        faults=dict(faults),
        hang_s=hang,
        seed=seed,
    )
    try:
        asyncio.run(_serve(state, options, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UsageError(f"port {port} is in use: choose another with --port") from error


async def _serve(state: Path, options: Behaviour, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    imitated = imitated_models(shipped())
    async with Server(state=state, clock=Clock(), options=options, models=imitated, port=port) as server:
        say(f"export MODELLIX_BASE_URL={server.base_url} MODELLIX_API_KEY=mdlx-sandbox")
        await stop.wait()
