"""The HTTP session that all upstreams share, and the proxy that leads to one.

Knows aiohttp and the environment's proxy variables; no upstream.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp

from edge.engines.upstream.resolver import RememberingResolver
from edge.errors import ConfigError


def open_session() -> aiohttp.ClientSession:
    """A session fit for relaying: connections are kept, addresses remembered; no cookies, no
    netrc (``trust_env`` would read it: the proxy is said with each request), raw bytes."""
    resolver = RememberingResolver(aiohttp.ThreadedResolver())
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, resolver=resolver),
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
