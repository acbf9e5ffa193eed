"""How many tasks an account lets run at once, as this person's runs learned it in whatever project: beside the key."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from batchrunner.io.files import Root
from batchrunner.storage.trusted_ids import state_folder

_MOST_BYTES = 256
_MOST_SLOTS = 1_000_000


class AccountLimits:
    """One small file for each key and address, in the person's state folder; where there is none, nothing is kept.

    It only saves requests: what cannot be read is not known, and what cannot be written is not remembered. No key is in
    it, and neither its digest nor the address can be read from its name.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def slots(self, key_digest: str, base_url: str) -> int | None:
        """What was learned last; None where nobody knows."""
        if self._folder is None:
            return None
        try:
            with Root(self._folder).open(self._folder / _name(key_digest, base_url)) as file:
                text = file.read(_MOST_BYTES + 1)
            known = json.loads(text) if len(text) <= _MOST_BYTES else None
        except (OSError, ValueError, RecursionError):
            return None
        slots = known.get("slots") if isinstance(known, dict) else None
        return slots if type(slots) is int and 0 < slots <= _MOST_SLOTS else None

    def remember(self, key_digest: str, base_url: str, slots: int) -> None:
        """Writes down what was learned; the last one to do so counts."""
        if self._folder is None:
            return
        with suppress(OSError, ValueError):
            path = self._folder / _name(key_digest, base_url)
            Root(self._folder, is_private=True).write_whole(path, json.dumps({"slots": slots}).encode())


NO_LIMITS = AccountLimits(None)


def own_limits() -> AccountLimits:
    """Those of the person who runs this."""
    try:
        return AccountLimits(state_folder().parent / "accounts")
    except OSError:
        return NO_LIMITS


def _name(key_digest: str, base_url: str) -> str:
    return hashlib.sha256(f"{key_digest} {base_url}".encode()).hexdigest()[:32] + ".json"
