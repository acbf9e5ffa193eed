"""`batchrunner models show`."""

from pathlib import Path

import click

from batchrunner.app.named_model import named_model
from batchrunner.catalog import shipped
from batchrunner.cli.completion import complete_models
from batchrunner.cli.context import catalog_of
from batchrunner.cli.options import format_option, models_option
from batchrunner.cli.permission_options import permission_options
from batchrunner.cli.terminal import hand_over, say_lines
from batchrunner.domain.text import json_text
from batchrunner.reports.model_page import model_as_json, model_page


@click.command()
@click.argument("slug", shell_complete=complete_models)
@models_option
@permission_options
@format_option("text", "json")
def command(slug: str, manifest: Path | None, form: str) -> None:
    """Show all that is known of one model: fields, rules, prices, times.

    `batchrunner models SLUG` is the same.

    Example: batchrunner models show google/veo-3.1-i2v
    """
    model = named_model(catalog_of(manifest) if manifest else shipped(), slug)
    if form == "json":
        hand_over(json_text(model_as_json(model), indent=2))
    else:
        say_lines(model_page(model))
