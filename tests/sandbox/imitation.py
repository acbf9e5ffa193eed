"""A sandbox in process, with a clock that is moved by hand and a short way to ask."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from batchrunner.io.clock import Clock
from batchrunner.sandbox import Behaviour, ChargeRecord, ImitatedModel, Sandbox, record

API = "https://api.modellix.test"
FILES = "https://file.modellix.test"
ELSEWHERE = "https://elsewhere.test"
KEY = "mdlx-good-key"
SUBMIT = "/api/v1/google/veo-3.1-i2v/async"
IMAGE_BODY = {"prompt": "She waves", "image": "https://example.com/a.jpg"}
PNG = b"\x89PNG\r\n\x1a\n and some pixels"


class HandClock(Clock):
    """Wall time that moves only when told to."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def wall_s(self) -> float:
        return self.now_s


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]


class Imitation:
    """Starts a sandbox on a state file; `restart` does what a kill and a new start do."""

    def __init__(self, state: Path, options: Behaviour, models: Iterable[ImitatedModel] = ()) -> None:
        self.state = state
        self.clock = HandClock()
        self.restart(options, models)

    def restart(self, options: Behaviour, models: Iterable[ImitatedModel] = ()) -> None:
        self.sandbox = Sandbox(
            state=self.state, clock=self.clock, base_url=API, files_url=FILES, options=options, models=models
        )

    @property
    def record(self) -> ChargeRecord:
        return record(self.state)

    def ask(self, method: str, url: str, body: bytes = b"", *, key: str | None = KEY, **headers: str) -> Reply:
        parts = urlsplit(url if "://" in url else API + url)
        sent = {"host": parts.netloc} | {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["authorization"] = f"Bearer {key}"
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        return asyncio.run(self._exchange(method, target, sent, body))

    async def _exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        answer = await self.sandbox.answer(method, target, headers, body)
        received = b"".join([chunk async for chunk in answer.chunks])
        assert answer.headers["content-length"] == str(len(received))
        return Reply(answer.status, answer.headers, received)

    def submit(self, body: object = None, *, key: str = KEY, path: str = SUBMIT) -> Reply:
        sent = json.dumps(IMAGE_BODY if body is None else body).encode()
        return self.ask("POST", path, sent, key=key, content_type="application/json")

    def submitted(self) -> str:
        """A task id."""
        return str(self.submit().data["task_id"])

    def poll(self, task_id: str, *, key: str = KEY) -> Reply:
        return self.ask("GET", f"/api/v1/tasks/{task_id}", key=key)

    def link(self, task_id: str) -> str:
        """The link of a finished task's last resource."""
        return str(self.poll(task_id).data["result"]["resources"][-1]["url"])

    def download(self, url: str) -> Reply:
        return self.ask("GET", url, key=None)

    def upload(self, content: bytes = PNG, filename: str = "a.png") -> Reply:
        form = (
            b'--edge\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n%b\r\n--edge--\r\n"
        ) % (filename.encode(), content)
        return self.ask("POST", "/api/v1/media/files", form, content_type="multipart/form-data; boundary=edge")


def is_whole_mp4(content: bytes) -> bool:
    """Whether boxes follow each other up to the very end, and the needed ones are among them."""
    kinds, start = [], 0
    while start + 8 <= len(content):
        kinds.append(content[start + 4 : start + 8])
        start += int.from_bytes(content[start : start + 4])
    return start == len(content) and {b"ftyp", b"moov", b"mdat"} <= set(kinds)
