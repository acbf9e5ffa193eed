"""What is known of a request that got no whole answer, and the one place in which a foreign error becomes ours."""

import ssl
from enum import StrEnum

import httpx


class Delivery(StrEnum):
    """What is known of a request that got no whole answer."""

    NOT_SENT = "not-sent"
    UNCLEAR = "unclear"


class TransportError(Exception):
    """A request without a whole answer; `fate` says whether it may have arrived.

    `body` is what had come of the answer: it proves nothing, but may name what was paid for.
    """

    def __init__(self, fate: Delivery, message: str, body: bytes = b"") -> None:
        super().__init__(message)
        self.fate = fate
        self.body = body


class Untrusted(TransportError):
    """Whoever answers shows a certificate that is not accepted: nothing was sent, and waiting does not help."""


# The first class in this table of which an error is an instance tells its fate.
# Source: the error tree in httpx 0.28's documentation; that it is complete is tested.
ERRORS: tuple[tuple[type[Exception], Delivery, str], ...] = (
    (httpx.ConnectTimeout, Delivery.NOT_SENT, "no connection in time"),
    (httpx.PoolTimeout, Delivery.NOT_SENT, "no free connection"),
    (httpx.ConnectError, Delivery.NOT_SENT, "no connection"),
    (httpx.ProxyError, Delivery.NOT_SENT, "the proxy refused"),
    (httpx.LocalProtocolError, Delivery.NOT_SENT, "the request could not be written"),
    # our own address was checked before: these two speak of one in the answer
    (httpx.UnsupportedProtocol, Delivery.UNCLEAR, "the answer redirects to an unusable address"),
    (httpx.InvalidURL, Delivery.UNCLEAR, "the answer redirects to an unusable address"),
    (httpx.ReadTimeout, Delivery.UNCLEAR, "no answer in time"),
    (httpx.WriteTimeout, Delivery.UNCLEAR, "the request was not received in time"),
    (httpx.HTTPError, Delivery.UNCLEAR, "the connection was cut"),
    (httpx.StreamError, Delivery.UNCLEAR, "the answer could not be read"),
    (httpx.CookieConflict, Delivery.UNCLEAR, "the answer could not be read"),
)

# All that httpx raises: the roots of its tree.
FOREIGN = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)


def map_error(error: Exception, body: bytes = b"") -> TransportError:
    """The error in our words, with what had come. The words of httpx are kept; addresses are not in them."""
    why = _not_accepted(error)
    if why:
        return Untrusted(Delivery.NOT_SENT, f"its certificate is not accepted: {why}")
    for kind, fate, words in ERRORS:
        if isinstance(error, kind):
            return TransportError(fate, f"{words} ({type(error).__name__})", body)
    raise error


def _not_accepted(error: BaseException | None) -> str:
    """Why a certificate was not accepted, in OpenSSL's words; empty where it is not to blame."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__  # httpcore names no cause
    return ""
