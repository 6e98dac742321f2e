"""Boxes announce themselves by mDNS, laptops find them: nobody types an address.

mDNS tells where a box is, never whether to trust it. The library lives in the event
loop; only the question which interfaces there are runs in a thread. ``Announcer`` is
constructed by app, ``find`` is called by cli. Each opens its own sockets on port 5353,
which it shares with avahi or systemd-resolved.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

import zeroconf
from zeroconf import DNSQuestionType, IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from edge.errors import CodriverError
from edge.lan.addresses import InterfaceAddress, interface_addresses, reachable
from edge.lan.box import SERVICE_TYPE, Box, Offer, box_from, clean, txt_record
from edge.units import Seconds

NAME_LIMIT = 58
"""Bytes of an instance name: DNS allows 63, a conflict may append "-9999"."""
REGISTER_TIMEOUT = Seconds(30.0)
"""Registering takes two seconds; longer only where every name is taken."""
RESOLVE_TIMEOUT = Seconds(1.0)
MOST_BOXES = 256
"""What a flood of invented boxes may cost a laptop."""
TO_ALL = DNSQuestionType.QM
"""Answers to all: one to us alone may end up at another mDNS stack on our own port 5353."""

logger = logging.getLogger(__name__)


class Announcer:
    """Announces ``offer`` while it is entered, at those addresses that reach the daemon.

    ``bound`` are the numeric addresses of the listening sockets. Entering takes about
    two seconds and never fails: a LAN without multicast is a warning. Leaving says
    goodbye. ``name`` is the name settled on, after a conflict another one than the
    offer's; None while nothing is announced.
    """

    def __init__(self, offer: Offer, bound: Sequence[str]) -> None:
        self.name: str | None = None
        self.addresses: tuple[str, ...] = ()
        self._offer = offer
        self._bound = tuple(bound)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Announcer:
        found = await asyncio.to_thread(interface_addresses)
        spots = reachable(self._bound, found)
        if not spots:
            logger.warning("not announced on the LAN: no interface has an address to announce")
            return self
        try:
            async with asyncio.timeout(REGISTER_TIMEOUT):
                await self._register(spots)
        except (OSError, RuntimeError, zeroconf.Error, TimeoutError) as error:
            await self._stack.aclose()
            logger.warning("not announced on the LAN: %s", error or type(error).__name__)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.name = None
        await self._stack.aclose()

    async def _register(self, spots: Sequence[InterfaceAddress]) -> None:
        addresses = tuple(dict.fromkeys(spot.address for spot in spots))
        info = _service_info(self._offer, addresses)
        network = _open(spots)
        self._stack.push_async_callback(network.async_close)
        announced = await network.async_register_service(info, allow_name_change=True)
        self._stack.push_async_callback(_say_goodbye, network, info)
        await announced
        self.name = info.name.removesuffix(f".{SERVICE_TYPE}")
        self.addresses = addresses
        logger.info('announced on the LAN as "%s" at %s', self.name, ", ".join(addresses))


async def find(seconds: Seconds, bound: Sequence[str] = ("0.0.0.0", "::")) -> tuple[Box, ...]:
    """The boxes that answer within ``seconds``, by name. Raises CodriverError if mDNS cannot.

    Two seconds are enough: a box repeats an answer to all at most once a second.
    ``bound`` chooses the interfaces to ask on, as for Announcer.
    """
    spots = reachable(bound, await asyncio.to_thread(interface_addresses))
    if not spots:
        return ()
    try:
        network = _open(spots)
    except (OSError, RuntimeError) as error:
        raise CodriverError(f"boxes cannot be looked for on this machine: {error}") from error
    async with network:
        names = await _browse(network, seconds)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_resolve(network, name)) for name in names]
    boxes = (task.result() for task in tasks)
    return tuple(sorted((box for box in boxes if box is not None), key=lambda box: box.name))


async def _browse(network: AsyncZeroconf, seconds: Seconds) -> list[str]:
    names: dict[str, None] = {}

    def note(*, name: str, state_change: ServiceStateChange, **_: Any) -> None:
        if state_change is ServiceStateChange.Removed:
            names.pop(name, None)
        elif len(names) < MOST_BOXES:
            names[name] = None

    async with AsyncServiceBrowser(
        network.zeroconf, SERVICE_TYPE, handlers=[note], question_type=TO_ALL
    ):
        await asyncio.sleep(seconds)
    return list(names)


async def _resolve(network: AsyncZeroconf, name: str) -> Box | None:
    """The box of that name, or None if it does not answer in full."""
    try:
        info = AsyncServiceInfo(SERVICE_TYPE, name)
        whole = await info.async_request(network.zeroconf, RESOLVE_TIMEOUT * 1000, TO_ALL)
    except zeroconf.Error as error:
        logger.debug("left out what calls itself %r: %s", name, error)
        return None
    if not whole or not info.port:
        return None
    addresses = info.parsed_scoped_addresses()
    return box_from(name, addresses, info.port, info.properties)


def instance_name(offer: Offer) -> str:
    """The offer's name as one DNS label: no dots, no control characters, not too long."""
    name = clean(offer.name.replace(".", "-"), NAME_LIMIT)
    return name or f"codriver-{offer.id}"


def _service_info(offer: Offer, addresses: Iterable[str]) -> AsyncServiceInfo:
    # The host name is made of the id, for the library notices no conflict of host names.
    return AsyncServiceInfo(
        SERVICE_TYPE,
        f"{instance_name(offer)}.{SERVICE_TYPE}",
        port=offer.port,
        properties=txt_record(offer),
        server=f"codriver-{offer.id}.local.",
        parsed_addresses=list(addresses),
    )


def _open(spots: Sequence[InterfaceAddress]) -> AsyncZeroconf:
    """Sockets on the interfaces of ``spots``: by address for IPv4, by index for IPv6."""
    ipv4 = list(dict.fromkeys(spot.address for spot in spots if not spot.is_ipv6))
    ipv6 = list(dict.fromkeys(spot.index for spot in spots if spot.is_ipv6))
    version = IPVersion.All if ipv4 and ipv6 else IPVersion.V6Only if ipv6 else IPVersion.V4Only
    return AsyncZeroconf(interfaces=[*ipv4, *ipv6], ip_version=version)


async def _say_goodbye(network: AsyncZeroconf, info: AsyncServiceInfo) -> None:
    await (await network.async_unregister_service(info))
