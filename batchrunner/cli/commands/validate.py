"""`batchrunner validate`."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click

from batchrunner.app.job_set import check_profile
from batchrunner.cli import problems as problem_text
from batchrunner.cli.completion import complete_manifests
from batchrunner.cli.options import format_option, network_option, option, profile_option
from batchrunner.cli.permission_options import permissions_of, reading_options
from batchrunner.cli.sarif import as_sarif
from batchrunner.cli.set_option import typed_overrides
from batchrunner.cli.terminal import hand_over, say_lines
from batchrunner.domain.settings import Network
from batchrunner.domain.text import Lines, in_lines, plural, stacked
from batchrunner.errors import ExitCode
from batchrunner.manifest.load import Manifest, load


@click.command()
@click.argument(
    "manifests",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="MANIFEST...",
    shell_complete=complete_manifests,
)
@format_option("text", "json", "github", "sarif")
@profile_option
@reading_options
@option("--check-links", is_flag=True, help="Check that every linked image exists: needs the network.")
@option("--no-files", is_flag=True, help="Skip the check of local images.")
@network_option
def command(
    manifests: tuple[Path, ...],
    form: str,
    profile: str,
    *,
    check_links: bool,
    no_files: bool,
    allow_network: tuple[Network, ...],
) -> int:
    """Show every mistake in a manifest, each on its line.

    Needs no key and no network, and spends nothing.

    Example: batchrunner validate shots.yaml
    """
    loaded = [
        load(
            path,
            profile,
            permissions=permissions_of(path),
            look_at_files=not no_files,
            may_be_fragment=True,
            overrides=typed_overrides(),
        )
        for path in manifests
    ]
    for manifest in loaded:
        check_profile(manifest)
    if check_links:
        from batchrunner.app.links import with_dead_links  # noqa: PLC0415  # the network, only where it is asked

        base_url = os.environ.get("MODELLIX_BASE_URL", "").strip()
        loaded = asyncio.run(with_dead_links(loaded, base_url, allow_network))
    _tell(loaded, form)
    return ExitCode.USAGE if any(manifest.errors for manifest in loaded) else ExitCode.DONE


def _tell(loaded: Sequence[Manifest], form: str) -> None:
    problems = [problem for manifest in loaded for problem in manifest.problems]
    if form == "json":
        hand_over(problem_text.as_json(problems, sum(len(manifest.jobs) for manifest in loaded)))
    elif form == "sarif":
        hand_over(as_sarif(problems))
    elif problems and (form == "github" or _is_on_github(form)):
        hand_over(problem_text.as_github(problems))
    else:
        for index, manifest in enumerate(loaded):
            say_lines(stacked(*([in_lines("")] if index else []), _text(manifest)))


def _is_on_github(form: str) -> bool:
    return form == "text" and os.environ.get("GITHUB_ACTIONS") == "true"


def _text(manifest: Manifest) -> Lines:
    """The problems of one manifest, or the good news."""
    found = problem_text.as_text(manifest.problems, manifest.lines)
    if not manifest.errors:
        good = in_lines(f"{manifest.path}: valid, {plural(len(manifest.jobs), 'job')}")
        return stacked(found, in_lines(""), good) if found else good
    errors = plural(len(manifest.errors), "error")
    return stacked(found, in_lines("", f"{manifest.path}: {errors}, nothing can be submitted"))
