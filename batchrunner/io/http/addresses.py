"""Addresses: what is one, which is this machine, and where a link that somebody else wrote may not lead."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urljoin, urlsplit

import httpx

from batchrunner.domain.settings import Network
from batchrunner.io.http.delivery import Delivery, TransportError

Address = IPv4Address | IPv6Address

# Source: the IANA registries of special-purpose addresses (RFC 6890), 2026-11.
_KINDS: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), words)
    for network, words in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "a carrier's own (CGNAT)"),
        ("127.0.0.0/8", "this machine"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "reserved for tests"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "this machine"),
        ("64:ff9b:1::/48", "private"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("3fff::/20", "reserved"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32_BITS = (1 << 32) - 1


class AddressRefused(TransportError):
    """A link leads to where nothing is asked for; nothing was sent."""

    def __init__(self, address: Address, kind: str) -> None:
        advice = f"if that is right, as with some VPNs, allow it with --allow-network {address}"
        super().__init__(Delivery.NOT_SENT, f"its address is {address}, which is not public ({kind}); {advice}")


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets links of others lead to public addresses, and to the networks that somebody allows."""

    allowed: tuple[Network, ...] = ()

    def check(self, address: Address) -> None:
        """Nothing, where it may be asked.

        Raises:
            AddressRefused: it may not.
        """
        kind = kind_of(address)
        meant = (address, embedded(address))
        if kind and not any(
            one.version == network.version and one in network for one in meant for network in self.allowed
        ):
            raise AddressRefused(address, kind)

    def check_host(self, url: str) -> None:
        """The same for an address that a link names itself: also before a proxy that would look up the name.

        Raises:
            AddressRefused: it may not be asked.
        """
        address = _literal(_host(url))
        if address is not None:
            self.check(address)


def kind_of(address: Address) -> str | None:
    """Why an address is not public, in a word or two; None where it is."""
    inner = embedded(address)
    found = next((words for network, words in _KINDS if inner.version == network.version and inner in network), None)
    if found is None and isinstance(inner, IPv6Address) and inner not in _PUBLIC_V6:
        return "reserved"
    return found


def embedded(address: Address) -> Address:
    """The IPv4 address that is reached in the end, where an IPv6 address only carries one."""
    if not isinstance(address, IPv6Address):
        return address
    nat64 = IPv4Address(int(address) & _LOW_32_BITS) if address in _NAT64 else None
    return address.ipv4_mapped or address.sixtofour or nat64 or address


def _literal(host: str) -> Address | None:
    """The address that a host is in itself, however oddly it is written (`2130706433`, `0x7f.1`); None for a name."""
    if host == "localhost" or host.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".").lower()


def is_address(url: str) -> bool:
    """Whether anything can be sent there at all."""
    try:
        parts = urlsplit(url)
        httpx.URL(url)
        return parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        return False


def is_loopback(url: str) -> bool:
    """Whether an address is this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def redirected(url: str, location: str) -> str:
    """Where a redirect leads; empty where nobody can say."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""
