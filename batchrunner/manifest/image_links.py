"""Links to pictures: what is one, and what is wrong with it. Nobody asks whether something is there."""

import re
from urllib.parse import urlsplit

from batchrunner.domain.request import without_secrets
from batchrunner.manifest import keys


def is_link(text: str) -> bool:
    """Whether a text is meant as a web address, well or badly written, and not as a local path."""
    return "://" in text or text.startswith(("data:", "http:", "https:", "//"))


def link_fault(text: str) -> str | None:
    """What is wrong with an image's address; None for a good link, and for a path, which is judged elsewhere."""
    if not text.strip():
        return "is empty"
    if not is_link(text):
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if has_login(text):
        return f'contains a login, which would be sent and stored: "{keys.shortened(without_secrets(text))}"'
    if parts.scheme in {"http", "https"} and host and text.isprintable() and not re.search(r"[ \\]", text):
        return None
    return f'is not a valid URL: "{keys.shortened(without_secrets(text))}"'


def has_login(text: str) -> bool:
    """Whether a link names a user, perhaps with a password, before its host."""
    return is_link(text) and "@" in re.split(r"[/?#\\]", text.partition("//")[2], maxsplit=1)[0]
