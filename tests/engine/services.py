"""Ways to the sandbox on which somebody stands: who answers in its stead, who counts, who watches."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import HttpAnswer
from batchrunner.sandbox.exchange import pieces

# Looks at a request's method, path and prompt ("" where there is none); None lets the sandbox answer.
Instead = Callable[[str, str, str], HttpAnswer | None]


def reply(status: int, message: str, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """The service's error shape."""
    return raw(status, json.dumps({"code": status, "message": message}).encode(), headers)


def raw(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """An answer with any body."""
    return HttpAnswer(status, {"content-length": str(len(body)), **(headers or {})}, pieces(body))


def prompt_in(body: bytes) -> str:
    """The prompt of a submit; "" for any other request."""
    return str(json.loads(body)["prompt"]) if body.startswith(b"{") else ""


def instead(look: Instead) -> Callable[[Responder], Responder]:
    """A way on which some requests are answered in the sandbox's stead."""

    def way(answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            found = look(method, target.partition("?")[0], prompt_in(body))
            return found or await answer(method, target, headers, body)

        return answered

    return way


def refusing(*names: str, status: int, message: str = "Refused: for this test") -> Callable[[Responder], Responder]:
    """A way on which the submits of these jobs get one answer (all submits where no job is named)."""

    def look(method: str, _path: str, prompt: str) -> HttpAnswer | None:
        meant = not names or prompt.rpartition(" ")[2] in names
        return reply(status, message) if method == "POST" and meant else None

    return instead(look)


def retold(edit: Callable[[dict[str, Any]], None]) -> Callable[[Responder], Responder]:
    """A way on which what the service says of a task is edited before it arrives."""

    def way(answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            found = await answer(method, target, headers, body)
            if "/api/v1/tasks/" not in target:
                return found
            document = json.loads(b"".join([chunk async for chunk in found.chunks]))
            edit(document.get("data", {}))
            kept = {name: value for name, value in found.headers.items() if name != "content-length"}
            return raw(found.status, json.dumps(document).encode(), kept)

        return answered

    return way


class Crossing:
    """Counts the submits that are on their way at one moment; each takes `slow_s` longer than its way."""

    def __init__(self, slow_s: float) -> None:
        self._slow_s = slow_s
        self._now = 0
        self.most = 0

    def way(self, answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            if method != "POST":
                return await answer(method, target, headers, body)
            self._now += 1
            self.most = max(self.most, self._now)
            try:
                await asyncio.sleep(self._slow_s)
                return await answer(method, target, headers, body)
            finally:
                self._now -= 1

        return answered


class Statuses:
    """Counts the answers by their status."""

    def __init__(self) -> None:
        self.seen: Counter[int] = Counter()

    def way(self, answer: Responder) -> Responder:
        async def answered(*request: Any) -> Answered:
            found = await answer(*request)
            self.seen[found.status] += 1
            return found

        return answered
