"""How a report is looked at: from where, on what, and after which run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """What a report's form may depend on beside the report.

    `seconds` is how long its run took, `project` where the clips' paths begin, seen from where the reader is, `width`
    that of the terminal that a table is shown on. None: not known, or no terminal.
    """

    seconds: float | None = None
    project: str = ""
    width: int | None = None
