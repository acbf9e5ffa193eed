"""The calls: each address is built from the base, and the key goes nowhere else."""

from collections.abc import Mapping
from urllib.parse import quote

from batchrunner import __version__
from batchrunner.io.clock import Clock
from batchrunner.io.http import Http, TransportError, Untrusted
from batchrunner.io.image_header import LARGEST_BYTES
from batchrunner.providers.modellix import wire
from batchrunner.providers.provider import (
    BalanceReply,
    BalanceStatus,
    KeyStatus,
    KnownLimits,
    SubmitReply,
    TaskReply,
    TaskReplyKind,
    UploadReply,
    UploadReplyKind,
    WaitForHints,
)

# Two tiers share 100 requests a minute, with 2 and 10 tasks at once.
# Source: the service's rate-limit page, 2026-08, and its File API page.
_LIMITS = KnownLimits(
    rate_per_min=100, slots_by_rate={100: (2, 10), 200: (20,), 500: (50,), 1000: (100,)}, upload_bytes=LARGEST_BYTES
)


class Modellix:
    """The service at one address, asked with one key.

    `distrust` is why there is no point in asking on: whoever answers there shows a certificate that is not accepted.
    """

    limits = _LIMITS

    def __init__(self, http: Http, base_url: str, key: str, clock: Clock) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self.distrust = ""
        self._heard_until_ms: int | None = None
        self._headers = {"Authorization": f"Bearer {key}", "User-Agent": f"batchrunner/{__version__}"}

    async def submit(self, path: str, body: Mapping[str, object]) -> SubmitReply:
        """The paid POST, once. Never raises for what the network or the service does: the outcome says it."""
        url = f"{self._base_url}/api/v1/{path}"
        try:
            reply = await self._http.post(url, self._headers, dict(body))
        except TransportError as error:
            self._heed(error)
            return wire.unanswered(error)
        return wire.submitted(reply, self._clock.wall_s())

    async def poll(self, task_id: str) -> TaskReply:
        """One look at a task: free. Never raises for what the network or the service does."""
        try:
            # the id is one path segment, whatever it holds
            reply = await self._http.get(f"{self._base_url}/api/v1/tasks/{quote(task_id, safe='')}", self._headers)
        except TransportError as error:
            self._heed(error)
            return TaskReply(TaskReplyKind.RETRY, message=str(error))
        return wire.task_reply(reply, task_id, self._clock.wall_s())

    async def upload(self, name: str, data: bytes) -> UploadReply:
        """Sends a picture: free. Never raises for what the network or the service does."""
        try:
            reply = await self._http.upload(f"{self._base_url}/api/v1/media/files", self._headers, name, data)
        except TransportError as error:
            self._heed(error)
            return UploadReply(UploadReplyKind.RETRY, message=str(error))
        return wire.upload_reply(reply, self._clock.wall_s())

    async def delete_upload(self, file_id: str) -> bool:
        """Deletes a picture; True where it is gone afterwards."""
        url = f"{self._base_url}/api/v1/media/files/{quote(file_id, safe='')}"
        try:
            reply = await self._http.delete(url, self._headers)
        except TransportError:
            return False
        return reply.status in (200, 204, 404)

    async def balance(self) -> BalanceReply:
        """The account's balance. Never raises for what the network or the service does."""
        try:
            reply = await self._http.get(f"{self._base_url}/api/v1/team/balance", self._headers)
        except TransportError as error:
            self._heed(error)
            return BalanceReply(BalanceStatus.UNANSWERED)
        return wire.balance(reply, self._clock.wall_s())

    async def check_key(self) -> KeyStatus:
        """What the service says of the key. Never raises for what the network or the service does."""
        try:
            reply = await self._http.get(f"{self._base_url}/api/v1/apikey/validate", self._headers)
        except TransportError as error:
            self._heed(error)
            return KeyStatus.UNKNOWN
        return wire.key_status(reply)

    @property
    def wait_for_hints(self) -> WaitForHints | None:
        """Waits for word that tasks may have ended: asked only where a model's description says that it can wait."""
        return self._hints

    async def _hints(self, wait_s: float) -> tuple[str, ...]:
        since = "" if self._heard_until_ms is None else f"&since={self._heard_until_ms}"
        try:
            reply = await self._http.get(f"{self._base_url}/api/v1/tasks?wait={wait_s:.0f}{since}", self._headers)
        except TransportError:
            return ()
        named, self._heard_until_ms = wire.ends(reply)
        return named

    def _heed(self, error: TransportError) -> None:
        if isinstance(error, Untrusted):
            self.distrust = (
                f"{self._base_url}: {error}. Nothing was sent to it. If you use a proxy, set SSL_CERT_FILE to "
                "the file of its certificate authority; also check this machine's clock"
            )
