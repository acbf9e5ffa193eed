"""`batchrunner plan`."""

import os
from pathlib import Path
from typing import Any

import click

from batchrunner.cli.approval import chosen, sends_of, terms
from batchrunner.cli.context import (
    SANDBOX_ACCESS,
    in_flight_run,
    key_digest_if_any,
    known_ledger,
    prices_of,
    project_of,
    valid_manifest,
    wanted_of,
)
from batchrunner.cli.options import (
    concurrency_option,
    decorated,
    format_option,
    ledger_option,
    manifest_argument,
    max_cost_option,
    option,
    prices_option,
    profile_option,
    sandbox_option,
    selection_options,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.run_options import RunOptions
from batchrunner.cli.terminal import hand_over, say_lines, width
from batchrunner.domain.settings import DEFAULT_MAX_REPLACE
from batchrunner.domain.step import Action
from batchrunner.domain.text import json_text
from batchrunner.engine.scheduling.adaptive_limit import START
from batchrunner.errors import ExitCode
from batchrunner.io.clock import Clock
from batchrunner.manifest.export import spelt_out
from batchrunner.manifest.load import Manifest
from batchrunner.manifest.yaml.document import dump
from batchrunner.planning.batch import Batch, JobState, RunLimits, load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.plan_digest import plan_digest
from batchrunner.planning.replaced import replaced
from batchrunner.providers.credentials import read_base_url
from batchrunner.reports.expected import expected_s
from batchrunner.reports.plan_table import Planned, plan_as_json, plan_table
from batchrunner.storage.symlinks import check_symlinks

_SOMETHING_TO_DO = 5
_OPTIONS = (
    profile_option,
    reading_options,
    max_cost_option,
    concurrency_option,
    prices_option,
    *selection_options,
    ledger_option,
    sandbox_option,
    format_option("table", "json", "yaml"),
)


@click.command()
@manifest_argument
@lambda command: decorated(command, _OPTIONS)
@option("--detailed-exitcode", is_flag=True, help="End with 5 where there is something to do.")
def command(manifest: Path, *, detailed_exitcode: bool, **options: Any) -> int:
    """Show what `run` would do next with each job, why, and for how much.

    Changes nothing, asks nobody, needs no key. The name at its end can be given to `run --plan`.

    Example: batchrunner plan shots.yaml
    """
    order = RunOptions(manifest, "plan", **options)
    read = valid_manifest(manifest, order.profile)
    if order.form == "yaml":
        hand_over(dump(spelt_out(read)), nl=False)
        return ExitCode.DONE
    now_s = Clock().wall_s()
    limits = order.limits(read.settings, now_s)
    key_digest = SANDBOX_ACCESS.key_digest if order.sandbox else key_digest_if_any()
    base_url = SANDBOX_ACCESS.base_url if order.sandbox else read_base_url(os.environ)
    batch, slots = _gathered(order, read, key_digest)
    _, seen = chosen(order, batch, limits, PlanOptions(limits.retries))
    planned = planned_of(batch, limits, limits.concurrency or slots, seen, base_url)
    if order.form == "json":
        hand_over(json_text(plan_as_json(planned), indent=2))
    else:
        say_lines(plan_table(planned, now_s, width()))
    something = any(not step.is_last for _, step in planned.steps)
    return _SOMETHING_TO_DO if detailed_exitcode and something else ExitCode.DONE


def _gathered(order: RunOptions, read: Manifest, key_digest: str | None) -> tuple[Batch, int]:
    """All that is known, and with how many slots `auto` would begin."""
    project = project_of(order.path, order.ledger, sandbox=order.sandbox)
    check_symlinks(project, read.name, [job.output for job in read.jobs])
    with known_ledger(project) as book:
        flying = in_flight_run(project, book, read.name)
        slots = book.account.slots(key_digest) if key_digest else None
        return load_batch(project, wanted_of(read), book, prices_of(order.prices), flying), slots or START


def planned_of(batch: Batch, limits: RunLimits, concurrency: int, seen: list[JobState], base_url: str) -> Planned:
    """What there is to show; a job that left the manifest only where something is still to be done with it."""
    again = replaced((s.job, s.history, s.step) for s in seen)
    sends = sends_of(batch, seen, base_url)
    wanted = [s.job.request for s in seen if s.job and s.step.action in (Action.SUBMIT, Action.POLL)]
    return Planned(
        steps=tuple((s.identity, s.step) for s in seen if s.job),
        departed=tuple((s.identity, s.step) for s in seen if not s.job and s.step.action is not Action.NONE),
        unpriced=frozenset(s.identity for s in seen if s.job and not batch.is_priced(s.job)),
        priced_on=batch.prices.priced_on,
        concurrency=concurrency,
        expected_s=expected_s(wanted, batch.histories.values(), concurrency),
        digest=plan_digest(((s.job, s.step) for s in seen), terms(batch, limits, base_url, again, sends)),
        retries=limits.retries,
        limits_usd=(batch.budget(limits).room_usd,),
        replaced=again,
        max_replaced=DEFAULT_MAX_REPLACE.clips(again.finished),
        outgoing=sends,
    )
