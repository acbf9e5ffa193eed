"""What may be wrong here before anything is rendered: a small check for each thing that a run needs."""

import platform
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from batchrunner import __version__
from batchrunner.app import account_checks
from batchrunner.app.checkup import CheckResult, Checkup, Found, Health, parted
from batchrunner.domain.text import plural
from batchrunner.errors import BatchrunnerError, LedgerError, UsageError
from batchrunner.io.files import Root
from batchrunner.io.keep_awake import awake
from batchrunner.storage.open import read_ledger
from batchrunner.storage.output_folders import folder_faults, nearest
from batchrunner.storage.paths import reading_root
from batchrunner.storage.receipts import read_receipts

_LIBRARIES = ("click", "httpx", "jsonschema", "PyYAML", "openpyxl")
_LITTLE_BYTES = 1 << 30  # some hundred clips of Veo 3.1
_ATTRIBUTES_BYTES = 1 << 16


def checked(checkup: Checkup) -> list[CheckResult]:
    """What all checks find, in the order in which a run meets these things. Nothing is changed."""
    return [CheckResult(name, *check(checkup)) for name, check in CHECKS.items()]


def _versions(_: Checkup) -> Found:
    found = [f"batchrunner {__version__}", f"Python {platform.python_version()}"]
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return Health.OK, ", ".join(found), ""


def _disk(checkup: Checkup) -> Found:
    jobs = checkup.manifest.jobs if checkup.manifest else ()
    folders = {checkup.project.output(job.output).parent for job in jobs} or {checkup.project.base}
    if faults := folder_faults(folders):
        return Health.WRONG, "; ".join(faults), "make room, or name another folder under `settings.output`"
    place = nearest(min(folders))[0]
    free_bytes = _free_bytes(place)
    said = f"{free_bytes / 1e9:.0f} GB free in {place}" if free_bytes > _LITTLE_BYTES else f"little room in {place}"
    if free_bytes <= _LITTLE_BYTES:
        return Health.WARNING, f"{said}: {free_bytes / 1e6:.0f} MB", "a clip may have some megabytes: make room"
    return Health.OK, said, ""


def _free_bytes(place: Path) -> int:
    return shutil.disk_usage(place).free


def _ledger(checkup: Checkup) -> Found:
    path = checkup.project.ledger
    if not path.exists():
        return Health.OK, f"none yet: the first run makes {path}", ""
    try:
        with read_ledger(path) as ledger:
            jobs, damaged = len(ledger.all_histories()), len(ledger.damage)
    except (LedgerError, UsageError, OSError) as error:
        return Health.WRONG, *parted(error)
    if damaged:
        help_ = "restore an intact copy of it; `batchrunner status` names the jobs that are held"
        return Health.WRONG, f"{path} has {plural(damaged, 'damaged row')}", help_
    return Health.OK, f"{path} is trusted and sound; it knows {plural(jobs, 'job')}", ""


def _receipts(checkup: Checkup) -> Found:
    try:
        number = len(read_receipts(checkup.project))
    except (BatchrunnerError, OSError) as error:
        return Health.WRONG, *parted(error)
    return Health.OK, f"{plural(number, 'receipt')} can be read" if number else "none yet", ""


def _manifest(checkup: Checkup) -> Found:
    manifest = checkup.manifest
    if manifest is None:
        return Health.SKIPPED, "none was named", ""
    if manifest.errors:
        said = f"{manifest.path} has {plural(len(manifest.errors), 'error')}"
        return Health.WRONG, said, f"`batchrunner validate {manifest.path}` shows each on its line"
    return Health.OK, f"{manifest.path} is valid, {plural(len(manifest.jobs), 'job')}", ""


def _sleep(_: Checkup) -> Found:
    complaints: list[str] = []
    with awake(complaints.append):
        pass
    if complaints:
        return Health.WARNING, complaints[0], "`--keep-awake` has no effect here: see that the machine stays awake"
    return Health.OK, "`--keep-awake` can keep this machine awake", ""


def _lfs(checkup: Checkup) -> Found:
    problems = checkup.manifest.problems if checkup.manifest else ()
    pointers = [each for each in problems if "git lfs pull" in f"{each.message} {each.hint}"]
    has_program = shutil.which("git-lfs") is not None
    install = "" if has_program else "install git-lfs, then "
    if pointers:
        said = f"{plural(len(pointers), 'file')} of the manifest were not fetched: only Git LFS's pointers are here"
        return Health.WRONG, said, f"{install}`git lfs pull`"
    if not _uses_lfs(checkup):
        return Health.OK, "not used here", ""
    if not has_program:
        return Health.WARNING, "this folder keeps files in it, and git-lfs is not installed", f"{install}`git lfs pull`"
    return Health.OK, "git-lfs is installed", ""


def _uses_lfs(checkup: Checkup) -> bool:
    """Whether the work tree says that files of it are kept in Git LFS."""
    top = reading_root(checkup.project.manifest)
    with suppress(OSError), Root(top).open(top / ".gitattributes") as file:
        return b"filter=lfs" in file.read(_ATTRIBUTES_BYTES)
    return False


CHECKS: Mapping[str, Callable[[Checkup], Found]] = {
    "versions": _versions,
    "address": account_checks.address,
    "key": account_checks.key,
    "balance": account_checks.balance,
    "clock": account_checks.clock,
    "ledger": _ledger,
    "receipts": _receipts,
    "manifest": _manifest,
    "disk": _disk,
    "sleep": _sleep,
    "git-lfs": _lfs,
}
