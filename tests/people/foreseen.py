"""What a command may do, judged before it from outside: whom it may pay again, and whether it even begins."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Charged
from tests.people.desk import Command
from tests.people.known import Known, Want, asker_of
from tests.people.place import Place
from tests.people.sheet import Sheet
from tests.people.words import PAYS_AGAIN

_AGAIN: Mapping[str, frozenset[Status]] = {
    "retry": frozenset({Status.FAILED}),
    "redo": frozenset({Status.DONE, Status.RENDERED, Status.EXPIRED}),
}
_UNFINISHED = frozenset({Status.PENDING, Status.RUNNING})
_LEAST_REPLACED, _SHARE_REPLACED = 5, 20
_MOST = 1_000_000


@dataclass
class Foreseen:
    """`most` is how often each job may be paid by `retry` or `redo` (None: another command), `just` how often all of
    them are paid where nothing goes wrong. `declined`: whether the command does not begin (None: not foreseen); then
    the `files` are as they were.
    """

    most: Counter[tuple[str, str]] | None = None
    just: int | None = None
    declined: bool | None = None
    files: Mapping[Path, bytes] = field(default_factory=dict)

    def check(
        self, code: ExitCode | None, new: Iterable[Charged], files: Mapping[Path, bytes], *, is_well: bool
    ) -> None:
        """All that was foreseen has come true; `new` is what was charged."""
        paid = Counter(asker_of(charge) for charge in new)
        if code is ExitCode.USAGE:
            assert not paid, "declined, and paid"
            assert files == self.files, "declined, and something was written"
        if code is not None and self.declined is not None:
            assert (code is ExitCode.USAGE) == self.declined, f"declined: {code}, foreseen: {self.declined}"
        if self.most is not None:
            assert paid <= self.most, f"paid again: {paid}, meant: {self.most}"
        if self.just is not None and is_well and code not in (None, ExitCode.USAGE):
            assert paid.total() == self.just, f"paid again: {paid}, meant: {self.just}"


def foresee(place: Place, sheet: Sheet, command: Command, now: Known) -> Foreseen:
    """What this command may do."""
    foreseen = Foreseen(files=place.contents())
    if command.word in _AGAIN:
        _foresee_again(foreseen, place, sheet, command, now)
    if command.word == "run" and not (place.torn or sheet.budget_usd or command.clips is not None):
        foreseen.declined = _is_declined(place, sheet, command, now)
    return foreseen


def _foresee_again(foreseen: Foreseen, place: Place, sheet: Sheet, command: Command, now: Known) -> None:
    """Whom `retry` and `redo` speak of: who is so now; and who an unfinished decision of the same kind speaks of."""
    wants, kind = sheet.wants(), DecisionKind(command.word)
    decided = {(name[1], wish) for name, (each, wish) in now.decisions.items() if each is kind}
    named = {who for who in wants if command.names is None or who.name in command.names}
    stands = {each.identity: each.step.status for each in place.seen(sheet) if each.identity in named}
    meant = [who for who, status in stands.items() if status in _AGAIN[command.word]]
    goes_on = [who for who, status in stands.items() if status in _UNFINISHED and (who, wants[who]) in decided]
    foreseen.most = Counter({(who.manifest, who.job): 0 for who in wants})
    for who in (*meant, *goes_on):
        foreseen.most[who.manifest, who.job] += 1 + sheet.retries
    is_plain = not (goes_on or place.shelf.foreign or sheet.budget_usd or place.torn or command.signals)
    if command == Command("retry") and is_plain:
        foreseen.just = len(meant)


def _is_declined(place: Place, sheet: Sheet, command: Command, now: Known) -> bool | None:
    """Whether more finished clips would be rendered again than may be, or the plan is another one.

    None: it depends on which came first, a clip or a submit that gave none.
    """
    if command.plan is not None and command.plan != place.digest(sheet):
        return True
    if command.plan is not None and command.max_replace is None:
        return False
    told = place.papers()
    finished = told.with_clip & sheet.wants().keys()
    again = {want for want in _not_ordered(place, sheet, now) if want[0] in finished}
    most = _most_replaced(command.max_replace, len(finished))
    least = len(again - told.asked)
    return None if least <= most < len(again) else least > most


def _not_ordered(place: Place, sheet: Sheet, now: Known) -> set[Want]:
    """Who would be submitted, and nobody had decided that."""
    wants = sheet.wants()
    decided = {(name[1], wish) for name, (kind, wish) in now.decisions.items() if kind in PAYS_AGAIN}
    submits = {e.identity for e in place.seen(sheet, sheet.retries) if e.step.action is Action.SUBMIT}
    return {(who, wants[who]) for who in submits} - decided


def _most_replaced(said: str | None, finished: int) -> int:
    if said is None:
        return max(_LEAST_REPLACED, finished * _SHARE_REPLACED // 100)
    if said == "all":
        return _MOST
    return finished * int(said[:-1]) // 100 if said.endswith("%") else int(said)
