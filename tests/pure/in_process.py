"""A service that is one function: what it answers, in which pieces, and how it comes to grief."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from batchrunner.transport import Http, InProcess


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
        return Http(lambda: InProcess(self.answer), loopback=loopback)


def box(kind: bytes, content: bytes = b"", *, large: bool = False) -> bytes:
    """One box of an MP4; a large one tells its size in 64 bits."""
    if large:
        return (1).to_bytes(4) + kind + (16 + len(content)).to_bytes(8) + content
    return (8 + len(content)).to_bytes(4) + kind + content


def header(duration: int = 24, version: int = 0) -> bytes:
    """The movie header, as far as anyone reads it."""
    wide = 8 if version == 1 else 4
    times = bytes(2 * wide) + (24).to_bytes(4) + duration.to_bytes(wide)
    return box(b"mvhd", bytes([version, 0, 0, 0]) + times)


def film(*, large: bool = False, version: int = 0, duration: int = 24) -> bytes:
    """The smallest whole film."""
    index = box(b"moov", box(b"udta", b"x") + header(duration, version), large=large)
    return box(b"ftyp", b"isom") + index + box(b"mdat", b"pictures", large=large)
