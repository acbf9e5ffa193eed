"""`batchrunner schema`."""

import json

import click

from batchrunner.catalog import shipped
from batchrunner.cli.terminal import hand_over
from batchrunner.errors import UsageError
from batchrunner.io.resources import read_text
from batchrunner.manifest.editor_schema import editor_schema


@click.command()
@click.argument("what", default="manifest", metavar="[manifest|report|MODEL]")
def command(what: str) -> None:
    """Print a schema, one self-contained file: for editors and for programs.

    Example: batchrunner schema manifest
    """
    model = shipped().find(what)
    if what == "manifest":
        found = editor_schema(shipped())
    elif what == "report":
        found = json.loads(read_text("schemas/report.schema.json"))
    elif model is not None:
        found = dict(model.schema)
    else:
        raise UsageError(f"there is no schema {what}: use manifest, report, or one of {', '.join(shipped().slugs)}")
    hand_over(json.dumps(found, indent=2, ensure_ascii=False))
