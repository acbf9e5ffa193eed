"""What is wanted: the jobs of a manifest under a profile, or those of its last run."""

from collections.abc import Iterable
from pathlib import Path

from batchrunner.catalog import Catalog, PriceList, price_list, read_prices
from batchrunner.domain.suggestions import nearest_name
from batchrunner.errors import InvalidManifest, UsageError
from batchrunner.manifest.load import Manifest
from batchrunner.planning.job_records import JobSet, remembered
from batchrunner.planning.outgoing import Sources
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.paths import ProjectPaths


def check_manifest(manifest: Manifest) -> None:
    """Nothing, where a manifest can be run under the profile that was asked for.

    Raises:
        InvalidManifest: it has errors.
        UsageError: it has no such profile.
    """
    if manifest.errors:
        raise InvalidManifest(manifest.errors)
    check_profile(manifest)


def check_profile(manifest: Manifest) -> None:
    """Nothing, where a manifest that could be read has the profile that was asked for.

    Raises:
        UsageError: it has not.
    """
    if manifest.profile and manifest.profile not in manifest.profiles and not manifest.errors:
        known = ", ".join(manifest.profiles) or "none"
        raise UsageError(f"{manifest.path} has no profile {manifest.profile}; there are: {known}")


def no_such_job(name: str, known: Iterable[str], manifest: Path | None = None) -> UsageError:
    """What is said of a name that no job has, with the one that may be meant."""
    near = nearest_name(name, known)
    where = f" in {manifest}" if manifest else ""
    return UsageError(f"there is no job {name}{where}" + (f": did you mean {near}?" if near else ""))


def wanted_of(manifest: Manifest) -> JobSet:
    """What a valid manifest wants."""
    sources = Sources(manifest.texts, manifest.variables)
    return JobSet(manifest.name, manifest.profile, manifest.jobs, sources, manifest.catalog)


def wanted_or_remembered(manifest: Manifest, project: ProjectPaths, ledger: LedgerReader) -> tuple[JobSet, bool]:
    """What is wanted, for commands that pay nothing, and whether the manifest itself says so.

    Where the file cannot be used just now, it is what its last run wanted.

    Raises:
        InvalidManifest: it never ran.
    """
    if not manifest.errors:
        return wanted_of(manifest), True
    name = ledger.manifest_at(project.written(project.manifest)) or manifest.name
    last = ledger.last_run(name, manifest.profile)
    if last is None:
        raise InvalidManifest(manifest.errors)
    jobs = remembered(name, last.jobs, manifest.catalog)
    return JobSet(name, manifest.profile, jobs, catalog=manifest.catalog), False


def prices_of(path: Path | None, catalog: Catalog) -> PriceList:
    """The prices in a file, or those of the models' descriptions.

    Raises:
        UsageError: the file cannot be read, or holds no prices.
    """
    if path is None:
        return price_list(catalog)
    try:
        return read_prices(path.read_text(encoding="utf-8"), catalog)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot use the prices in {path}: {error}") from error
