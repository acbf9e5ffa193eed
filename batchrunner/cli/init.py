"""`batchrunner init`."""

from pathlib import Path

import click

from batchrunner.cli.options import option
from batchrunner.errors import UsageError
from batchrunner.manifest.starter import Starter, starter

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=Path("shots.yaml"))
@option("--from", "table", type=_FILE, help="A spreadsheet, saved as CSV, with one shot a line.")
@option("--images", type=_FOLDER, help="A folder of frames.")
def command(file: Path, table: Path | None, images: Path | None) -> None:
    """Write a starter manifest; it says what it guessed, and never overwrites.

    With --from, the columns of a spreadsheet become fields; with --images, frames are found by their names.

    Example: batchrunner init shots.yaml --from shots.csv --images frames/
    """
    made: Starter = starter(file, table, images)
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(made.text)
    except FileExistsError:
        raise UsageError(f"{file} is there already, and is not overwritten") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    for guess in made.guesses:
        click.echo(f"guessed: {guess}", err=True)
    click.echo(f"wrote {file}. Next: `batchrunner plan {file}`")
