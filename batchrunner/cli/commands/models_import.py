"""`batchrunner models import`."""

import asyncio
import os.path
from pathlib import Path

import click

from batchrunner.app.model_import import imported
from batchrunner.app.published_pages import fetch_pages, read_kept, schema_page
from batchrunner.catalog.published_document import is_slug
from batchrunner.cli.options import option
from batchrunner.cli.terminal import say
from batchrunner.domain.text import plural
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.io.dir_fd import Refused
from batchrunner.io.http import Http
from batchrunner.io.roots import named_by_a_person


@click.command()
@click.argument("source", metavar="FILE|MODEL")
@option("--to", type=click.Path(dir_okay=False, path_type=Path), help="Write this file; by default models/NAME.yaml.")
def command(source: str, to: Path | None) -> None:
    """Write a description of a model from its published schema; never overwrites.

    For a model (PROVIDER/NAME) it asks www.modellix.ai for the schema, without a key; FILE is one that you have. What a
    schema does not tell (what a field is for, rules, prices) is left as a TODO; `validate` shows where.

    Example: batchrunner models import vidu/viduq3-turbo-i2v
    """
    if not os.path.lexists(source) and not is_slug(source):
        raise UsageError(f"there is no file {source}, and it is no name of a model (PROVIDER/NAME)")
    page = "" if os.path.lexists(source) else schema_page(source)
    data = _fetched(source, page) if page else read_kept(Path(source))
    made = imported(data, source if page else "", page or os.path.basename(source), Clock().wall_s())  # noqa: PTH119
    file = to or Path("models") / f"{made.slug.partition('/')[2]}.yaml"
    _write(file, made.text)
    say(f"wrote {file}, with {plural(made.todos, 'TODO')} for you.")
    say(f"Next: name it in a manifest (`models: {file}`), fill in each TODO, and run `batchrunner validate`")


def _fetched(slug: str, page: str) -> bytes:
    found = asyncio.run(fetch_pages([page], Http(loopback=False)))[page]
    if isinstance(found, str):
        raise UsageError(f"the schema of {slug} cannot be read: {found}. Nothing was written")
    return found


def _write(file: Path, text: str) -> None:
    root, whole = named_by_a_person(file)
    try:
        root.write_new(whole, text.encode())
    except FileExistsError as error:
        raise UsageError(f"{file} already exists and is not overwritten: name another file with --to") from error
    except Refused as error:
        raise UsageError(f"nothing was written: {error}") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
