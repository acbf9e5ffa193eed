"""A project, for programs: a manifest with its folder, from its plan to its report."""

import asyncio
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from batchrunner.app.accept_clips import AcceptedClips, accept_clips
from batchrunner.app.active_run import Heartbeat
from batchrunner.app.decision_session import deciding
from batchrunner.app.endpoint import SANDBOX_ACCESS, Endpoint, real_endpoint, sandbox_endpoint
from batchrunner.app.event_log import Log, LogFile
from batchrunner.app.job_set import check_manifest, prices_of, wanted_of
from batchrunner.app.manifest_plan import AccountRef, plan_of
from batchrunner.app.manifest_status import status_of
from batchrunner.app.offer import check_affordable
from batchrunner.app.pick_version import pick_version
from batchrunner.app.plan import Plan, PlannedStep
from batchrunner.app.project_report import ProjectReport
from batchrunner.app.run import Run
from batchrunner.app.run_limits import RunLimits
from batchrunner.app.run_manifest import FinishedRun, RunPorts, Workload, run_manifest
from batchrunner.app.run_options import RunOptions
from batchrunner.app.run_steering import LoopFactory, RunHandle
from batchrunner.app.selection import Selection, typed_jobs
from batchrunner.app.webhook import Notifier
from batchrunner.catalog import PriceList
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.event import EventKind, RunEvent
from batchrunner.errors import Unauthorized, UsageError
from batchrunner.io.clock import Clock
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.permissions import Permissions
from batchrunner.providers.credentials import DEFAULT_BASE_URL, Credentials
from batchrunner.storage.paths import ProjectPaths, find_project, reading_root

_NO_LIMITS = RunLimits()


@dataclass(frozen=True, slots=True)
class Project:
    """A manifest under a profile. Its files are read anew by each of its methods; it holds nothing open.

    It reads no variable of the environment, prints nothing, asks nobody, and handles no signal. `clock`, `loop_factory`
    and `connect` are there for tests.
    """

    manifest: Path
    profile: str
    paths: ProjectPaths
    prices_file: Path | None
    permissions: Permissions
    credentials: Credentials | None = None
    is_sandbox: bool = False
    clock: Clock = field(default_factory=Clock)
    loop_factory: LoopFactory = asyncio.new_event_loop
    connect: Callable[[Credentials], Endpoint] = real_endpoint

    def read(self) -> Manifest:
        """The manifest as it is now, with its jobs and its warnings.

        Raises:
            InvalidManifest: it has errors; `problems` has all of them, each with its place.
            UsageError: it has no such profile.
        """
        manifest = self._read_as_it_is()
        check_manifest(manifest)
        return manifest

    def plan(self, *, select: Iterable[str] = (), exclude: Iterable[str] = (), limit: int | None = None) -> Plan:
        """What a run would do next with each job, why, and for how much. Nothing is written, and nobody is asked.

        `select`, `exclude` and `limit` mean what they mean to `batchrunner plan`.

        Raises:
            InvalidManifest, UsageError: as `read`, or nothing is selected.
        """
        return self._plan(RunOptions(select=tuple(select), exclude=tuple(exclude), limit=limit))

    def plan_retry(self, *jobs: str) -> Plan:
        """What `batchrunner retry` would do: submit jobs again that have failed, of the named ones or of all.

        Raises:
            InvalidManifest, UsageError: as `read`, or there is no such job.
        """
        return self._plan(RunOptions("retry", marking=DecisionKind.RETRY), jobs)

    def plan_redo(self, *jobs: str) -> Plan:
        """What `batchrunner redo` would do: pay again, on purpose, for jobs that are done, expired or lost.

        Raises:
            InvalidManifest, UsageError: as `read`, or no job is named, or there is no such job.
        """
        if not jobs:
            raise UsageError("name the jobs to pay for again")
        return self._plan(RunOptions("redo", marking=DecisionKind.REDO), jobs)

    def _plan(self, options: RunOptions, jobs: Sequence[str] = ()) -> Plan:
        manifest = self.read()
        if jobs:
            options = replace(options, jobs=typed_jobs(manifest, jobs))
        now_s = self.clock.wall_s()
        planned, states = plan_of(manifest, self.paths, self.priced(manifest), options, self._account(), now_s)
        steps = tuple(PlannedStep(each.job, each.step) for each in states if each.job is not None)
        return Plan(steps, planned, options, now_s)

    def run(
        self,
        *,
        approve: Plan,
        limits: RunLimits = _NO_LIMITS,
        key: str | None = None,
        allow_partial: bool = False,
        allow_unpriced: bool = False,
        accept_drift: bool = False,
    ) -> Run:
        """The run of a plan. To approve it is to agree to all that it pays, sends and replaces, and to nothing else.

        Where the plan is another one by now, its run refuses to begin. It pays `approve.most_usd` at most, and no more
        than `limits` say. `key`: where the project was opened without credentials. `allow_partial`: begin although the
        balance pays for a part; `allow_unpriced`, `accept_drift`: as these options of `batchrunner run`.

        Raises:
            Unauthorized: there is no key.
        """
        credentials = self._credentials(key)
        planned = limits.applied_to(approve.options)
        options = replace(planned, plan=approve.digest, allow_unpriced=allow_unpriced, accept_drift=accept_drift)
        ask = partial(check_affordable, part_is_enough=allow_partial)
        return Run(partial(self._carry_out, options, credentials, ask), self.loop_factory)

    def accept(self, *jobs: str) -> AcceptedClips:
        """Keeps the clips of jobs that were edited, as the jobs are written now: nothing is paid for them.

        Raises:
            RunLocked: a run of this manifest is at work.
            InvalidManifest, UsageError: as `read`, or there is no such job, or a named one has no clip.
        """
        manifest = self.read()
        selection = Selection(jobs=typed_jobs(manifest, jobs))
        with deciding(self.paths, wanted_of(manifest), self.clock, warnings.warn) as session:
            return accept_clips(session, selection)

    def pick(self, job: str, version: str) -> str:
        """Puts an older version (`v1`) of a job's clip back under its final name; gives its path.

        Raises:
            RunLocked: a run of this manifest is at work.
            InvalidManifest, UsageError: as `read`, or there is no such job or version.
        """
        with deciding(self.paths, wanted_of(self.read()), self.clock, warnings.warn) as session:
            return pick_version(session, job, version)

    def status(self) -> ProjectReport:
        """How the jobs stand, from the ledger alone; it may be asked beside a run.

        Where the manifest has errors just now, it is what its last run wanted.

        Raises:
            InvalidManifest: it has errors, and it never ran.
        """
        manifest = self._read_as_it_is()
        status = status_of(manifest, self.paths, self.priced(manifest), self.clock.wall_s())
        return ProjectReport.of(status.report)

    async def _carry_out(
        self, options: RunOptions, credentials: Credentials, ask: "Callable[..., None]", handle: RunHandle
    ) -> FinishedRun:
        # a job that holds the key is refused before anything else
        secrets = (*self.permissions.secrets, credentials.key)
        manifest = replace(self, permissions=replace(self.permissions, secrets=secrets)).read()
        models = manifest.catalog
        endpoint = sandbox_endpoint(self.paths, self.clock, models) if self.is_sandbox else self.connect(credentials)
        beat = Heartbeat(self.paths, manifest.name, self.clock, handle.listener)
        ports = RunPorts(
            endpoint=endpoint,
            ask=ask,
            listener=handle.listener,
            notifier=Notifier(None, manifest.name, Log(LogFile.of(self.paths, manifest.name), self.clock, beat)),
            warn=lambda text: handle.listener(RunEvent(EventKind.NOTE, text)),
            shutdown=handle.shutdown,
            clock=self.clock,
            on_start=handle.on_start,
        )
        work = Workload(self.paths, wanted_of(manifest), manifest.settings, self.priced(manifest))
        return await run_manifest(work, options, ports)

    def _read_as_it_is(self) -> Manifest:
        return load(self.manifest, self.profile, permissions=self.permissions)

    def priced(self, manifest: Manifest) -> PriceList:
        """The prices by which its jobs are estimated.

        Raises:
            UsageError: the file of prices cannot be used.
        """
        return prices_of(self.prices_file, manifest.catalog)

    def _account(self) -> AccountRef:
        if self.credentials is None:
            return AccountRef(DEFAULT_BASE_URL)
        return AccountRef(self.credentials.base_url, self.credentials.key_digest)

    def _credentials(self, key: str | None) -> Credentials:
        if self.credentials is not None:
            return self.credentials
        if not key:
            raise Unauthorized("there is no key: give it to `run`, or open the project with credentials")
        return Credentials(DEFAULT_BASE_URL, key)


def open_project(
    manifest: str | os.PathLike[str],
    *,
    profile: str = "",
    ledger: str | os.PathLike[str] | None = None,
    prices: str | os.PathLike[str] | None = None,
    credentials: Credentials | None = None,
    sandbox: bool = False,
    variables: Mapping[str, str] | None = None,
    allow_outside: Iterable[str | os.PathLike[str]] = (),
) -> Project:
    """The project of a manifest. It needs no key and no network, and nothing is written.

    `ledger` and `prices` are files as `--ledger` and `--prices` name them. `credentials` say whom to ask, and with
    which key; without them it is the service's usual address, and `Project.run` wants a key. `sandbox`: the imitated
    service in this process, with a ledger and clips of its own, free and without a key. `variables` are the values that
    `${env.NAME}` has in the manifest, `allow_outside` folders outside of the project that it may read.

    Raises:
        InvalidManifest: it has errors; `problems` has all of them, each with its place.
        UsageError: it has no such profile, or the prices cannot be used.
    """
    path = Path(manifest)
    values = dict(variables or {})
    folders = (reading_root(path), *map(Path, allow_outside))
    project = Project(
        manifest=path,
        profile=profile,
        paths=find_project(path, None if ledger is None else Path(ledger), sandbox=sandbox),
        prices_file=None if prices is None else Path(prices),
        permissions=Permissions(folders, frozenset(values), values),
        credentials=SANDBOX_ACCESS if sandbox else credentials,
        is_sandbox=sandbox,
    )
    project.priced(project.read())
    return project
