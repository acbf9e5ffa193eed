"""`batchrunner schema`."""

import json
from pathlib import Path

import click

from batchrunner.catalog import shipped
from batchrunner.cli.completion import complete_models
from batchrunner.cli.context import catalog_of
from batchrunner.cli.options import models_option
from batchrunner.cli.permission_options import permission_options
from batchrunner.cli.terminal import hand_over
from batchrunner.errors import UsageError
from batchrunner.io.resources import read_text
from batchrunner.manifest.editor_schema import editor_schema

_FILES = {what: f"schemas/{what}.schema.json" for what in ("report", "events", "model")}


@click.command()
@click.argument(
    "what", default="manifest", metavar="[manifest|report|events|model|SLUG]", shell_complete=complete_models
)
@models_option
@permission_options
def command(what: str, manifest: Path | None) -> None:
    """Print a schema, one self-contained file: for editors and for programs.

    `manifest` describes manifests, `report` the JSON of reports, `events` a line of `run --events`, `model` a file
    that describes a model, and the name of a model the body of its requests.

    Example: batchrunner schema manifest
    """
    catalog = catalog_of(manifest) if manifest else shipped()
    model = catalog.find(what)
    if what == "manifest":
        found = editor_schema(catalog)
    elif what in _FILES:
        found = json.loads(read_text(_FILES[what]))
    elif model is not None:
        found = dict(model.schema)
    else:
        names = ", ".join(("manifest", *_FILES))
        raise UsageError(f"there is no schema {what}: use {names}, or one of {', '.join(catalog.slugs)}")
    hand_over(json.dumps(found, indent=2, ensure_ascii=False))
