"""`batchrunner models compare`."""

from pathlib import Path

import click

from batchrunner.app.compare_models import CompareModels
from batchrunner.app.job_set import prices_of
from batchrunner.app.named_model import named_model
from batchrunner.cli.context import valid_manifest
from batchrunner.cli.options import format_option, manifest_argument, option, prices_option, profile_option
from batchrunner.cli.permission_options import permissions_of, reading_options
from batchrunner.cli.set_option import typed_overrides
from batchrunner.cli.terminal import hand_over, say_lines, width
from batchrunner.domain.text import json_text
from batchrunner.reports.model_comparison import comparison_as_json, comparison_table


@click.command()
@manifest_argument
@option("--with", "slugs", metavar="SLUG", multiple=True, help="Compare with this model; by default with all.")
@profile_option
@reading_options
@prices_option
@format_option("table", "json")
def command(manifest: Path, slugs: tuple[str, ...], profile: str, prices: Path | None, form: str) -> None:
    """Price the same jobs for each model that can take them, with what would have to change.

    The manifest is read once more for each model, as if a profile said `model: SLUG`; a field that the model does not
    have is left out, and named. Needs no key, asks nobody, writes nothing. Prices are those of the descriptions.

    Example: batchrunner models compare shots.yaml --with google/veo-3.1-fast-i2v
    """
    read = valid_manifest(manifest, profile)
    chosen = dict.fromkeys(named_model(read.catalog, slug).slug for slug in slugs) or read.catalog.slugs
    compare = CompareModels(read, permissions_of(manifest), prices_of(prices, read.catalog), typed_overrides())
    found = compare.with_models(chosen)
    if form == "json":
        hand_over(json_text(comparison_as_json(found), indent=2))
    else:
        say_lines(comparison_table(found, width()))
