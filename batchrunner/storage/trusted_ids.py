"""Which ledgers a person trusts: their random ids are in that person's state folder, in a small file each."""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from batchrunner.errors import UsageError
from batchrunner.io.files import Root

_ID = re.compile(r"[0-9a-f]{32}")
_MOST_BYTES = 4096


def state_folder() -> Path:
    """Where the ids are, one file each. Source: the XDG Base Directory Specification, which ignores relative paths.

    Raises:
        OSError: this user has no home folder.
    """
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        base = named if named.is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from error
    return base / "batchrunner" / "ledgers"


def trusts(ledger_id: str, owners: Iterable[int]) -> bool:
    """Whether this person trusts a ledger, whose file and folder have these owners."""
    if not _ID.fullmatch(ledger_id):
        return False
    try:
        folder = state_folder()
        with Root(folder).open(folder / ledger_id) as file:
            known = json.loads(file.read(_MOST_BYTES))["owners"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False
    return isinstance(known, list) and all(owner == os.getuid() or owner in known for owner in owners)


def remember(ledger_id: str, path: Path, owners: Iterable[int]) -> None:
    """From now on this person trusts a ledger.

    Raises:
        UsageError: that cannot be written down.
    """
    if not _ID.fullmatch(ledger_id):
        raise UsageError(f"the ledger {path} has an id that no release of batchrunner makes")
    where = "the state folder"
    try:
        where = str(state_folder())
        note = json.dumps({"ledger": os.fsdecode(path.absolute()), "owners": sorted(set(owners))})
        Root(Path(where), is_private=True).write_whole(Path(where) / ledger_id, note.encode())
    except (OSError, UnicodeEncodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"that the ledger {path} is yours cannot be recorded in {where}: {why}. "
            "Set XDG_STATE_HOME to a folder that you can write to, and run this again: nothing was submitted"
        ) from error
