"""`batchrunner report`."""

import os.path
import re
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from batchrunner.app.job_set import check_profile
from batchrunner.app.project_costs import manifest_in_ledger, project_costs
from batchrunner.cli.context import problems_told, project_of, status_at
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
from batchrunner.cli.render import as_file, say_report, shown
from batchrunner.cli.terminal import say
from batchrunner.domain.text import Lines
from batchrunner.errors import UsageError
from batchrunner.io.roots import named_by_a_person
from batchrunner.manifest.load import load
from batchrunner.reports.cost_summary import CostSummary, SumKey
from batchrunner.reports.formats.registry import FORMATS, render
from batchrunner.reports.report import Report
from batchrunner.storage.paths import FOLDER, ProjectPaths, find_project
from batchrunner.storage.receipts import SUFFIX

# what a table may be called; every other form is the ending of its files
_TABLE_ENDINGS = {"", "txt"}
# and what else one may be called
_FORM_OF_ENDING = {"xml": "junit"}
_ENDINGS = ", ".join(f".{ending}" for ending in (*FORMATS, *_FORM_OF_ENDING) if ending != "table")
# as git tells texts from other files: by a NUL near the beginning
_BEGINNING_BYTES = 8000
# how sums begin in each of their forms
_SUMS = re.compile(rf"\{{\s*\"by\":|(?:{'|'.join(SumKey)})(?:,| +)clips")


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
@option(
    "--by",
    type=click.Choice([key.value for key in SumKey]),
    default=None,
    help="Sum what was estimated, reserved, billed and refunded by this: as table, csv or json, under all profiles.",
)
@option(
    "--project",
    "whole",
    is_flag=True,
    help="Sum over all manifests of the project of MANIFEST, which may be a folder; without --by, by manifest.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    manifest: Path,
    to: Path | None,
    form: str,
    by: str | None,
    whole: bool,
    **options: Any,
) -> None:
    """Report what happened, from the ledger alone: for spreadsheets, pages and programs.

    Example: batchrunner report shots.yaml -o csv --to shots-report.csv
    """
    if _is_folder(manifest) and not whole:
        raise UsageError(f"{manifest} is a folder: name a manifest, or pass --project to sum over all of its manifests")
    if to is not None:
        _check_place(to, manifest, options["profile"], is_sum=whole or by is not None)
        form = _form(form, context, to)
    typed = Invocation.of(manifest, "report", **options)
    if whole or by is not None:
        text = _sums(typed, by, context, whole=whole).to(form)
        project = _project(typed)
    else:
        report, project = status_at(typed).report, project_of(typed)
        text = shown(report, form, project) if to is None else _for_file(report, form, project, to)
    if to is None:
        say_report(text, form)
        return
    root, file = named_by_a_person(to, project.home)
    root.write_whole(file, as_file(text, form))
    say(f"wrote {to}", err=True)


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # as below


def _for_file(report: Report, form: str, project: ProjectPaths, to: Path) -> Lines:
    """A report whose links lead from where its file lies."""
    return render(report, form, project=os.path.relpath(project.root, to.absolute().parent))


def _project(typed: Invocation) -> ProjectPaths:
    """The project of a manifest, or of a folder.

    Raises:
        UsageError: there is neither.
    """
    if _is_folder(typed.path):
        return find_project(typed.path / FOLDER, typed.ledger, sandbox=typed.sandbox)
    return project_of(typed)


def _sums(typed: Invocation, by: str | None, context: click.Context, *, whole: bool) -> CostSummary:
    """What the jobs of a manifest, or of its whole project, came to; under one profile only where somebody named it."""
    project, key = _project(typed), SumKey(by or SumKey.MANIFEST)
    if not typed.run.selection.is_all:
        raise UsageError("sums are those of all jobs: leave out --select and --exclude")
    is_named = context.get_parameter_source("profile") is not ParameterSource.DEFAULT
    profile = typed.profile if is_named else None
    if whole:
        if not os.path.exists(typed.path):  # noqa: PTH110  # pathlib's may raise
            raise UsageError(f"{typed.path} does not exist: name a manifest or a folder of the project")
        return project_costs(project, key, profile=profile)
    found = load(typed.path, typed.profile, permissions=permissions_of(typed.path), look_at_files=False)
    with problems_told(found):
        name = manifest_in_ledger(found, project)
    check_profile(found)
    return project_costs(project, key, name, profile)


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


def _check_place(to: Path, manifest: Path, profile: str, *, is_sum: bool) -> None:
    """Nothing, where a report may be written: onto nothing, or onto what may be an older one; sums onto sums only.

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
        beginning = file.read(_BEGINNING_BYTES)
    if b"\0" in beginning:
        raise UsageError(f"{to} is not text, so it is not an older report: write the report to another file")
    if is_sum and beginning and not _SUMS.match(beginning.decode("utf-8-sig", "replace")):
        raise UsageError(f"{to} does not hold older sums: write them to another file")
