from pathlib import Path

import pytest

from tests.studio import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """An account with ten slots, whose renders take a minute, in an empty folder."""
    return Studio(tmp_path)
