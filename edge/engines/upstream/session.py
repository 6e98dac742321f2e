"""The HTTP session that all upstreams share, and the proxy that leads to one.

Knows aiohttp and the environment's proxy variables; no upstream.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass
from weakref import WeakSet

import aiohttp

from edge.engines.upstream.acknowledged import round_trip
from edge.engines.upstream.resolver import RememberingResolver
from edge.errors import ConfigError
from edge.units import Seconds

IDLE, BETWEEN, UNANSWERED = "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"
"""Seconds of silence after which the kernel asks whether the other side is still there, seconds
between such questions, and how many stay unanswered before it gives the connection up."""
KEEPALIVE = {IDLE: 3, BETWEEN: 2, UNANSWERED: 4}
"""An answer that breaks off without a word in a dead zone is known to have done so after 11 s;"""
KEEPALIVE_NEAR = {IDLE: 2, BETWEEN: 1, UNANSWERED: 3}
"""and after 5 s, where there and back takes no longer than NEAR."""
NEAR = Seconds(0.4)

on_connection: ContextVar[Callable[[asyncio.BaseTransport | None], None] | None] = ContextVar(
    "on_connection", default=None
)
"""Told, in the task that sends a request, of the connection it is sent over."""


class _Connector(aiohttp.TCPConnector):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._judged: WeakSet[asyncio.BaseTransport] = WeakSet()

    async def connect(self, *args: Any, **options: Any) -> aiohttp.connector.Connection:
        connection = await super().connect(*args, **options)
        transport = connection.transport
        if transport is not None and transport not in self._judged:
            self._judged.add(transport)
            _keep_alive(transport)
        if (tell := on_connection.get()) is not None:
            tell(connection.transport)
        return connection


def _socket(address: tuple[Any, ...]) -> socket.socket:
    """As aiohttp makes them, and watched by the kernel while nothing comes."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    _set(made, KEEPALIVE)
    return made


def _keep_alive(transport: asyncio.BaseTransport) -> None:
    """The sooner a silence is doubted, the nearer the other side has shown to be."""
    sock = transport.get_extra_info("socket")
    far = round_trip(sock)
    if far is not None:
        _set(sock, KEEPALIVE_NEAR if far <= NEAR else KEEPALIVE)


def _set(sock: Any, values: Mapping[str, int]) -> None:
    for name, value in values.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def open_session() -> aiohttp.ClientSession:
    """A session fit for relaying: connections are kept, addresses remembered; no cookies, no
    netrc (``trust_env`` would read it: the proxy is said with each request), raw bytes."""
    resolver = RememberingResolver(aiohttp.ThreadedResolver())
    return aiohttp.ClientSession(
        connector=_Connector(limit=0, resolver=resolver, socket_factory=_socket),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for ``url`` (``https_proxy``, ``http_proxy``,
    ``no_proxy``). Raises ConfigError for a kind that cannot be used."""
    parts = urlsplit(url)
    proxies = getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy is None or proxy_bypass(parts.netloc.rpartition("@")[2], proxies):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        raise ConfigError(
            f"the environment's proxy for {parts.hostname} is a {urlsplit(proxy).scheme} proxy: "
            "only http and https ones can be used; name another or put the host into no_proxy"
        )
    return proxy
