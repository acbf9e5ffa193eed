"""The latency model: how long a task takes, as a hazard rate that is learned from the tasks before it."""

import math
from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

# Between two neighbouring ages the rate of ending is constant: 0, 1 second, and 5 % more each time, up to 2 hours.
_STEP = 1.05
_LOG_STEP = math.log(_STEP)
_AGES_S = (0.0, *(_STEP**n for n in range(183)))
_WIDTHS_S = tuple(high_s - low_s for low_s, high_s in pairwise(_AGES_S))
_LAST = len(_WIDTHS_S)

# Before anything was seen: hardly any end within the first seconds; later, every doubling of its age ends about a third
# of those that still run. It weighs less the more ends were seen, from two fifths of a task down to a tenth.
_PRIOR_TASKS = 0.1
_PRIOR_TASKS_AT_FIRST = 0.3
_PRIOR_EARLY_S = 8.0
_PRIOR_ENDS_EARLY = 0.05
_PRIOR_ENDS = 0.4


def _prior_rate(age_s: float) -> float:
    a_doubling = _PRIOR_ENDS_EARLY if age_s < _PRIOR_EARLY_S else _PRIOR_ENDS
    return a_doubling / math.log(2.0) / max(age_s, 1.0)


_PRIOR_RATES = tuple(_prior_rate(age_s) for age_s in _AGES_S)

_BLUR = 0.02
_KEPT = 1.0 - 1.0 / 400.0
# Half of all tasks end within this share of the median, or the spread counts.
_NARROW = 0.25
_FAR_BEYOND = 3.0
_HALVINGS = 24
# How far the median is believed by the ends that were seen: a fifth of it with none, three fifths with five.
_BELIEVED_FROM, _BELIEVED_BY = 1.0, 5.0


class LatencyModel:
    """Durations of one kind of task, as a rate of ending (per second) that depends on the age.

    The rate at an age is how many tasks ended there over how many seconds tasks waited there, plus a little of a
    wide prior. So a task that still runs counts with what it waited, and an end that is known only to lie
    between two polls is spread between them as the model itself expects it (one step of expectation-maximisation for
    interval-censored durations, whose fixed point is Turnbull's estimator): a late poll does not blur what is known.
    What was seen fades: of the last 400 tasks, the newest count most.

    All ages are seconds since the submit; one below 0 counts as 0, and what is no finite number is not learned.
    """

    def __init__(self, seen_s: Iterable[tuple[float, float]] = (), prior: "LatencyModel | None" = None) -> None:
        """Learns from earlier tasks: (waiting at this age, ended by that one), oldest first.

        `prior` is of tasks that are like these; where there is none, any age is plausible.
        """
        self._prior_rates = _PRIOR_RATES if prior is None else prior.rates
        self.longest_s = 0.0
        self._ends = [0.0] * _LAST
        self._waits_s = [0.0] * _LAST
        self._seen = 0.0
        self._is_stale = True
        self._rates: list[float] = []
        self._sums: list[float] = []
        self._rests_s: list[float] = []
        self._scale_s = 0.0
        for low_s, high_s in seen_s:
            self.waited(0.0, low_s)
            self.ended(low_s, high_s)

    # learning

    def waited(self, from_s: float, to_s: float) -> None:
        """A task was waiting from one age to another; each second of it counts once. Nothing, if time went back."""
        if not math.isfinite(from_s) or not math.isfinite(to_s):
            return
        for n in _steps(from_s, to_s):
            self._waits_s[n] += _overlap_s(n, from_s, to_s)
        self._is_stale = True

    def ended(self, low_s: float, high_s: float) -> None:
        """A task that had waited until the lower age, which `waited` was given, had ended by the higher one."""
        low_s = max(low_s, 0.0)
        high_s = max(high_s, low_s)
        if not math.isfinite(high_s):
            return
        self.longest_s = max(self.longest_s, high_s)
        self._seen = self._seen * _KEPT + 1.0
        self._ends = [ends * _KEPT for ends in self._ends]
        self._waits_s = [wait_s * _KEPT for wait_s in self._waits_s]
        blur_s = max(_BLUR * high_s - (high_s - low_s) / 2.0, 0.01)
        self._spread(low_s - blur_s, high_s + blur_s, low_s)
        self._is_stale = True

    def _spread(self, low_s: float, high_s: float, waited_s: float) -> None:
        """One end between two ages, and the time that it was waited for from a third on, each where it is expected."""
        expected: list[tuple[int, float]] = []
        runs = 1.0
        for n in _steps(low_s, high_s):
            expected.append((n, -runs * math.expm1(-self._rate(n) * _overlap_s(n, low_s, high_s))))
            runs -= expected[-1][1]
        still = whole = sum(ends for _, ends in expected)
        for n, ends in expected:
            self._ends[n] += ends / whole
            self._waits_s[n] += _overlap_s(n, waited_s, high_s) * (still - ends / 2.0) / whole
            still -= ends

    @property
    def rates(self) -> tuple[float, ...]:
        """The rate of ending at each step of the age, as it is known now."""
        return tuple(self._rate(n) for n in range(_LAST))

    def _rate(self, n: int) -> float:
        prior_s = (_PRIOR_TASKS + _PRIOR_TASKS_AT_FIRST / (1.0 + self._seen)) * _WIDTHS_S[n]
        return (self._ends[n] + prior_s * self._prior_rates[n]) / (self._waits_s[n] + prior_s)

    # asking

    def is_guess_at(self, age_s: float) -> bool:
        """Whether no end was seen yet, and such a task may have ended all the same."""
        return self.longest_s == 0.0 and age_s > _PRIOR_EARLY_S

    def ended_by(self, age_s: float, waiting_at_s: float) -> float:
        """The probability that a task has ended by this age, given that it waited at an earlier one.

        1 - S(age) / S(waiting), with S the share that is still running at an age; 0 if no time has passed.
        """
        if not age_s > waiting_at_s:
            return 0.0
        return -math.expm1(self._at(waiting_at_s)[0] - self._at(age_s)[0])

    def idle_s(self, age_s: float, waiting_at_s: float) -> float:
        """How many seconds ago a task has ended by this age, in expectation, given that it waited at an earlier one.

        The integral of `ended_by` over the ages between; 0 if no time has passed.
        """
        if not age_s > waiting_at_s:
            return 0.0
        ended_then, rest_then_s = self._at(waiting_at_s)
        ended_now, rest_now_s = self._at(age_s)
        idle_s = age_s - max(waiting_at_s, 0.0) - rest_then_s + math.exp(ended_then - ended_now) * rest_now_s
        return max(idle_s, 0.0)

    def age_of_idle(self, idle_s: float, waiting_at_s: float) -> float:
        """The age at which `idle_s` is reached: when a poll finds so much. Within a thousandth of a second above it."""
        low_s = max(waiting_at_s, 0.0)
        if idle_s <= 0.0 or low_s == math.inf:
            return low_s
        high_s = low_s + idle_s
        while self.idle_s(high_s, waiting_at_s) < idle_s:
            low_s, high_s = high_s, high_s * 1.5
        for _ in range(_HALVINGS):
            middle_s = (low_s + high_s) / 2.0
            if self.idle_s(middle_s, waiting_at_s) < idle_s:
                low_s = middle_s
            else:
                high_s = middle_s
        return high_s

    @property
    def scale_s(self) -> float:
        """By what the idle time that a poll finds is measured: the median, as far as it is believed.

        Less where durations differ widely: then there are more polls, of which each may find a little late.
        """
        if self._is_stale:
            self._settle()
        return self._scale_s

    def is_far_beyond(self, age_s: float) -> bool:
        """Whether no task ever took a third of this age; False as long as none was seen."""
        return 0.0 < self.longest_s * _FAR_BEYOND < age_s

    def _at(self, age_s: float) -> tuple[float, float]:
        """At an age: the rates summed up to it (S = exp(-sum)), and the seconds that are still to wait, on average."""
        if self._is_stale:
            self._settle()
        age_s = max(age_s, 0.0)
        n = _step(age_s)
        rate, into_s = self._rates[n], age_s - _AGES_S[n]
        total = self._sums[n] + rate * into_s
        if n == _LAST:
            return total, self._rests_s[n]
        stays = math.exp(-rate * (_WIDTHS_S[n] - into_s))
        return total, (1.0 - stays) / rate + stays * self._rests_s[n + 1]

    def _settle(self) -> None:
        self._is_stale = False
        self._rates = [*self.rates, _PRIOR_RATES[-1]]
        self._sums = [0.0]
        for rate, width_s in zip(self._rates, _WIDTHS_S, strict=False):
            self._sums.append(self._sums[-1] + rate * width_s)
        quarter_s, median_s, three_quarters_s = (
            _AGES_S[min(bisect_left(self._sums, -math.log(share)), _LAST)] for share in (0.75, 0.5, 0.25)
        )
        believed = (self._seen + _BELIEVED_FROM) / (self._seen + _BELIEVED_BY)
        narrow = min(_NARROW * median_s / max(three_quarters_s - quarter_s, 1.0), 1.0)
        self._scale_s = median_s * believed * (narrow if self.longest_s else 1.0)
        # from the far end downwards, so that no difference of tiny numbers is taken where hardly a task is left
        rests_s = [1.0 / _PRIOR_RATES[-1]]
        for n in range(_LAST - 1, -1, -1):
            stays = math.exp(-self._rates[n] * _WIDTHS_S[n])
            rests_s.append((1.0 - stays) / self._rates[n] + stays * rests_s[-1])
        self._rests_s = rests_s[::-1]


def _step(age_s: float) -> int:
    """The step of the ladder that an age stands on; the last has no upper end."""
    if age_s < 1.0:
        return 0
    if age_s >= _AGES_S[-1]:
        return _LAST
    n = int(math.log(age_s) / _LOG_STEP) + 1
    # the logarithm may round across an edge
    if age_s < _AGES_S[n]:
        return n - 1
    return n if age_s < _AGES_S[n + 1] else n + 1


def _steps(from_s: float, to_s: float) -> range:
    """The steps with an upper end that lie between two ages."""
    from_s = max(from_s, 0.0)
    return range(_step(from_s), min(_step(to_s), _LAST - 1) + 1) if to_s > from_s else range(0)


def _overlap_s(n: int, from_s: float, to_s: float) -> float:
    """How much of a step lies between two ages."""
    return max(min(_AGES_S[n + 1], to_s) - max(_AGES_S[n], from_s), 0.0)
