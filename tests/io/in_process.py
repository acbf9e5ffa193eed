"""A service that is one function: what it answers, in which pieces, and how it comes to grief."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from batchrunner.io.http import Http, InProcessTransport


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


async def pieces(chunks: Iterable[bytes], then: Exception | None = None, wait_s: float = 0.0) -> AsyncIterator[bytes]:
    """The chunks, each after a while; and then an end, or an error."""
    for chunk in chunks:
        await asyncio.sleep(wait_s)
        yield chunk
    if then:
        raise then


def answered(
    *chunks: bytes,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    then: Exception | None = None,
    wait_s: float = 0.0,
) -> Answered:
    return Answered(status, headers or {}, pieces(chunks, then, wait_s))


@dataclass
class Service:
    """Answers by target; what is asked is written down with the host that was asked."""

    answer_to: Callable[[str], Answered]
    silent_s: float = 0.0
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        self.asked.append((method, f"{headers['host']}{target}", headers))
        await asyncio.sleep(self.silent_s)
        return self.answer_to(f"{headers['host']}{target}")

    def http(self, *, loopback: bool = False) -> Http:
        return Http(lambda: InProcessTransport(self.answer), loopback=loopback)
