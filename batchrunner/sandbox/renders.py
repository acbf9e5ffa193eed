"""The paid endpoint and the free one that follows it: submit and poll."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from batchrunner.sandbox.account import SubmitRequest, TeamAccount
from batchrunner.sandbox.behaviour import Behaviour
from batchrunner.sandbox.exchange import HttpAnswer, HttpRequest, refused, success
from batchrunner.sandbox.fault_effects import misbehave
from batchrunner.sandbox.faults import AFTER_ACCEPTING, BEFORE_ACCEPTING, POLLING, TASK_TRAITS, Fault, FaultInjector
from batchrunner.sandbox.imitated_model import ImitatedModel, ModelTable
from batchrunner.sandbox.media_files import Uploads
from batchrunner.sandbox.signed_links import Links
from batchrunner.sandbox.tasks import State, Task

_MOST_WAIT_S = 60.0
_WAIT_STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class Renders:
    """Takes tasks in and tells how they are."""

    models: ModelTable
    account: TeamAccount
    uploads: Uploads
    links: Links
    faults: FaultInjector
    options: Behaviour
    base_url: str
    foreign_url: str

    async def submit(self, model: ImitatedModel, request: HttpRequest, now_s: float) -> HttpAnswer:
        """Accepts and charges a task, or refuses; or goes wrong before or after."""
        if fault := self.faults.first(BEFORE_ACCEPTING):
            return await misbehave(fault, self.options.hang_s)
        submit = self._read_submit(model, request, now_s)
        if isinstance(submit, HttpAnswer):
            return submit
        task = self.account.accept(submit, self.faults.all(TASK_TRAITS), now_s)
        if fault := self.faults.first(AFTER_ACCEPTING):
            return await misbehave(fault, self.options.hang_s)
        return self._accepted(task, model)

    async def poll(self, key: str, task_id: str, now_s: float) -> HttpAnswer:
        """Where a task stands."""
        if fault := self.faults.first(POLLING):
            return await misbehave(fault, self.options.hang_s)
        task = self.account.task_of(key, task_id, now_s)
        if task is None:
            return refused(404, "NotFound: no such task")
        link = partial(self.links.make, now_s=now_s)
        data = task.report(now_s, self.options.retention_s, link)
        if not self.options.tells_billing:
            data.pop("billing", None)
        form = self.models.reply_form(task.charge.model)
        return success(form.told(data, task.created_at_ms, task.ended_at_ms))

    async def wait_for_ends(self, key: str, query: Mapping[str, str], now_s: float) -> HttpAnswer:
        """Answers as soon as a task of the key has ended since a moment, or after the wait that was asked for."""
        try:
            since_s = int(query.get("since", int(now_s * 1000))) / 1000
            left_s = min(int(query.get("wait", 0)), _MOST_WAIT_S)
        except ValueError:
            return refused(400, "InvalidParameter: wait is in seconds, since in milliseconds")
        until_s = now_s
        while not (ended := self.account.ended_between(key, since_s, until_s)) and left_s > 0:
            await asyncio.sleep(_WAIT_STEP_S)
            left_s, until_s = left_s - _WAIT_STEP_S, until_s + _WAIT_STEP_S
        return success({"task_ids": ended, "until": int(until_s * 1000)})

    def _read_submit(self, model: ImitatedModel, request: HttpRequest, now_s: float) -> SubmitRequest | HttpAnswer:
        """What is wanted, or why it cannot be had: the body first, then the money, then the slots."""
        if request.media_type != "application/json":
            return refused(415, "UnsupportedMediaType: the body must be application/json")
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            return refused(400, "InvalidParameter: the body is not JSON")
        if message := model.refusal(body) or self._unreachable_image(model, body, now_s):
            return refused(400, message)
        submit = SubmitRequest(request.key or "", model, body)
        if self.account.price_usd(submit) > self.account.balance_usd(now_s):
            return refused(402, "InsufficientBalance: the balance cannot pay for this task")
        if self.faults.happens(Fault.CONCURRENT_LIMITED) or not self.account.has_free_slot(now_s):
            return refused(429, "RateLimit: concurrent limit exceeded")
        return submit

    def _unreachable_image(self, model: ImitatedModel, body: dict[str, object], now_s: float) -> str | None:
        """A refusal where an uploaded image was deleted or is past its time; foreign hosts are not asked."""
        for url in model.links(body):
            if self.uploads.misses(url, now_s):
                return f"InvalidParameter: image cannot be fetched: {url}"
        return None

    def _accepted(self, task: Task, model: ImitatedModel) -> HttpAnswer:
        """The reply of the seed, word for word, in the form of its model."""
        task_id = task.charge.task_id
        host_url = self.foreign_url if self.faults.happens(Fault.FOREIGN_GET_RESULT) else self.base_url
        data = {
            "status": State.PENDING,
            "task_id": task_id,
            "model_id": model.slug,
            "get_result": {"method": "GET", "url": f"{host_url}/api/v1/tasks/{task_id}"},
        }
        return success(model.reply_form.whole(data))
