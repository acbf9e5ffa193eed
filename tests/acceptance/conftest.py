from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from batchrunner.sandbox import Behaviour

from .service import Service
from .user import User

Open = Callable[..., Service]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test begins first, so that the workers end together."""
    items.sort(key=lambda item: item.path.name != "test_kill.py")


@pytest.fixture
def open_service(tmp_path: Path) -> Iterator[Open]:
    """Starts the service, with options by name; it stops when the test ends. Renders take 0.1 s unless said."""
    with ExitStack() as services:

        def opened(port: int = 0, **said: Any) -> Service:
            options = Behaviour(**{"latency_s": 0.1, "rate_per_min": 6000, **said})
            return services.enter_context(Service(tmp_path / "service.jsonl", options, port))

        yield opened


@pytest.fixture
def service(open_service: Open) -> Service:
    """The service as it should be."""
    return open_service()


@pytest.fixture
def user(tmp_path: Path, service: Service) -> User:
    """Somebody in an empty folder who works with `service`."""
    return new_user(tmp_path, service)


def new_user(tmp_path: Path, service: Service) -> User:
    """Somebody in a folder of their own."""
    folder = tmp_path / "work"
    folder.mkdir()
    return User(folder, service.url)
