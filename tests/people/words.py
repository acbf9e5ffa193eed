"""The user's word: how often each wish may be paid at one place, kept from outside against the service's record."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.sandbox import Charged, Fault
from tests.people.known import DecisionName, Known, Want, asked_of

FAILURES = frozenset({Fault.TASK_FAILED, Fault.TASK_MODERATED})
NO_CLIPS = FAILURES | {Fault.NO_VIDEO}
PAYS_AGAIN = (DecisionKind.RETRY, DecisionKind.REDO, DecisionKind.PAY_AGAIN)


@dataclass
class Words:
    """What was allowed at one place, and what was charged there.

    What another place paid counts here from the moment when its receipts came: where both pay for the same before that,
    nobody could know, and each pays on its own account. `alone` is what each want may cost if nobody else had wished
    the same, `first` what it may cost beside its kin; `orders` are the decisions to pay again that this place may carry
    out, as nobody else had when it heard of them; `retries` is what the settings allow after each decision, `lapsed`
    how many tasks of others gave no clip, so that the settings' retries count from them.
    """

    made: list[Charged] = field(default_factory=list)
    alone: dict[Want, int] = field(default_factory=dict)
    first: dict[Want, int] = field(default_factory=dict)
    orders: dict[DecisionName, Want] = field(default_factory=dict)
    rounds: dict[DecisionName, Want] = field(default_factory=dict)
    retries: Counter[Want] = field(default_factory=Counter)
    lapsed: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    written_off: set[str] = field(default_factory=set)

    def before_a_run(
        self,
        wants: Mapping[JobId, int],
        now: Known,
        on_paper: Mapping[str, Want],
        is_good: Container[str],
        retries: int,
        chosen: Container[Want],
    ) -> None:
        """What this run may pay for the first time: what is neither paid already nor to be taken over.

        `on_paper` is what receipts tell, `is_good` has the tasks whose clips can be had, `chosen` the wants for which
        somebody keeps another clip.
        """
        self.learn(now)
        paid = {**on_paper, **now.owners}
        free = self._free(wants, now, paid, is_good)
        made, extra = {charge.task_id for charge in self.made}, set(self.orders.values())
        lapsed = Counter(_job(want) for task, want in paid.items() if task not in made and task not in is_good)
        self.lapsed |= lapsed
        for want in wants.items():
            self.retries[want] = max(self.retries[want], retries)
            if want in extra or want in now.held or want in self._charged(now):
                self.alone.setdefault(want, 0)
                self.first.setdefault(want, 0)
                continue
            is_ours = want in paid.values() or want in chosen
            self.alone[want] = self.first[want] = 0 if is_ours else 1
            kin = (want[1], want[0].take)
            if not is_ours and free[kin]:
                free[kin] -= 1
                self.first[want] = 0

    def _charged(self, now: Known) -> set[Want]:
        return {now.owners[charge.task_id] for charge in self.made if charge.task_id in now.owners}

    def _free(
        self, wants: Mapping[JobId, int], now: Known, paid: Mapping[str, Want], is_good: Container[str]
    ) -> Counter[tuple[int, int]]:
        """How many clips of each wish and take belong to somebody who does not want them in this manifest today."""
        taken = {task for task, want in now.adopted if want in wants.items()}
        good = [want for task, want in paid.items() if task in is_good and task not in taken]
        return Counter((wish, who.take) for who, wish in [*good, *now.held] if wants.get(who) != wish)

    def after_a_run(self, now: Known, charges: Iterable[Charged]) -> None:
        """Takes down what was charged and decided."""
        self.made += charges
        self.learn(now)

    def learn(self, now: Known) -> None:
        """Takes down what is decided by now, wherever it was: each decision to pay again is carried out once.

        What may have been paid before somebody paid again for it is written off.
        """
        made = {charge.task_id for charge in self.made}
        for name, (kind, wish) in now.decisions.items():
            if kind in PAYS_AGAIN:
                tasks, want = now.carried.get(name, set()), (name[1], wish)
                if tasks and not tasks & made:
                    self.orders.pop(name, None)
                else:
                    self.orders[name] = want
                if kind is DecisionKind.PAY_AGAIN and name not in self.rounds:
                    self._write_off(want, now)
                self.rounds[name] = want

    def _write_off(self, want: Want, now: Known) -> None:
        lost = [charge.task_id for charge in self.lost(now) if asked_of(charge) == _job(want)]
        self.written_off.update(lost[: max(len(lost) - len(now.unknown_of(*_job(want))), 0)])

    def lost(self, now: Known) -> list[Charged]:
        """What was charged here, and is neither on record nor written off."""
        return [c for c in self.made if c.task_id not in now.owners and c.task_id not in self.written_off]

    def check(self) -> None:
        """Nothing was paid more often than somebody's word allows."""
        failed = self.lapsed + Counter(asked_of(charge) for charge in self.made if charge.traits & FAILURES)
        jobs = Counter(asked_of(charge) for charge in self.made)
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
        extra, rounds = Counter(self.orders.values()), Counter(self.rounds.values())
        retries = sum(self.retries[want] * (1 + rounds[want]) for want in wants)
        most = sum(failed[job] for job in {_job(want) for want in wants})
        return sum(first[want] + extra[want] for want in wants) + min(retries, most)


def _job(want: Want) -> tuple[str, str, int]:
    who, wish = want
    return who.manifest, who.job, wish
