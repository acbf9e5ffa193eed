"""How receipts become facts: submits, decisions and adoptions of other machines, each recorded once.

See `docs/decisions/receipts-carry-decisions.md`.
"""

from collections.abc import Iterable

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.job import JobId
from batchrunner.domain.receipt import AdoptionReceipt, DecisionReceipt, Receipt, SubmitReceipt
from batchrunner.storage.sqlite.inserts import insert_answer, insert_attempt, insert_clip, insert_observation, settle
from batchrunner.storage.sqlite.known_receipts import Additions, KnownReceipts
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.request_json import request_text
from batchrunner.storage.sqlite.rows import identity_columns
from batchrunner.storage.sqlite.transaction import insert


class ReceiptImport(KnownReceipts):
    """Records receipts, within a transaction."""

    def import_all(self, receipts: Iterable[Receipt]) -> int:
        """Records what is new; gives how many receipts that were."""
        # what a decision is about comes before it, even at the same moment
        waiting = sorted(receipts, key=lambda each: (each.at_s, isinstance(each, DecisionReceipt)))
        before = imported = 0
        while waiting:
            imported += sum([self._import(each) for each in waiting])
            waiting = [each for each in waiting if not self.covers(each)]
            if imported == before:
                break  # the rest waits for receipts that are not here, or for a submit that is still open
            before = imported
        return imported

    def _import(self, receipt: Receipt) -> bool:
        if not self.adds(receipt):
            return False
        match receipt:
            case SubmitReceipt():
                self._import_submit(receipt)
            case DecisionReceipt():
                self._import_decision(receipt)
            case AdoptionReceipt():
                self._import_adoption(receipt)
        return True

    def _import_submit(self, receipt: SubmitReceipt) -> None:
        known = self.submit_of(receipt)
        attempt_id = known.id if known else self._insert_attempt(receipt)
        additions = self.additions(known, receipt) if known else _all_of(receipt.attempt)
        if additions is None:
            return
        for answer in additions.answers:
            insert_answer(self.db, attempt_id, answer)
        for seen in additions.observations:
            insert_observation(self.db, attempt_id, seen)
        for clip in additions.clips:
            insert_clip(self.db, clip, attempt_id, None)
        if known and additions.settled_at_s is not None:
            settle(self.db, attempt_id, additions.settled_at_s)
        if receipt.task_id is not None:
            self.tasks[receipt.task_id] = attempt_id
        self.add(self.db.execute(query("known_submits"), {"first": attempt_id, "last": attempt_id}).fetchone())

    def _insert_attempt(self, receipt: SubmitReceipt) -> int:
        attempt, who = receipt.attempt, receipt.identity
        settled_at_s = attempt.settled_at_s
        if settled_at_s is None and self.open_ids(who):
            settled_at_s = attempt.opened_at_s  # at most one is open: the one that is here already
        number = self._next_number(who)
        attempt_id = insert_attempt(self.db, who, number, attempt, attempt.opened_at_s, settled_at_s=settled_at_s)
        insert(self.db, "receipt", attempt_id=attempt_id, host=receipt.host)
        return attempt_id

    def _import_decision(self, receipt: DecisionReceipt) -> None:
        who, decision = receipt.identity, receipt.decision
        insert(
            self.db,
            "mark",
            **identity_columns(who),
            kind=decision.kind.value,
            after=max((number for number, at_s in self.numbers(who) if at_s <= decision.at_s), default=0),
            request=request_text(decision.request) if decision.request else None,
            chosen=self.chosen_number(receipt),
            at_s=decision.at_s,
            decision=decision.decision,
            host=decision.host,
        )
        self.decisions.add((who, decision.decision))

    def _import_adoption(self, receipt: AdoptionReceipt) -> None:
        who, attempt_id = receipt.identity, self.tasks[receipt.task_id]
        adoption_id = insert(
            self.db,
            "adoption",
            **identity_columns(who),
            number=self._next_number(who),
            attempt_id=attempt_id,
            at_s=receipt.at_s,
        )
        insert(self.db, "receipt", adoption_id=adoption_id, host=receipt.host)
        if receipt.clip:
            insert_clip(self.db, receipt.clip, attempt_id, adoption_id)
        self.adoptions.add((who, attempt_id))

    def _next_number(self, who: JobId) -> int:
        return 1 + max((number for number, _ in self.numbers(who)), default=0)


def _all_of(attempt: Attempt) -> Additions:
    return Additions(attempt.answers, attempt.observations, attempt.clips, attempt.settled_at_s)
