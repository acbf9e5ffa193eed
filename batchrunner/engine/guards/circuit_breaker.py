"""Trust in a model: how many paid tries at once it is worth."""

from dataclasses import dataclass

# Five equal failures in a row are no accident; one job is tried later, and later still if that fails alike.
_ALIKE = 5
_FIRST_WAIT_S = 300.0
_MOST_TRIES = 3


@dataclass(slots=True)
class CircuitBreaker:
    """What a run has seen of a model. On trial, one job at a time is submitted to it.

    `is_proven`: some clip of it came through, or nobody wants to wait for one. `kind` of a failure tells equal ones
    from others; what is about the job, as moderation, is none.
    """

    is_proven: bool = True
    _kind: str = ""
    _alike: int = 0
    _tries: int = 0
    _not_before_s: float = 0.0

    @property
    def is_on_trial(self) -> bool:
        """Whether submits go one at a time, each after the end of the one before."""
        return not self.is_proven or self._alike >= _ALIKE

    @property
    def is_over(self) -> bool:
        """Whether no more money is risked: the first clip failed, or every later try did."""
        return (not self.is_proven and self._alike > 0) or self._tries > _MOST_TRIES

    def wait_s(self, now_s: float) -> float:
        """How long until one job may be tried; 0 or less: now."""
        return self._not_before_s - now_s

    def record_success(self) -> None:
        """A clip came through: all is well."""
        self.is_proven = True
        self._kind, self._alike, self._tries, self._not_before_s = "", 0, 0, 0.0

    def record_failure(self, kind: str, now_s: float, *, was_tried: bool) -> bool:
        """A job failed, and not because of what it asks for. Gives whether the next one has to wait anew.

        `was_tried`: it was the one job of a trial. The others ran already when the trial began, and say nothing new.
        """
        is_alike = kind == self._kind or self._alike >= _ALIKE  # on trial, only a clip is good news
        self._alike = self._alike + 1 if is_alike else 1
        self._kind = kind
        is_news = self._alike == _ALIKE or (self._alike > _ALIKE and was_tried)
        if is_news:
            self._tries += 1
            self._not_before_s = now_s + _FIRST_WAIT_S * 2.0 ** min(self._tries - 1, _MOST_TRIES)
        return is_news
