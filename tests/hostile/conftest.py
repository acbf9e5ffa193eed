"""What the suites of attacks share: the user and the service of the acceptance tests, and what needs root."""

import os

import pytest

from tests.acceptance.conftest import open_service, service, user

__all__ = ["NOBODY", "only_root", "open_service", "service", "user"]

NOBODY = 65534
only_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another user")
