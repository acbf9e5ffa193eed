"""What was typed and what the environment says, as values: the manifest, its project, and the service that is asked."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from click.core import ParameterSource

from batchrunner.app.endpoint import SANDBOX_ACCESS, Endpoint, real_endpoint, sandbox_endpoint
from batchrunner.app.job_set import check_manifest, prices_of, wanted_or_remembered
from batchrunner.app.manifest_plan import AccountRef
from batchrunner.app.manifest_status import ManifestStatus, status_of
from batchrunner.catalog import Catalog
from batchrunner.cli import problems as problem_text
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.permission_options import permissions_of
from batchrunner.cli.set_option import typed_overrides
from batchrunner.cli.terminal import say_lines, warn
from batchrunner.domain.problem import Code, Problem
from batchrunner.domain.text import in_lines, stacked
from batchrunner.errors import InvalidManifest, Unauthorized, UsageError
from batchrunner.io.clock import Clock
from batchrunner.manifest.load import Manifest, load
from batchrunner.planning.job_records import JobSet
from batchrunner.providers.credentials import read_base_url, read_credentials
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import ProjectPaths, find_project


def read(path: Path, profile: str = "") -> Manifest:
    """The manifest under a profile, with whatever is wrong in it; it may read what was allowed."""
    return load(path, profile, permissions=permissions_of(path), overrides=typed_overrides())


def catalog_of(path: Path) -> Catalog:
    """The models that a manifest may name, those of its own `models:` with them; whatever else is wrong with it.

    What is wrong with those files is told.

    Raises:
        UsageError: the manifest cannot be read.
    """
    manifest = read(path)
    unreadable = next((each for each in manifest.errors if each.code is Code.FILE_UNREADABLE), None)
    if unreadable and unreadable.location.file == str(path):
        raise UsageError(f"{path}: {unreadable.message}")
    own = [each for each in manifest.errors if each.code in (Code.MODEL_FILE, Code.MODEL_TODO)]
    _tell(own, manifest)
    return manifest.catalog


def valid_manifest(path: Path, profile: str = "") -> Manifest:
    """The manifest under a profile, with its warnings told.

    Raises:
        InvalidManifest: it has errors; they are told, each on its line.
        UsageError: it has no such profile.
    """
    manifest = read(path, profile)
    _tell_problems(manifest)
    check_manifest(manifest)
    return manifest


def wanted_by(manifest: Manifest, project: ProjectPaths) -> tuple[JobSet, bool]:
    """What is wanted, for commands that pay nothing, and whether the manifest itself says so.

    Raises:
        InvalidManifest: it has errors, and it never ran; they are told, each on its line.
    """
    with problems_told(manifest), read_ledger(project.ledger) as ledger:
        return wanted_or_remembered(manifest, project, ledger)


def status_at(typed: Invocation) -> ManifestStatus:
    """How the selected jobs stand; it is told where the manifest has mistakes just now.

    Raises:
        InvalidManifest: it has errors, and it never ran; they are told, each on its line.
        UsageError: nothing is selected, or there is no such job, word or file.
    """
    manifest = read(typed.path, typed.profile)
    with problems_told(manifest):
        prices = prices_of(typed.prices, manifest.catalog)
        found = status_of(manifest, project_of(typed), prices, Clock().wall_s(), typed.run.selection)
    if not found.is_current:
        warn(f"{typed.path} has errors now; this shows the jobs of its last run")
    if found.report.run_id is None and not typed.sandbox and find_project(typed.path, sandbox=True).ledger.exists():
        warn("so far it ran in the sandbox only; --sandbox shows that")
    return found


@contextmanager
def problems_told(manifest: Manifest) -> Iterator[None]:
    """Where a manifest turns out to be of no use, all that is wrong in it is told."""
    try:
        yield
    except InvalidManifest:
        _tell_problems(manifest)
        raise


def _tell_problems(manifest: Manifest) -> None:
    _tell(manifest.problems, manifest)


def _tell(problems: Sequence[Problem], manifest: Manifest) -> None:
    if problems:
        say_lines(stacked(problem_text.as_text(problems, manifest.lines), in_lines("")), err=True)


def check_named(context: click.Context, jobs: Sequence[str]) -> None:
    """Nothing, where somebody typed whom a decision is about: the environment does not decide.

    Raises:
        UsageError: nobody did.
    """
    if not jobs and context.get_parameter_source("select") is not ParameterSource.COMMANDLINE:
        raise UsageError("name the jobs, or choose them with --select")


def project_of(typed: Invocation) -> ProjectPaths:
    """Where the manifest's state is kept."""
    return find_project(typed.path, typed.ledger, sandbox=typed.sandbox)


def endpoint_of(typed: Invocation, project: ProjectPaths, clock: Clock, catalog: Catalog) -> Endpoint:
    """The service that the environment names, or the imitated one, with the models of this catalogue.

    Raises:
        Unauthorized: there is no key.
    """
    if typed.sandbox:
        return sandbox_endpoint(project, clock, catalog)
    return real_endpoint(read_credentials(os.environ), typed.allow_network)


def account_of(typed: Invocation) -> AccountRef:
    """Whom a plan would ask; that there is no key yet is no error."""
    if typed.sandbox:
        return AccountRef(SANDBOX_ACCESS.base_url, SANDBOX_ACCESS.key_digest)
    try:
        return AccountRef(read_base_url(os.environ), read_credentials(os.environ).key_digest)
    except Unauthorized:
        return AccountRef(read_base_url(os.environ))
