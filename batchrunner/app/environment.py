"""What the environment says, for a program that asks for it: nothing else in the library reads it."""

import os
from collections.abc import Mapping

from batchrunner.providers.credentials import Credentials, read_credentials


def credentials_from_environment() -> Credentials:
    """The address and the key that `batchrunner` itself would use, from the environment or a file of one's own.

    Raises:
        Unauthorized: there is no key, or its file may be read by others.
        UsageError: the address would send the key in the clear.
    """
    return read_credentials(os.environ)


def variables_from_environment(*names: str) -> Mapping[str, str]:
    """The variables of these names that are set, for `open_project(variables=…)`."""
    return {name: os.environ[name] for name in names if name in os.environ}
