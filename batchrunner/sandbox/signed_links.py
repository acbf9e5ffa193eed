"""Signed download links: made for a while, checked without being remembered."""

import hmac
import math
from dataclasses import dataclass, field
from itertools import count

from batchrunner.sandbox.exchange import HttpRequest
from batchrunner.sandbox.faults import Fault, FaultInjector

RESULTS = "results"


@dataclass(slots=True)
class Links:
    """Makes and checks links of the form `…/results/NAME?expires=UNIX_SECONDS&serial=…&signature=…`.

    Attributes:
        secret: signs; the same after a restart, so that a link outlives one.
        opening: the number of this start; with a count it makes every link a new one.
    """

    files_url: str
    foreign_url: str
    secret: bytes
    opening: int
    life_s: float
    faults: FaultInjector
    _count: "count[int]" = field(default_factory=count)

    def make(self, name: str, now_s: float) -> str:
        """A fresh link to a result's file."""
        host_url = self.foreign_url if self.faults.happens(Fault.FOREIGN_DOWNLOAD) else self.files_url
        is_dead = self.faults.happens(Fault.LINK_EXPIRED)
        expires = str(math.floor(now_s) if is_dead else math.ceil(now_s + self.life_s))
        serial = f"{self.opening}-{next(self._count)}"
        signature = self._sign(name, expires, serial)
        return f"{host_url}/{RESULTS}/{name}?expires={expires}&serial={serial}&signature={signature}"

    def is_good(self, request: HttpRequest, now_s: float) -> bool:
        """Whether a request for a result carries our signature and comes in time."""
        expires, serial = request.query.get("expires", ""), request.query.get("serial", "")
        signature = self._sign(request.segments[-1], expires, serial)
        is_ours = hmac.compare_digest(signature.encode(), request.query.get("signature", "").encode())
        return is_ours and now_s < int(expires)

    def _sign(self, name: str, expires: str, serial: str) -> str:
        return hmac.new(self.secret, f"{name}\n{expires}\n{serial}".encode(), "sha256").hexdigest()
