"""Each test of the contract is run on every ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchrunner.storage.interface import Ledger
from tests.storage.contract.stores import STORES, Store


@pytest.fixture(params=sorted(STORES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, tmp_path: Path) -> Store:
    return STORES[kind](tmp_path / "here")


@pytest.fixture
def elsewhere(kind: str, tmp_path: Path) -> Store:
    """The ledger of another machine."""
    return STORES[kind](tmp_path / "elsewhere")


@pytest.fixture
def ledger(store: Store) -> Iterator[Ledger]:
    with store.open() as opened:
        yield opened
