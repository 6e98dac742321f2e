"""The watch over the uplink, put together out of the configuration.

Nothing is watched where no upstream is beyond the uplink, or where the configuration says so.
Started by the daemon.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from edge.config import Config
from edge.engines.upstream import proxy_for
from edge.uplink import Watch
from edge.uplink.bus import SYSTEM_BUS
from edge.uplink.bus import follow as follow_service
from edge.uplink.bus.objects import Objects
from edge.uplink.evidence import Kernel, Modem
from edge.uplink.metered import Cost, metered
from edge.uplink.modem import follow as follow_modem
from edge.uplink.netlink import follow
from edge.uplink.opinion import NETWORK_MANAGER, opinion
from edge.uplink.probe import Host, Page, Prober, Target
from edge.uplink.reach import is_beyond
from edge.uplink.spacing import Spacing
from edge.uplink.watch import Sources

log = logging.getLogger(__name__)

PAGE = "probe_url"
"""What the configured page is called in reasons."""

BUS_ADDRESS = "DBUS_SYSTEM_BUS_ADDRESS"
"""The environment's word for where the system bus is."""

FollowKernel: TypeAlias = Callable[[Callable[[Kernel], None]], Awaitable[None]]
FollowModem: TypeAlias = Callable[[Callable[[Modem], None]], Awaitable[None]]


@asynccontextmanager
async def watched(
    config: Config, follow: FollowKernel = follow, bus: str | None = None
) -> AsyncGenerator[Watch | None, None]:
    """The watch, at work inside the block. None where there is nothing to watch.

    ``bus`` is a bus's address; None is the system's own.
    """
    where = {name: _first_hop(settings.url) for name, settings in config.upstreams.items()}
    beyond = {name: url for name, url in where.items() if is_beyond(urlsplit(url).hostname or "")}
    if not config.uplink.watch or not beyond:
        yield None
        return
    cost = _Cost(config.uplink.metered)
    bus = bus or os.environ.get(BUS_ADDRESS, SYSTEM_BUS)
    watch = Watch(
        Sources(follow, await _prober(config, beyond), _modem(config.uplink.modem, bus, cost)),
        frozenset(beyond),
        clock=time.monotonic,
        spacing=Spacing(random.random),
        metered=cost.of,
    )
    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(watch.run(), name="uplink")]
        if config.uplink.metered == "auto":
            costs = follow_service(NETWORK_MANAGER, cost.see_networks, bus)
            working.append(tasks.create_task(costs, name="uplink: cost"))
        try:
            yield watch
        finally:
            for task in working:
                task.cancel()


def _first_hop(url: str) -> str:
    """What is connected to for ``url``: a proxy, where the environment names one."""
    return proxy_for(url) or url


async def _prober(config: Config, beyond: Mapping[str, str]) -> Prober:
    context = await asyncio.to_thread(ssl.create_default_context)
    targets: list[Target] = [_host(name, url, context) for name, url in beyond.items()]
    if config.uplink.probe_url:
        targets.append(Page(PAGE, config.uplink.probe_url))
    return Prober(targets, clock=time.monotonic, word=partial(secrets.token_hex, 8))


def _host(name: str, where: str, context: ssl.SSLContext) -> Host:
    url = urlsplit(where)
    tls = url.scheme == "https"
    return Host(
        name, url.hostname or "", url.port or (443 if tls else 80), context if tls else None
    )


class _Cost:
    """Whether bytes cost money: by the configuration, by what is behind the modem, and by
    NetworkManager. A change is logged with its reason."""

    def __init__(self, setting: Literal["auto", "yes", "no"]) -> None:
        self._setting = setting
        self._modem: str | None = None
        self._networks: Objects = {}
        self._said: tuple[str | None, Cost] | None = None

    def of(self, interface: str | None) -> bool | None:
        word = opinion(self._networks, interface)
        cost = metered(self._setting, interface, self._modem, word)
        self._say(interface, cost)
        return cost.metered

    def see_modem(self, modem: Modem) -> None:
        self._modem = modem.interface or self._modem

    def see_networks(self, objects: Objects | None) -> None:
        self._networks = objects or {}

    def _say(self, interface: str | None, cost: Cost) -> None:
        if self._said == (interface, cost) or (self._said is None and cost.metered is None):
            return
        self._said = (interface, cost)
        what = {True: "cost money", False: "cost nothing extra", None: "may cost money"}
        log.info("bytes on %s %s: %s", interface or "the link", what[cost.metered], cost.reason)


def _modem(setting: str, bus: str, cost: _Cost) -> FollowModem | None:
    """What follows the modem, if there is one to be followed."""
    if not setting:
        return None

    async def follow_one(tell: Callable[[Modem], None]) -> None:
        def told(modem: Modem) -> None:
            cost.see_modem(modem)
            tell(modem)

        await follow_modem(told, setting, bus)

    return follow_one
