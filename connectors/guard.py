"""The guard of outgoing connections: which addresses a user-given name may lead to.

Names are resolved once, the resolved address is judged against an explicit list, and the
connection goes to that very address, so a name that changes its mind gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from connectors.errors import ConfigError, Transient

Resolver = Callable[..., Sequence[tuple[Any, Any, Any, Any, Any]]]
Address = IPv4Address | IPv6Address

# Written out because `ipaddress.is_global` lets NAT64, 6to4, multicast and others through.
_DENIED_4 = [
    ip_network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",
    )
]  # fmt: skip
_PUBLIC_6 = IPv6Network("2000::/3")
_DENIED_6 = [IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether the address is out on the internet: not ours, not the cloud's, not special."""
    if isinstance(address, IPv4Address):
        return not any(address in each for each in _DENIED_4)
    inner = address.ipv4_mapped
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(inner)
    return address in _PUBLIC_6 and not any(address in each for each in _DENIED_6)


class Guard:
    """Resolves names to addresses one may connect to.

    `allow` names what an operator permits in spite of the list: networks (`10.1.0.0/16`), single
    addresses, or host names, whose addresses are then not judged.
    """

    def __init__(self, allow: Sequence[str] = (), resolver: Resolver = socket.getaddrinfo) -> None:
        self._networks = []
        self._hosts = set()
        self._resolver = resolver
        for each in allow:
            try:
                self._networks.append(ip_network(each, strict=False))
            except ValueError:
                self._hosts.add(each.lower().rstrip("."))

    def allows(self, address: Address) -> bool:
        """Whether a connection to this address is permitted."""
        return is_public(address) or any(
            address.version == each.version and address in each for each in self._networks
        )

    def is_listed(self, host: str) -> bool:
        """Whether the operator listed this host, by its name or as an address."""
        if host.lower().rstrip(".") in self._hosts:
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address.version == n.version and address in n for n in self._networks)

    def resolve(self, host: str, port: int) -> str:
        """The address to connect to.

        Raises ConfigError when the name leads anywhere inside (one such address is enough), and
        Transient when it cannot be resolved now.
        """
        try:
            found = self._resolver(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Transient(f"The name {host} cannot be found; check the address.") from error
        addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
        if not addresses:
            raise Transient(f"The name {host} has no address; check the address.")
        listed = host.lower().rstrip(".") in self._hosts
        if not listed and not all(self.allows(address) for address in addresses):
            raise ConfigError(
                f"{host} leads to a private or reserved network address, which is not allowed. "
                "Use the system's public address, or ask the operator to allow this one."
            )
        return str(addresses[0])
