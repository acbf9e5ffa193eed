"""What a command works with: the manifest, its project, the access to the service, and a way to reach it."""

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from batchrunner.catalog import PriceList, read_prices, shipped_prices
from batchrunner.cli import problems as problem_text
from batchrunner.cli.permission_options import permissions_of
from batchrunner.cli.profiles import check_profile
from batchrunner.cli.terminal import say_lines
from batchrunner.domain.settings import Network
from batchrunner.domain.suggestions import nearest_name
from batchrunner.domain.text import in_lines, stacked
from batchrunner.errors import CertificateRefused, InvalidManifest, Unauthorized, UsageError
from batchrunner.io.clock import Clock
from batchrunner.io.files import make_state_folder
from batchrunner.io.http import Http, InProcessTransport
from batchrunner.manifest.load import Manifest, load
from batchrunner.planning.batch import JobSet, remembered
from batchrunner.planning.outgoing import Sources
from batchrunner.providers.credentials import Credentials, read_credentials
from batchrunner.providers.modellix import Modellix
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Sandbox
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import Project, find_project
from batchrunner.storage.receipts import read_receipts
from batchrunner.storage.run_lock import lock_owner

T = TypeVar("T")

SANDBOX_ACCESS = Credentials("http://127.0.0.1", "mdlx-sandbox")


@dataclass(frozen=True, slots=True)
class Service:
    """The service that is asked: who asks it, and how connections to it are made."""

    access: Credentials
    make_http: Callable[[], Http]

    async def refuses_key(self, clock: Clock) -> bool:
        """Whether it says that the key is no good."""
        return await self._asked(clock, Modellix.refuses_key)

    async def balance(self, clock: Clock) -> Decimal | None:
        """The account's balance, where it is told."""
        return (await self._asked(clock, Modellix.balance)).usd

    async def _asked(self, clock: Clock, ask: Callable[[Modellix], Awaitable[T]]) -> T:
        """One answer.

        Raises:
            CertificateRefused: whoever answers shows a certificate that is not accepted.
        """
        http = self.make_http()
        try:
            api = Modellix(http, self.access.base_url, self.access.key, clock)
            answer = await ask(api)
        finally:
            await http.close()
        if api.distrust:
            raise CertificateRefused(api.distrust)
        return answer


def valid_manifest(path: Path, profile: str = "") -> Manifest:
    """The manifest under a profile, with its warnings told.

    Raises:
        InvalidManifest: it has errors; they are told, each on its line.
        UsageError: it has no such profile.
    """
    manifest = load(path, profile, permissions=permissions_of(path))
    if manifest.problems:
        say_lines(stacked(problem_text.as_text(manifest.problems, manifest.lines), in_lines("")), err=True)
    if manifest.errors:
        raise InvalidManifest(manifest.errors)
    check_profile(manifest)
    return manifest


def no_such_job(name: str, known: Iterable[str], manifest: Path | None = None) -> UsageError:
    """What is said of a name that no job has, with the one that may be meant."""
    near = nearest_name(name, known)
    where = f" in {manifest}" if manifest else ""
    return UsageError(f"there is no job {name}{where}" + (f": did you mean {near}?" if near else ""))


def wanted_of(manifest: Manifest) -> JobSet:
    """What a valid manifest wants."""
    sources = Sources(manifest.texts, manifest.variables)
    return JobSet(manifest.name, manifest.profile, manifest.jobs, sources)


def wanted_or_remembered(path: Path, profile: str, project: Project, ledger: LedgerReader) -> tuple[JobSet, bool]:
    """What is wanted, for commands that pay nothing, and whether the manifest itself says so.

    Where the file cannot be used just now, it is what its last run wanted.

    Raises:
        InvalidManifest: it never ran.
    """
    manifest = load(path, profile, permissions=permissions_of(path))
    if not manifest.errors:
        return wanted_of(manifest), True
    name = ledger.manifest_at(project.written(project.manifest)) or manifest.name
    last = ledger.last_run(name, profile)
    if last is None:
        say_lines(stacked(problem_text.as_text(manifest.problems, manifest.lines), in_lines("")), err=True)
        raise InvalidManifest(manifest.errors)
    return JobSet(name, profile, remembered(name, last.jobs)), False


@contextmanager
def known_ledger(project: Project) -> Iterator[LedgerReader]:
    """The ledger to tell from. What only the receipts know is added to a copy in memory: nothing is written."""
    receipts = read_receipts(project)
    with read_ledger(project.ledger) as ledger:
        if not ledger.would_import(receipts):
            yield ledger
            return
        with ledger.scratch_copy() as copy:
            copy.import_receipts(receipts)
            yield copy


def in_flight_run(project: Project, ledger: LedgerReader, name: str) -> int | None:
    """The run of this manifest that is alive just now; what it waits for is not unknown."""
    last = ledger.last_run(name) if lock_owner(project.folder, name) else None
    return last.id if last and last.ended_at_s is None else None


def prices_of(path: Path | None) -> PriceList:
    """The prices in a file, or those that came with this release.

    Raises:
        UsageError: the file cannot be read, or holds no prices.
    """
    if path is None:
        return shipped_prices()
    try:
        return read_prices(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"the prices in {path} cannot be used: {error}") from error


def real_service(allowed: tuple[Network, ...] = ()) -> Service:
    """The service that the environment names; its links may lead to public addresses and to the `allowed` networks.

    Raises:
        Unauthorized: there is no key.
    """
    access = read_credentials(os.environ)
    return Service(access, lambda: Http(loopback=access.is_loopback, allowed=allowed))


def key_digest_if_any() -> str | None:
    """What tells today's key apart; None where there is none, which is no error for a plan."""
    try:
        return read_credentials(os.environ).key_digest
    except Unauthorized:
        return None


def sandbox_service(project: Project, clock: Clock) -> Service:
    """The imitated service in this very process, with a state of its own beside the ledger."""
    make_state_folder(project.folder, project.state)
    sandbox = Sandbox(
        state=project.folder / "service.jsonl",
        clock=clock,
        base_url=SANDBOX_ACCESS.base_url,
        files_url="http://localhost",
        options=SandboxOptions(),
        root=project.state,
    )
    return Service(SANDBOX_ACCESS, lambda: Http(lambda: InProcessTransport(sandbox.answer), loopback=True))


def project_of(path: Path, ledger: Path | None, *, sandbox: bool) -> Project:
    """Where the manifest's state is kept."""
    return find_project(path, ledger, sandbox=sandbox)
