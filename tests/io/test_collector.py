"""The collector is off for a while, and afterwards as it was."""

import gc

import pytest

from batchrunner.io.collector import collector_paused


@pytest.mark.parametrize("was_on", [True, False])
def test_the_collector_is_as_it_was_also_where_something_went_wrong(*, was_on: bool) -> None:
    before = gc.isenabled()
    (gc.enable if was_on else gc.disable)()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert gc.isenabled() is was_on
        with pytest.raises(ZeroDivisionError), collector_paused():
            _ = 1 / 0
        assert gc.isenabled() is was_on
    finally:
        (gc.enable if before else gc.disable)()
