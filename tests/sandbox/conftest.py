from collections.abc import Callable
from pathlib import Path

import pytest

from batchrunner.sandbox import Behaviour

from .imitation import Imitation

Imitate = Callable[[Behaviour], Imitation]


@pytest.fixture
def imitate(tmp_path: Path) -> Imitate:
    """Makes a sandbox with the given options on a state file of this test's own."""
    return lambda options: Imitation(tmp_path / "state.jsonl", options)


@pytest.fixture
def service(imitate: Imitate) -> Imitation:
    """A sandbox without faults whose renders take no time."""
    return imitate(Behaviour(latency_s=0))
