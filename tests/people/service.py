"""How the service may behave while somebody works with it: well, losing answers, or failing otherwise."""

from dataclasses import replace

from hypothesis import strategies as st

from batchrunner.sandbox import Behaviour, Fault
from tests.people.world import GOOD

WISH = st.integers(0, 3)
FAULTS = (
    Fault.SUBMIT_500_BEFORE,
    Fault.SUBMIT_CUT_AFTER,
    Fault.SUBMIT_HTML_AFTER,
    Fault.CONCURRENT_LIMITED,
    Fault.POLL_500,
    Fault.TASK_FAILED,
    Fault.TASK_MODERATED,
    Fault.NO_VIDEO,
    Fault.LINK_EXPIRED,
    Fault.FOREIGN_DOWNLOAD,
    Fault.DOWNLOAD_CUT,
    Fault.DOWNLOAD_SHORT,
)


def _troubled(faults: list[Fault], rate: float, seed: int) -> Behaviour:
    # an account that never has a free slot is waited for without end
    rates = {fault: min(rate, 0.4) if fault is Fault.CONCURRENT_LIMITED else rate for fault in faults}
    return replace(GOOD, faults=rates, seed=seed)


RATE = st.sampled_from([0.4, 1.0])
LOSING = st.builds(_troubled, faults=st.sampled_from([[fault] for fault in FAULTS[:3]]), rate=RATE, seed=WISH)
FAILING = st.builds(
    _troubled,
    faults=st.lists(st.sampled_from(FAULTS[3:]), min_size=1, max_size=2, unique=True),
    rate=RATE,
    seed=WISH,
)
SERVICE = st.just(GOOD) | LOSING | FAILING
