"""A plan, for programs: what a run would do next with each job, why, and for how much."""

from dataclasses import dataclass
from decimal import Decimal

from batchrunner.app.run_options import RunOptions
from batchrunner.domain.job import Job
from batchrunner.domain.money import Cost
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step, total
from batchrunner.domain.text import json_text
from batchrunner.errors import UsageError
from batchrunner.reports.plan_table import Planned, plan_as_json, plan_table


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What would be done next with one job."""

    job: Job
    step: Step

    @property
    def action(self) -> Action:
        """What would be done; only `Action.SUBMIT` is paid."""
        return self.step.action

    @property
    def reason(self) -> str:
        """Why, in words."""
        return self.step.reason

    @property
    def cost(self) -> Cost:
        """What it is estimated to cost; a range where the request leaves open what the price depends on."""
        return self.step.cost

    @property
    def status(self) -> Status:
        """How the job stands now."""
        return self.step.status

    @property
    def hold_reason(self) -> HoldReason | None:
        """What holds a job that is not finished."""
        return self.step.hold_reason


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan at one moment. To hand it to `Project.run` is to agree to it, and to nothing else.

    `digest` stands for all that it pays and sends: equal digests, equal payments.
    """

    steps: tuple[PlannedStep, ...]
    planned: Planned
    options: RunOptions
    made_at_s: float

    @property
    def digest(self) -> str:
        """The twelve signs that `batchrunner plan` ends with."""
        return self.planned.digest

    @property
    def submits(self) -> tuple[PlannedStep, ...]:
        """The jobs that would be paid."""
        return tuple(each for each in self.steps if each.action is Action.SUBMIT)

    @property
    def cost(self) -> Cost:
        """What all of it is estimated to cost, retries not included."""
        return total(each.step for each in self.steps)

    @property
    def most_usd(self) -> Decimal | None:
        """What its run pays at most, the retries of the settings included; None where a job has no price."""
        return self.planned.most_usd

    def to(self, form: str = "table") -> str:
        """The plan as `batchrunner plan` prints it: a `table` or `json`.

        Raises:
            UsageError: there is no such form.
        """
        if form == "table":
            return plan_table(self.planned)
        if form == "json":
            return json_text(plan_as_json(self.planned), indent=2)
        raise UsageError(f"a plan has no form {form}: it is a table or json")
