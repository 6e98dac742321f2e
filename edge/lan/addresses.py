"""This machine's addresses, and which of them lead to a listening daemon.

``interface_addresses`` asks the system (blocking: run it off the event loop); the
rest is pure. Called by discovery.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ifaddr


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """One address of one interface; ``scope`` is the interface's index where IPv6 needs it."""

    interface: str
    address: str
    index: int
    scope: int = 0

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.address

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback


def interface_addresses() -> tuple[InterfaceAddress, ...]:
    """Every address of every interface that is up, loopback too. Blocking."""
    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            address, scope = (ip.ip, 0) if isinstance(ip.ip, str) else (ip.ip[0], ip.ip[2])
            plain = address.partition("%")[0]
            found.append(InterfaceAddress(adapter.name, plain, adapter.index or 0, scope))
    return tuple(found)


def reachable(
    bound: Sequence[str], found: Iterable[InterfaceAddress]
) -> tuple[InterfaceAddress, ...]:
    """Those of ``found`` at which a daemon bound to the addresses ``bound`` can be reached.

    A wildcard stands for its own family, as asyncio binds it. Loopback counts only
    where it was named itself; link-local addresses count, for two machines on one
    cable have no others.
    """
    return tuple(item for item in found if any(_leads_to(item, host) for host in bound))


def beyond_loopback(bound: Sequence[str]) -> bool:
    """True if another machine could reach a daemon bound to these addresses.

    A host name counts as yes: what it stands for is not known here.
    """
    numbers = [_number(host) for host in bound]
    return any(number is None or not number.is_loopback for number in numbers)


def _leads_to(item: InterfaceAddress, host: str) -> bool:
    wanted = _number(host)
    if wanted is not None and wanted.is_unspecified:
        return item.is_ipv6 == (wanted.version == 6) and not item.is_loopback
    return wanted == ipaddress.ip_address(item.address)


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """None for what is a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
