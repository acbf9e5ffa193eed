"""The only place that knows httpx: clients, time limits, what errors mean, where links may lead."""

from batchrunner.io.http.addresses import AddressRefused, Guard, is_address, is_loopback, redirected
from batchrunner.io.http.clients import Http
from batchrunner.io.http.delivery import ERRORS, Delivery, TransportError, Untrusted, map_error
from batchrunner.io.http.in_process import Answered, InProcessTransport, Responder
from batchrunner.io.http.replies import Reply, Stream

__all__ = [
    "ERRORS",
    "AddressRefused",
    "Answered",
    "Delivery",
    "Guard",
    "Http",
    "InProcessTransport",
    "Reply",
    "Responder",
    "Stream",
    "TransportError",
    "Untrusted",
    "is_address",
    "is_loopback",
    "map_error",
    "redirected",
]
