"""Everything people do, in any order, against the service's own record of what it charged."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.people.machine import People

pytestmark = pytest.mark.untraced


def test_whatever_people_do_nothing_is_paid_twice_and_nothing_is_lost() -> None:
    few = settings(
        max_examples=12,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(People, settings=few)
