"""The key and the address: from the environment or a file of one's own, never from an option."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from batchrunner.errors import Unauthorized, UsageError
from batchrunner.io.http import is_loopback

DEFAULT_BASE_URL = "https://api.modellix.ai"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whom to ask, and with which key. The key is not shown when this is printed."""

    base_url: str
    key: str = field(repr=False)

    @property
    def key_digest(self) -> str:
        """Tells keys apart without holding one."""
        return hashlib.sha256(f"batchrunner key: {self.key}".encode()).hexdigest()[:16]

    @property
    def key_last4(self) -> str:
        """What the service's web console shows of it."""
        return self.key[-4:]

    @property
    def is_loopback(self) -> bool:
        """Whether the service is on this very machine."""
        return is_loopback(self.base_url)


def read_credentials(environment: Mapping[str, str]) -> Credentials:
    """The access that the environment names.

    Raises:
        Unauthorized: there is no key, or its file may be read by others.
        UsageError: the address would send the key in the clear.
    """
    return Credentials(read_base_url(environment), _key(environment))


def read_base_url(environment: Mapping[str, str]) -> str:
    """The service's address; it must be https, unless it is this very machine."""
    url = environment.get("MODELLIX_BASE_URL", "").strip().rstrip("/") or DEFAULT_BASE_URL
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        raise UsageError("MODELLIX_BASE_URL is not a valid URL, expected for example https://api.modellix.ai")
    if parts.scheme == "http" and not is_loopback(url):
        raise UsageError("MODELLIX_BASE_URL must be https: else the API key would be sent unencrypted")
    return url


def known_keys(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The keys that are known here: of the environment, and in the file, even one that may not be used as it lies."""
    keys = {environment.get("MODELLIX_API_KEY", "").strip()}
    with suppress(OSError, ValueError):
        keys.add(_key_file(environment).read_text(encoding="utf-8").strip())
    return tuple(sorted(keys - {""}))


def _key(environment: Mapping[str, str]) -> str:
    key = environment.get("MODELLIX_API_KEY", "").strip() or _key_from_file(environment)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Unauthorized("the API key contains an invalid character; copy it again")
    return key


def _key_from_file(environment: Mapping[str, str]) -> str:
    named = environment.get("MODELLIX_API_KEY_FILE")
    path = _key_file(environment)
    try:
        if path.stat().st_mode & 0o077:
            raise Unauthorized(f"{path} can be read by others: chmod 600 {path}")
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        if named:
            raise Unauthorized(f"MODELLIX_API_KEY_FILE cannot be read: {error.strerror}: {path}") from error
        raise Unauthorized(f"no API key found: set MODELLIX_API_KEY, or write it to {path} (chmod 600)") from error
    if not key:
        raise Unauthorized(f"{path} is empty")
    return key


def _key_file(environment: Mapping[str, str]) -> Path:
    named = environment.get("MODELLIX_API_KEY_FILE")
    return Path(named) if named else _config_folder(environment) / "key"


def _config_folder(environment: Mapping[str, str]) -> Path:
    config = environment.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "batchrunner"
