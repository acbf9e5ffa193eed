"""The user's word: how often each wish may be paid at one place, kept from outside against the service's record."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from batchrunner.nouns.facts import MarkKind
from batchrunner.nouns.job import Identity
from batchrunner.sandbox import Charged, Fault
from tests.people.known import Decision, Known, Want, asker_of, wish_of

FAILURES = frozenset({Fault.TASK_FAILED, Fault.TASK_MODERATED})
NO_CLIPS = FAILURES | {Fault.NO_VIDEO}
_PAYS_AGAIN = frozenset({MarkKind.RETRY, MarkKind.REDO})


@dataclass
class Words:
    """What was allowed at one place, and what was charged there.

    `alone` is what each want may cost if nobody else had wished the same, `first` what it may cost beside its kin;
    `extra` is what was allowed on top by a retry, a redo or a pay-again; `retries` what the settings allow, `lapsed`
    how many tasks that only the receipts tell of gave no clip, so that the settings' retries count from them.
    """

    made: list[Charged] = field(default_factory=list)
    alone: dict[Want, int] = field(default_factory=dict)
    first: dict[Want, int] = field(default_factory=dict)
    extra: Counter[Want] = field(default_factory=Counter)
    retries: Counter[Want] = field(default_factory=Counter)
    lapsed: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    written_off: set[str] = field(default_factory=set)
    accepted: set[Want] = field(default_factory=set)
    _decisions: set[Decision] = field(default_factory=set)

    def before_a_run(
        self,
        wants: Mapping[Identity, int],
        now: Known,
        on_paper: Mapping[str, Want],
        is_good: Container[str],
        retries: int,
    ) -> None:
        """What this run may pay for the first time: what is neither paid already nor to be taken over.

        `on_paper` is what receipts tell, `is_good` has the tasks whose clips can be had.
        """
        paid = {**on_paper, **now.owners}
        free = self._free(wants, now, paid, is_good)
        made = {charge.task_id for charge in self.made}
        lapsed = Counter(_job(want) for task, want in paid.items() if task not in made and task not in is_good)
        self.lapsed |= lapsed
        for want in wants.items():
            self.retries[want] = max(self.retries[want], retries)
            if want in self.extra or want in now.unknown or want in self._charged(now):
                continue
            is_ours = want in paid.values() or want in self.accepted
            self.alone[want] = self.first[want] = 0 if is_ours else 1
            kin = (want[1], want[0].take)
            if not is_ours and free[kin]:
                free[kin] -= 1
                self.first[want] = 0

    def _charged(self, now: Known) -> set[Want]:
        return {now.owners[charge.task_id] for charge in self.made if charge.task_id in now.owners}

    def _free(
        self, wants: Mapping[Identity, int], now: Known, paid: Mapping[str, Want], is_good: Container[str]
    ) -> Counter[tuple[int, int]]:
        """How many clips of each wish and take belong to somebody who does not want them in this manifest today."""
        taken = {task for task, want in now.adopted if want in wants.items()}
        good = [want for task, want in paid.items() if task in is_good and task not in taken]
        return Counter((wish, who.take) for who, wish in [*good, *now.unknown] if wants.get(who) != wish)

    def after_a_run(self, wants: Mapping[Identity, int], now: Known, charges: Iterable[Charged]) -> None:
        """Takes down what was charged, and what was decided about the wishes of this manifest."""
        self.made += charges
        for who, kind, _ in now.decisions - self._decisions:
            if kind in _PAYS_AGAIN and who in wants:
                self.extra[who, wants[who]] += 1
        self._decisions |= now.decisions

    def pay_again(self, want: Want, now: Known) -> None:
        """Somebody pays again for a submit whose outcome nobody knows; what it may have cost is written off."""
        self.extra[want] += 1
        self._decisions |= now.decisions

    def check(self) -> None:
        """Nothing was paid more often than somebody's word allows."""
        failed = self.lapsed + Counter(_asked(charge) for charge in self.made if charge.traits & FAILURES)
        jobs = Counter(_asked(charge) for charge in self.made)
        for (manifest, job, wish), times in jobs.items():
            wants = [w for w in self.first if (w[0].manifest, w[0].job, w[1]) == (manifest, job, wish)]
            most = self._allowed(wants, self.alone, failed)
            assert times <= most, f"{job} of {manifest} paid {times} times for wish {wish}, allowed {most}"
        for manifest, wish in {(manifest, wish) for manifest, _, wish in jobs}:
            wants = [w for w in self.first if (w[0].manifest, w[1]) == (manifest, wish)]
            times = sum(n for (m, _, w), n in jobs.items() if (m, w) == (manifest, wish))
            most = self._allowed(wants, self.first, failed)
            assert times <= most, f"{manifest} paid {times} times for wish {wish}, allowed {most}: {self.first}"

    def _allowed(self, wants: Iterable[Want], first: Mapping[Want, int], failed: Counter[tuple[str, str, int]]) -> int:
        wants = list(wants)
        jobs = {_job(want) for want in wants}
        rounds = sum(self.retries[want] * (1 + self.extra[want]) for want in wants)
        return sum(first[want] + self.extra[want] for want in wants) + min(rounds, sum(failed[job] for job in jobs))


def _job(want: Want) -> tuple[str, str, int]:
    who, wish = want
    return who.manifest, who.job, wish


def _asked(charge: Charged) -> tuple[str, str, int]:
    return (*asker_of(charge), wish_of(charge.body["prompt"]))
