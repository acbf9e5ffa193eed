"""A receipt: one paid clip as a line of text, made to be committed beside its manifest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchrunner.nouns.facts import Attempt, ClipRole, Outcome, TaskState
from batchrunner.nouns.job import Identity
from batchrunner.nouns.request import Request

_VERSION = re.compile(r"(^|/)versions/[^/]+\.v[0-9]+\.[^/.]+$")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What another machine must know of a clip so as not to pay for it again; times are Unix seconds."""

    identity: Identity
    request: Request
    task_id: str
    base_url: str
    key_digest: str
    key_last4: str
    reserved_usd: str
    submitted_at_s: float
    rendered_at_s: float | None
    done_at_s: float | None
    output: str
    path: str | None
    size_bytes: int | None
    sha256: str | None
    host: str

    @property
    def role(self) -> ClipRole:
        """Under which kind of name its clip lies: a name like `versions/hero.v1.mp4` is that of an older version."""
        is_version = self.path != self.output and self.path is not None and _VERSION.search(self.path)
        return ClipRole.VERSION if is_version else ClipRole.FINAL

    def as_json(self) -> dict[str, Any]:
        """One flat object; its names are fixed."""
        who = self.identity
        return {
            "id": who.job,
            "take": who.take,
            "profile": who.profile,
            "fingerprint": self.request.fingerprint,
            "request": self.request.as_json(),
            "task_id": self.task_id,
            "base_url": self.base_url,
            "key_digest": self.key_digest,
            "key_last4": self.key_last4,
            "cost_usd": self.reserved_usd,
            "submitted_at_s": self.submitted_at_s,
            "rendered_at_s": self.rendered_at_s,
            "done_at_s": self.done_at_s,
            "output": self.output,
            "file": self.path,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "host": self.host,
        }

    @classmethod
    def from_json(cls, manifest: str, data: Mapping[str, Any], request: Request) -> "Receipt":
        """The receipt behind such an object; `request` is its request under today's canonicaliser.

        Raises:
            KeyError, TypeError, ValueError: it is not such an object.
        """
        return cls(
            Identity(manifest, str(data["profile"]), str(data["id"]), int(data["take"])),
            request,
            str(data["task_id"]),
            str(data["base_url"]),
            str(data["key_digest"]),
            str(data["key_last4"]),
            str(data["cost_usd"]),
            float(data["submitted_at_s"]),
            None if data["rendered_at_s"] is None else float(data["rendered_at_s"]),
            None if data["done_at_s"] is None else float(data["done_at_s"]),
            str(data["output"]),
            None if data["file"] is None else str(data["file"]),
            None if data["size_bytes"] is None else int(data["size_bytes"]),
            None if data["sha256"] is None else str(data["sha256"]),
            str(data["host"]),
        )


def receipt_of(identity: Identity, attempt: Attempt, host: str) -> Receipt | None:
    """The receipt of an attempt that was accepted and has not failed; `host` is the machine that paid it.

    None for any other, and for one that was taken over from another name: that one has a receipt of its own.
    """
    is_paid = attempt.outcome is Outcome.ACCEPTED and attempt.task is not TaskState.FAILED
    if attempt.task_id is None or not is_paid or attempt.is_adopted:
        return None
    clip = attempt.clip
    return Receipt(
        identity,
        attempt.request,
        attempt.task_id,
        attempt.base_url,
        attempt.key_digest,
        attempt.key_last4,
        str(attempt.reserved_usd),
        attempt.opened_at_s,
        attempt.rendered_at_s,
        attempt.settled_at_s if clip else None,
        attempt.output,
        clip.path if clip else None,
        clip.size_bytes if clip else None,
        clip.sha256 if clip else None,
        attempt.made_on or host,
    )
