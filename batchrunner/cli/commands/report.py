"""`batchrunner report`."""

import os.path
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from batchrunner.cli.context import project_of, status_at
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import (
    choosing_options,
    decorated,
    format_option,
    ledger_option,
    manifest_argument,
    option,
    prices_option,
    profile_option,
    sandbox_option,
)
from batchrunner.cli.permission_options import permissions_of, reading_options
from batchrunner.cli.render import say_report, shown
from batchrunner.cli.terminal import say
from batchrunner.errors import UsageError
from batchrunner.io.roots import named_by_a_person
from batchrunner.manifest.load import load
from batchrunner.reports.formats.registry import FORMATS, render
from batchrunner.storage.paths import FOLDER
from batchrunner.storage.receipts import SUFFIX

# what a table may be called; every other form is the ending of its files
_TABLE_ENDINGS = {"", "txt"}
# and what else one may be called
_FORM_OF_ENDING = {"xml": "junit"}
_ENDINGS = ", ".join(f".{ending}" for ending in (*FORMATS, *_FORM_OF_ENDING) if ending != "table")
# as git tells texts from other files: by a NUL near the beginning
_BEGINNING_BYTES = 8000


@click.command()
@manifest_argument
@lambda command: decorated(command, choosing_options("Report only these", "Do not report these"))
@profile_option
@reading_options
@ledger_option
@sandbox_option
@prices_option
@format_option(*FORMATS)
@option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file; without -o its ending names the format.",
)
@click.pass_context
def command(context: click.Context, /, manifest: Path, to: Path | None, form: str, **options: Any) -> None:
    """Report what happened, from the ledger alone: for spreadsheets, pages and programs.

    Example: batchrunner report shots.yaml -o csv --to shots-report.csv
    """
    if to is not None:
        _check_place(to, manifest, options["profile"])
        form = _form(form, context, to)
    typed = Invocation.of(manifest, "report", **options)
    report, project = status_at(typed).report, project_of(typed)
    if to is None:
        say_report(shown(report, form, project), form)
        return
    # links lead from where the file lies
    text = render(report, form, project=os.path.relpath(project.root, to.absolute().parent))
    root, whole = named_by_a_person(to, project.home)
    root.write_whole(whole, f"{text}\n".encode())
    say(f"wrote {to}", err=True)


def _form(form: str, context: click.Context, to: Path) -> str:
    """The form as it was said; where nobody said one, that of the file's ending.

    Raises:
        UsageError: it has an ending that says no form.
    """
    ending = to.suffix.lower().removeprefix(".")
    ending = _FORM_OF_ENDING.get(ending, ending)
    if context.get_parameter_source("form") is not ParameterSource.DEFAULT or ending in _TABLE_ENDINGS:
        return form
    if ending not in FORMATS:
        raise UsageError(f"{to}: `.{ending}` is not a report format: use {_ENDINGS}, or name the format with -o")
    return ending


def _check_place(to: Path, manifest: Path, profile: str) -> None:
    """Nothing, where a report may be written: onto nothing, or onto what may be an older one.

    Raises:
        UsageError: the project lives on what lies there, or would take the report for it.
    """
    if to.name.endswith(SUFFIX) or FOLDER in to.resolve().parts:
        raise UsageError(f"{to} is where the project records what was paid: write the report to another file")
    if not to.is_file():
        return
    found = load(manifest, profile, permissions=permissions_of(manifest), look_at_files=False)
    read = (Path(each) for each in found.lines)
    if any(each.exists() and each.samefile(to) for each in read):
        raise UsageError(f"{to} is read by {manifest}: write the report to another file")
    with to.open("rb") as file:
        if b"\0" in file.read(_BEGINNING_BYTES):
            raise UsageError(f"{to} is not text, so it is not an older report: write the report to another file")
