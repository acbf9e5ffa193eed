"""The circuit breaker of a model: closed, open, or half-open for one job at a time."""

from dataclasses import dataclass

# Five equal failures in a row are no accident; one job is tried later, and later still if that fails alike.
_EQUAL_FAILURES = 5
_FIRST_WAIT_S = 300.0
_MOST_PROBES = 3


@dataclass(slots=True)
class CircuitBreaker:
    """What a run has seen of a model.

    Closed, its jobs are submitted freely. Five equal failures in a row open it for a while; then, half-open, one job at
    a time is let through as a probe, until a clip closes it again. A model of which no clip was seen begins half-open
    (`is_proven=False`): its first job is the canary. The kind of a failure tells equal ones from others; what is about
    the job alone, as moderation, is no failure here.
    """

    is_proven: bool = True
    _kind: str = ""
    _failures: int = 0
    _probes: int = 0
    _not_before_s: float = 0.0

    @property
    def is_half_open(self) -> bool:
        """Whether it is open or half-open: submits go one at a time, each after the end of the one before."""
        return not self.is_proven or self._failures >= _EQUAL_FAILURES

    @property
    def is_over(self) -> bool:
        """Whether no more money is risked: the first clip failed, or every later probe did."""
        return (not self.is_proven and self._failures > 0) or self._probes > _MOST_PROBES

    def wait_s(self, now_s: float) -> float:
        """How long until one job may be tried; 0 or less: now."""
        return self._not_before_s - now_s

    def record_success(self) -> None:
        """A clip came through: all is well."""
        self.is_proven = True
        self._kind, self._failures, self._probes, self._not_before_s = "", 0, 0, 0.0

    def record_failure(self, kind: str, now_s: float, *, was_probe: bool) -> bool:
        """A job failed, and not because of what it asks for. Gives whether the next one has to wait anew.

        `was_probe`: it was the one job of a trial. The others ran already when the trial began, and say nothing new.
        """
        is_failures = kind == self._kind or self._failures >= _EQUAL_FAILURES  # on trial, only a clip is good news
        self._failures = self._failures + 1 if is_failures else 1
        self._kind = kind
        is_news = self._failures == _EQUAL_FAILURES or (self._failures > _EQUAL_FAILURES and was_probe)
        if is_news:
            self._probes += 1
            self._not_before_s = now_s + _FIRST_WAIT_S * 2.0 ** min(self._probes - 1, _MOST_PROBES)
        return is_news
