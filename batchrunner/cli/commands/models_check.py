"""`batchrunner models check`."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from batchrunner.app.contract_check import Published, check_model
from batchrunner.app.published_pages import fetch_pages, kept_schema, schema_page
from batchrunner.catalog import Catalog, Model, shipped
from batchrunner.cli.completion import complete_models
from batchrunner.cli.context import read
from batchrunner.cli.options import format_option, option
from batchrunner.cli.permission_options import permission_options
from batchrunner.cli.terminal import hand_over, say_lines, warn
from batchrunner.domain.suggestions import nearest_name
from batchrunner.domain.text import json_text
from batchrunner.errors import ExitCode, UsageError
from batchrunner.io.clock import Clock
from batchrunner.io.http import Http
from batchrunner.reports.contract_table import contract_json, contract_lines


@click.command()
@click.argument("models", nargs=-1, shell_complete=complete_models)
@option("--manifest", type=click.Path(path_type=Path), help="Also check the models that this manifest describes.")
@permission_options
@click.option(
    "--offline-file",
    type=click.Path(path_type=Path),
    help="Ask nobody; read this document of the one model that is named, or a folder's PROVIDER/NAME.json.",
)
@format_option("text", "json")
def command(models: tuple[str, ...], manifest: Path | None, offline_file: Path | None, form: str) -> int:
    """Compare the models with the schemas that the service publishes.

    Asks www.modellix.ai for the schema of each model, or of those that are named; sends no key. A difference is a
    contract that has changed: runs of that model then wait until somebody passes --accept-drift.

    Example: batchrunner models check google/veo-3.1-i2v
    """
    found = list(_chosen(models, _catalog(manifest)))
    if offline_file is not None and not offline_file.is_dir() and len(found) != 1:
        raise UsageError(f"{offline_file} describes one model: name it, or name a folder with PROVIDER/NAME.json")
    published = _published(found, offline_file)
    now_s = Clock().wall_s()
    checked = [check_model(model, published[model.slug], now_s) for model in found]
    if form == "json":
        hand_over(json_text(contract_json(checked), indent=2))
    else:
        say_lines(contract_lines(checked))
    if any(each.drift for each in checked):
        return ExitCode.FAILED
    return ExitCode.WORK_LEFT if any(each.failure for each in checked) else ExitCode.DONE


def _catalog(manifest: Path | None) -> Catalog:
    if manifest is None:
        return shipped()
    found = read(manifest)
    if found.errors:
        warn(f"{manifest} has errors: a model that it describes with one is not checked; see `batchrunner validate`")
    return found.catalog


def _chosen(names: Sequence[str], catalog: Catalog) -> Iterator[Model]:
    """The models of these names; all, where none is given."""
    for name in dict.fromkeys(names or catalog.slugs):
        model = catalog.find(name)
        if model is None:
            near = nearest_name(name, catalog.slugs)
            raise UsageError(f"there is no model {name}" + (f": did you mean {near}?" if near else ""))
        yield model


def _published(models: Sequence[Model], kept: Path | None) -> Published:
    if kept is not None:
        return {model.slug: kept_schema(kept, model.slug) for model in models}
    pages = asyncio.run(fetch_pages((schema_page(model.slug) for model in models), Http(loopback=False)))
    return {model.slug: pages[schema_page(model.slug)] for model in models}
