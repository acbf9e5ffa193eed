"""`batchrunner init`."""

import os.path
import shlex
from pathlib import Path

import click

from batchrunner.app.named_model import named_model
from batchrunner.catalog import shipped
from batchrunner.cli.completion import complete_models
from batchrunner.cli.options import option
from batchrunner.cli.terminal import say
from batchrunner.errors import UsageError
from batchrunner.io.dir_fd import Refused
from batchrunner.io.roots import named_by_a_person
from batchrunner.manifest.placeholders import WORD
from batchrunner.manifest.rows import encodings
from batchrunner.manifest.scaffold import scaffold

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)

# Lines that both sides add at one place would be a conflict to git; a clip that stands there twice is one to us.
_UNITED = "*.receipts.jsonl merge=union\n"


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=Path("shots.yaml"))
@option("--from", "table", type=_FILE, help="Read this spreadsheet with one shot a line: .xlsx or CSV.")
@option("--images", type=_FOLDER, help="Use the frames in this folder.")
@option(
    "--model",
    "slug",
    metavar="SLUG",
    help="Write it for this model; `batchrunner models` lists them.",
    shell_complete=complete_models,
)
@option("--encoding", metavar="NAME", help="Read the spreadsheet in this encoding, if it is not UTF-8: mac-roman.")
@option("--slugify", is_flag=True, help="Turn names that cannot be ids into ids, in a copy of the sheet.")
def command(
    file: Path, table: Path | None, images: Path | None, slug: str | None, encoding: str | None, slugify: bool
) -> None:
    """Write a starter manifest, and say what was guessed; never overwrites.

    With --from, the columns of a spreadsheet become fields; with --images, frames are found by their names.
    With --model, all of it is for another model than the default one.

    Example: batchrunner init shots.yaml --from shots.csv --images frames/
    """
    known = encodings.find(encoding) if encoding else None
    if encoding and known is None:
        raise UsageError(f"there is no encoding {encoding}: use one of {', '.join(encodings.NAMES)}")
    if not file.parent.is_dir():
        raise UsageError(f"{file} cannot be written: there is no folder {file.parent}")
    catalog = shipped()
    model = named_model(catalog, slug) if slug else catalog.default
    made = scaffold(file, table, images, model=model, catalog=catalog, slugify=slugify, encoding=known)
    new = [file, made.rows_file] if made.rows else [file]
    there = next((path for path in new if os.path.lexists(path)), None)
    if there or (made.rows and not _written(made.rows_file, made.rows)) or not _written(file, made.text):
        raise UsageError(f"{there or file} already exists and is not overwritten")
    if made.rows:
        say(f"wrote {made.rows_file}, a copy of {table}: the manifest reads this copy, so edit this one", err=True)
    attributes = file.with_name(".gitattributes")
    if _written(attributes, _UNITED):
        say(f"wrote {attributes}: with it, git merges the receipts of two machines by itself", err=True)
    for guess in made.guesses:
        say(f"guessed: {guess}", err=True)
    for warning in made.warnings:
        say(f"warning: {warning}", err=True)
    first = f"replace each {WORD} in it, then " if WORD in made.text else ""
    named = shlex.quote(str(file))
    say(
        f"wrote {file}. Next: {first}`batchrunner validate {named}` (every mistake, on its line) "
        f"and `batchrunner plan {named}` (what it would cost)"
    )


def _written(path: Path, text: str) -> bool:
    """Whether a new file was written; one that is there already stays as it is."""
    root, whole = named_by_a_person(path)
    try:
        root.write_new(whole, text.encode())
    except FileExistsError:
        return False
    except Refused as error:
        raise UsageError(f"nothing was written: {error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    return True
