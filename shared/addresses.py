"""RULE: which addresses may be called from here, whatever name they hide behind.

Public addresses on the ports of the web, and whatever lies in networks that the operator opened.
The blocks are those of https://www.iana.org/assignments/iana-ipv4-special-registry/ and
https://www.iana.org/assignments/iana-ipv6-special-registry/, and the metadata services of clouds;
`ipaddress.is_global` is not enough: it lets 6to4, NAT64 and 168.63.129.16 through.
"""

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from socket import inet_aton, inet_ntoa
from unicodedata import normalize
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

WEB_PORTS = frozenset({80, 443})
MAX_PORT = 65_535
DEFAULT_PORTS = {"http": 80, "https": 443}
INNER_DOMAINS = frozenset({"localhost", "local", "internal", "lan", "home", "corp", "intranet"})

_NEVER_V4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "168.63.129.16/32",  # the metadata service of Azure, in the midst of public space
)
_GLOBAL_V6 = ip_network("2000::/3")
_NEVER_V6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
_NEVER = tuple(map(ip_network, _NEVER_V4 + _NEVER_V6))


def is_public(text: str) -> bool:
    """Whether a numeric address is one of the public internet. False for what is no address."""
    address = _parse(text)
    if address is None or _in_any(address, _NEVER):
        return False
    return isinstance(address, IPv4Address) or address in _GLOBAL_V6


def may_call(text: str, port: int, opened: Sequence[Network]) -> bool:
    """Whether a connection to this numeric address and port may be made.

    `opened` are the networks an operator allows: there every port may be called.
    """
    address = _parse(text)
    if address is None or not 0 < port <= MAX_PORT:
        return False
    return _in_any(address, opened) or (port in WEB_PORTS and is_public(text))


def refused_at_sight(url: str, opened: Sequence[Network]) -> str:
    """Why a URL can never be called, as far as it shows before its name is looked up; or "".

    What a name leads to is judged at every call; this only spares somebody who writes an address of
    ours, or a typing error, from waiting for the first one.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        host = normalize("NFKC", parts.hostname or "").rstrip(".")
    except ValueError as error:
        return f"not an address: {error}"
    if parts.scheme not in DEFAULT_PORTS or not host:
        return "write http:// or https:// and a host"
    if "@" in parts.netloc:
        return "an address must not hold a user name"
    return "" if _may_lead_out(host, port, opened) else f"{host}:{port} is not public"


def _may_lead_out(host: str, port: int, opened: Sequence[Network]) -> bool:
    """Whether the host is an address that may be called, or a name that may lead to one."""
    if number := _number(host):
        return may_call(number, port, opened)
    is_inner = "." not in host or host.rpartition(".")[2] in INNER_DOMAINS
    return bool(opened) or (port in WEB_PORTS and not is_inner)


def _number(host: str) -> str:
    """The numeric address that a host is, in whichever spelling; "" for a name."""
    if _parse(host.partition("%")[0]):
        return host.partition("%")[0]
    try:
        return inet_ntoa(inet_aton(host))
    except (OSError, ValueError):
        return ""


def _parse(text: str) -> Address | None:
    """The address; an IPv4 address dressed as IPv6 is the one inside it."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _in_any(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
