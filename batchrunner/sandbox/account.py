"""The team's account: its money, its tasks, and who may read them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from batchrunner.sandbox.behaviour import Behaviour
from batchrunner.sandbox.faults import Fault, share
from batchrunner.sandbox.imitated_model import ImitatedModel
from batchrunner.sandbox.journal import Journal
from batchrunner.sandbox.journal_events import Charged, Event, Opened, Refunded
from batchrunner.sandbox.tasks import Task


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """A submit that the rules let through."""

    key: str
    model: ImitatedModel
    body: Mapping[str, Any]

    @property
    def price_usd(self) -> Decimal:
        """What it costs by the price list."""
        return self.model.price_usd(self.body)


class TeamAccount:
    """One team. What it owns is journaled first and believed afterwards.

    Args:
        events: the journal so far, with the `Opened` of this start.
    """

    def __init__(self, journal: Journal, events: Iterable[Event], options: Behaviour) -> None:
        self._journal = journal
        self._options = options
        self._tasks: dict[str, Task] = {}
        self._open: dict[str, Task] = {}
        self._born_at_s = 0.0
        self._spent_usd = Decimal()
        for event in events:
            self._apply(event)

    def price_usd(self, submit: SubmitRequest) -> Decimal:
        """What a clip costs today."""
        return submit.price_usd * self._options.price_factor

    def balance_usd(self, now_s: float) -> Decimal:
        """What the account holds."""
        paid_in = sum((usd for at_s, usd in self._options.top_ups if at_s <= now_s), Decimal())
        return self._options.balance_usd + paid_in - self._spent_usd

    def accept(self, submit: SubmitRequest, traits: frozenset[Fault], now_s: float) -> Task:
        """Takes a task in and the money for it; on disk when it returns."""
        number = len(self._tasks) + 1
        charge = Charged(
            at_s=now_s,
            task_id=self._new_id(number),
            model=submit.model.slug,
            body=submit.body,
            amount_usd=self.price_usd(submit),
            key_sha256=_digest(submit.key),
            key_end=submit.key[-4:],
            latency_s=self._latency_s(number),
            traits=traits,
        )
        self._write(charge)
        return self._tasks[charge.task_id]

    def settle(self, now_s: float) -> None:
        """Closes the tasks that ended: their slots come free, refunds are paid."""
        ended = [task for task in self._open.values() if not task.is_running(now_s)]
        for task in ended:
            del self._open[task.charge.task_id]
            if task.is_refundable:
                self._write(Refunded(now_s, task.charge.task_id, task.charge.amount_usd))

    def has_free_slot(self, now_s: float) -> bool:
        """Whether one more task may run, as of the last `settle`."""
        return len(self._open) < self._options.slots(now_s)

    def task(self, task_id: str, now_s: float) -> Task | None:
        """A task that is still kept."""
        task = self._tasks.get(task_id)
        kept = task is not None and now_s < task.ends_at_s + self._options.retention_s
        return task if kept else None

    def knows(self, task_id: str) -> bool:
        """Whether there ever was such a task."""
        return task_id in self._tasks

    def task_of(self, key: str, task_id: str, now_s: float) -> Task | None:
        """A task that is still kept, if this key submitted it: another key of the team may not read it."""
        task = self.task(task_id, now_s)
        return task if task is not None and task.charge.key_sha256 == _digest(key) else None

    def ended_between(self, key: str, since_s: float, until_s: float) -> list[str]:
        """The tasks of this key that ended after one moment, by another."""
        ended = (task for task in self._tasks.values() if since_s < task.ends_at_s <= until_s)
        return [task.charge.task_id for task in ended if task.charge.key_sha256 == _digest(key)]

    def _write(self, event: Charged | Refunded) -> None:
        self._journal.append(event)
        self._apply(event)

    def _apply(self, event: Event) -> None:
        match event:
            case Opened():
                self._born_at_s = self._born_at_s or event.at_s
            case Charged():
                self._tasks[event.task_id] = self._open[event.task_id] = Task(event)
                self._spent_usd += event.amount_usd
            case Refunded():
                self._open.pop(event.task_id, None)
                self._spent_usd -= event.amount_usd
            case _:
                pass

    def _new_id(self, number: int) -> str:
        """An id never given before: drawn anew while it is taken.

        The birth of the state file is part of the draw, so that a fresh one does not repeat the ids of the
        one before it, which a client may remember.
        """
        marks = f"{self._options.seed}:{self._born_at_s}:{number}"
        task_id = "task-" + hashlib.sha256(marks.encode()).hexdigest()[:16]
        return self._new_id(number + 1) if task_id in self._tasks else task_id

    def _latency_s(self, number: int) -> float:
        if self._options.latencies_s:
            return self._options.latencies_s[(number - 1) % len(self._options.latencies_s)]
        spread = 2 * share(self._options.seed, "latency", number) - 1
        return max(0.0, self._options.latency_s + spread * self._options.latency_spread_s)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
