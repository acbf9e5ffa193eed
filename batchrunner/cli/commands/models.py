"""`batchrunner models`."""

import json
from pathlib import Path

import click
from click.core import ParameterSource

from batchrunner.catalog import price_list, shipped
from batchrunner.cli.context import catalog_of
from batchrunner.cli.group import SUBCOMMANDS, LazyGroup
from batchrunner.cli.options import format_option, models_option
from batchrunner.cli.permission_options import permission_options
from batchrunner.cli.terminal import hand_over, say, say_lines
from batchrunner.domain.text import json_text
from batchrunner.errors import UsageError
from batchrunner.reports.model_list import model_list, models_as_json


@click.group(
    cls=LazyGroup, listed=SUBCOMMANDS["models"], within="models", otherwise="show", invoke_without_command=True
)
@models_option
@permission_options
@format_option("table", "json", "prices")
@click.pass_context
def command(context: click.Context, manifest: Path | None, form: str) -> None:
    """List the models with what a clip costs, its lengths and sizes, and how this is known.

    `batchrunner models SLUG` shows all that is known of one. With -o prices: the file that --prices reads, to be
    brought up to date.

    Example: batchrunner models
    """
    if context.invoked_subcommand is not None:
        _check_nothing_typed(context)
        return
    catalog = catalog_of(manifest) if manifest else shipped()
    if form == "prices":
        hand_over(json.dumps(price_list(catalog).as_json(), indent=2))
    elif form == "json":
        hand_over(json_text(models_as_json(catalog), indent=2))
    else:
        say_lines(model_list(catalog))
        say()
        say("all of one: `batchrunner models SLUG`; which of them take the jobs of a manifest: `models compare`")


def _check_nothing_typed(context: click.Context) -> None:
    """Nothing, where no option stands before the name of a command: it would be about another list.

    Raises:
        UsageError: one does.
    """
    typed = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if typed:
        raise UsageError(f"put the options behind `{context.invoked_subcommand}` or the name of the model")
