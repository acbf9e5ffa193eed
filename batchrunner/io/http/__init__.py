"""The only package that knows httpx: clients, time limits, what each error means, whom a link may lead to."""

from batchrunner.io.http.addresses import AddressRefused, Guard, is_address, is_loopback, redirected
from batchrunner.io.http.clients import Http, Reply, Stream
from batchrunner.io.http.delivery import ERRORS, Fate, TransportError, Untrusted, explained
from batchrunner.io.http.in_process import Answered, Answering, InProcess

__all__ = [
    "ERRORS",
    "AddressRefused",
    "Answered",
    "Answering",
    "Fate",
    "Guard",
    "Http",
    "InProcess",
    "Reply",
    "Stream",
    "TransportError",
    "Untrusted",
    "explained",
    "is_address",
    "is_loopback",
    "redirected",
]
