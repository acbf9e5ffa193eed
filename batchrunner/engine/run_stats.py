"""What a run asked of the service, and how long its clips took."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class RunStats:
    """Requests by kind, and the time in seconds that each clip took that was rendered while this run was there."""

    submits: int = 0
    polls: int = 0
    refused_429: int = 0
    render_times_s: list[float] = field(default_factory=list)
