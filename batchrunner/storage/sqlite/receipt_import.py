"""How receipts become facts: submits, decisions and adoptions of other machines, each taken in once.

See `docs/decisions/receipts-carry-decisions.md`.
"""

from collections.abc import Iterable

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.job import JobId
from batchrunner.domain.receipt import AdoptionReceipt, DecisionReceipt, Receipt, SubmitReceipt
from batchrunner.storage.sqlite.inserts import insert_answer, insert_clip, insert_observation, settle
from batchrunner.storage.sqlite.known_receipts import KNOWN, Index, News
from batchrunner.storage.sqlite.request_json import request_text
from batchrunner.storage.sqlite.transaction import insert


class ReceiptImport(Index):
    """Takes receipts in, within somebody's transaction."""

    def import_all(self, told: Iterable[Receipt]) -> int:
        """Writes down, within somebody's transaction, what is new; how many lines that were."""
        # what a decision speaks of comes before it, even at the same moment
        waiting = sorted(told, key=lambda each: (each.at_s, isinstance(each, DecisionReceipt)))
        before = taken = 0
        while waiting:
            news = [each for each in waiting if self._take(each)]
            taken += len(news)
            waiting = [each for each in waiting if not self.knows(each)]
            if taken == before:
                break  # the rest waits for lines that are not here, or for a submit that is still open
            before = taken
        return taken

    def _take(self, told: Receipt) -> bool:
        if not self.has_news(told):
            return False
        match told:
            case SubmitReceipt():
                self._take_submit(told)
            case DecisionReceipt():
                self._take_decision(told)
            case AdoptionReceipt():
                self._take_adoption(told)
        return True

    def _take_submit(self, receipt: SubmitReceipt) -> None:
        known = self.known(receipt)
        attempt_id = known.id if known else self._insert(receipt)
        news = self.news(known, receipt) if known else _all_of(receipt.attempt)
        if news is None:
            return
        for answer in news.answers:
            insert_answer(self.db, attempt_id, answer)
        for seen in news.observations:
            insert_observation(self.db, attempt_id, seen)
        for clip in news.clips:
            insert_clip(self.db, clip, attempt_id, None)
        if known and news.settled_at_s is not None:
            settle(self.db, attempt_id, news.settled_at_s)
        if receipt.task_id is not None:
            self.tasks[receipt.task_id] = attempt_id
        self.note(self.db.execute(f"{KNOWN} WHERE attempt.id = ?", (attempt_id,)).fetchone())

    def _insert(self, receipt: SubmitReceipt) -> int:
        told, who = receipt.attempt, receipt.identity
        settled_at_s = told.settled_at_s
        if settled_at_s is None and self.open_ids(who):
            settled_at_s = told.opened_at_s  # at most one is open: the one that is here already
        attempt_id = insert(
            self.db,
            "attempt",
            **_columns(who),
            number=self._next_number(who),
            request=request_text(told.request),
            fingerprint=told.request.fingerprint,
            decision=told.decision,
            output=told.output,
            base_url=told.base_url,
            key_digest=told.key_digest,
            key_last4=told.key_last4,
            reserved_usd=str(told.reserved_usd),
            opened_at_s=told.opened_at_s,
            settled_at_s=settled_at_s,
        )
        insert(self.db, "receipt", attempt_id=attempt_id, host=receipt.host)
        return attempt_id

    def _take_decision(self, told: DecisionReceipt) -> None:
        who, mark = told.identity, told.mark
        insert(
            self.db,
            "mark",
            **_columns(who),
            kind=mark.kind.value,
            after=max((number for number, at_s in self.numbers(who) if at_s <= mark.at_s), default=0),
            request=request_text(mark.request) if mark.request else None,
            chosen=self.number_of(told),
            at_s=mark.at_s,
            decision=mark.decision,
            host=mark.host,
        )
        self.decisions.add((who, mark.decision))

    def _take_adoption(self, told: AdoptionReceipt) -> None:
        who, attempt_id = told.identity, self.tasks[told.task_id]
        adoption_id = insert(
            self.db,
            "adoption",
            **_columns(who),
            number=self._next_number(who),
            attempt_id=attempt_id,
            at_s=told.at_s,
        )
        insert(self.db, "receipt", adoption_id=adoption_id, host=told.host)
        if told.clip:
            insert_clip(self.db, told.clip, attempt_id, adoption_id)
        self.adoptions.add((who, attempt_id))

    def _next_number(self, who: JobId) -> int:
        return 1 + max((number for number, _ in self.numbers(who)), default=0)


def _columns(who: JobId) -> dict[str, object]:
    return {"manifest": who.manifest, "profile": who.profile, "job": who.job, "take": who.take}


def _all_of(attempt: Attempt) -> News:
    return News(attempt.answers, attempt.observations, attempt.clips, attempt.settled_at_s)
