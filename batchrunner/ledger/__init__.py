"""The ledger: the state file, which stores facts and compares-and-sets. The only place with SQL."""

from batchrunner.ledger.account import Moment
from batchrunner.ledger.entries import Claim, NewRun
from batchrunner.ledger.lock import Holder, anybody, holder, run_lock
from batchrunner.ledger.rivals import Rivals
from batchrunner.ledger.runs import RunRecord
from batchrunner.ledger.store import Ledger

__all__ = ["Claim", "Holder", "Ledger", "Moment", "NewRun", "Rivals", "RunRecord", "anybody", "holder", "run_lock"]
