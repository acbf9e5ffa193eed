"""A report that a program can write in any of its forms."""

from dataclasses import dataclass, fields
from typing import Self

from batchrunner.errors import UsageError
from batchrunner.reports.formats.registry import FORMATS, render
from batchrunner.reports.report import Report

_ALSO = {"markdown": "md"}


@dataclass(frozen=True, slots=True)
class ProjectReport(Report):
    """How the jobs of a manifest stand. `seconds` is how long the run took with which it ended, if it ended one."""

    seconds: float | None = None

    @classmethod
    def of(cls, report: Report, seconds: float | None = None) -> Self:
        """A report with its forms."""
        values = {each.name: getattr(report, each.name) for each in fields(report) if each.init}
        return cls(**values, seconds=seconds)

    def to(self, form: str, *, project: str = "") -> str:
        """The report as `batchrunner report` writes it.

        A form is `table`, `json`, `jsonl`, `csv`, `markdown`, `html` or `junit`.
        `project` is the way to the project's folder, seen from where the text will lie; links to clips begin with it.

        Raises:
            UsageError: there is no such form.
        """
        form = _ALSO.get(form, form)
        if form not in FORMATS:
            raise UsageError(f"a report has no form {form}: it is one of {', '.join(FORMATS)}")
        return render(self, form, self.seconds, project)
