"""One cheap look at the uplink: a connection with TLS to an upstream's host, or a known URL.

No request is sent to an upstream, and no credential to anybody. What is not the upstream (a
certificate of another's, a page where none is expected, names that all lead to one place) is a
sign-in page, and said to be one. Knows nothing of when to probe. Called by watch; the parts
that judge are pure.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import aiohttp

from edge.units import Seconds
from edge.uplink.evidence import Answered, Evidence, Lost, Portal

PROBE_TIMEOUT = Seconds(4.0)
NAMES_TIMEOUT = Seconds(2.0)
"""For the question whether names still lead to different places."""
HAPPY_EYEBALLS_DELAY = 0.25
"""After so many seconds the other family of addresses is tried beside the first."""
PAGE_BYTES = 512
"""Enough to see what kind of page it is."""
NOWHERE = "example.com"
"""A domain reserved by RFC 2606 that has no other names below it than www."""

_CERT_NOT_YET, _CERT_EXPIRED = 9, 10
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""

Resolve: TypeAlias = Callable[[str], Awaitable[frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Host:
    """A server that is connected to; with ``context`` as TLS wants it."""

    name: str
    host: str
    port: int
    context: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Page:
    """A URL whose answer is known: status 204, or plain text."""

    name: str
    url: str


Target: TypeAlias = Host | Page


async def resolve(host: str) -> frozenset[str]:
    """The addresses of a name, none if it has none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(str(item[4][0]) for item in found)


class Prober:
    """Takes its targets in turn. ``word`` gives a word that is nobody's name."""

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        clock: Callable[[], float],
        word: Callable[[], str],
        resolve: Resolve = resolve,
        patience: Seconds = PROBE_TIMEOUT,
    ) -> None:
        self._targets = tuple(targets)
        self._turn = 0
        self._clock = clock
        self._word = word
        self._resolve = resolve
        self._patience = patience

    async def __call__(self, avoid: frozenset[str]) -> Evidence:
        """Try the next target that is not to be avoided, if there is one; never raises."""
        target = self._next(avoid)
        began = self._clock()
        try:
            async with asyncio.timeout(self._patience):
                seen = await self._try(target)
        except TimeoutError:
            why = f"no connection within {self._patience:g} s"
            seen = Lost(target.name, "timeout", why, probe=True)
        if seen is None:
            return Answered(target.name, Seconds(self._clock() - began), probe=True)
        if isinstance(seen, Lost) and isinstance(target, Host):
            return await self._portal_of_names(target) or seen
        return seen

    def _next(self, avoid: frozenset[str]) -> Target:
        order = [*self._targets[self._turn :], *self._targets[: self._turn]]
        target = next((one for one in order if one.name not in avoid), order[0])
        self._turn = (self._targets.index(target) + 1) % len(self._targets)
        return target

    async def _try(self, target: Target) -> Lost | Portal | None:
        match target:
            case Host():
                return await _connect(target)
            case Page():
                return await _fetch(target)

    async def _portal_of_names(self, target: Host) -> Portal | None:
        """A resolver that sends everybody to one place does so for names that nobody has."""
        try:
            async with asyncio.timeout(NAMES_TIMEOUT):
                nobody = await self._resolve(f"{self._word()}.{NOWHERE}")
                its = await self._resolve(target.host) if nobody else frozenset()
        except TimeoutError:
            return None
        if not nobody & its:
            return None
        return Portal(target.name, f"every name leads to {min(nobody & its)}")


async def _connect(target: Host) -> Lost | Portal | None:
    """None if the host answers as itself."""
    try:
        _, writer = await asyncio.open_connection(
            target.host,
            target.port,
            ssl=target.context,
            server_hostname=target.host if target.context else None,
            happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY,
        )
    except (OSError, UnicodeError) as error:
        return judge_error(target, error)
    writer.close()
    return None


async def _fetch(target: Page) -> Lost | Portal | None:
    """None if the page is what it should be."""
    try:
        async with (
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
            ) as session,
            session.get(target.url, allow_redirects=False) as answer,
        ):
            page = await answer.content.read(PAGE_BYTES)
            return judge_page(target, answer.status, answer.content_type, page)
    except TimeoutError:
        raise
    except aiohttp.ClientConnectorCertificateError as error:
        return judge_error(target, error.certificate_error)
    except aiohttp.ClientConnectorError as error:
        return judge_error(target, error.os_error)
    except (aiohttp.ClientError, OSError):
        return Lost(target.name, "reset", "the connection broke", probe=True)


def judge_error(target: Target, error: BaseException) -> Lost | Portal:
    """What it was that kept the probe from being answered. Pure."""
    where = target.host if isinstance(target, Host) else target.url
    match error:
        case ssl.SSLCertVerificationError(verify_code=code) if code in (
            _CERT_NOT_YET,
            _CERT_EXPIRED,
        ):
            why = "its certificate is not of this time; is the box's clock right?"
            return Lost(target.name, "stranger", why, probe=True)
        case ssl.SSLCertVerificationError():
            return Portal(target.name, f"the certificate shown for {where} is not its own")
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST"):
            return Portal(target.name, f"something without TLS answers for {where}")
        case ConnectionRefusedError():
            return Lost(target.name, "refused", "it refused the connection", probe=True)
        case ssl.SSLError() | ConnectionError():
            return Lost(target.name, "reset", "the connection broke", probe=True)
        case socket.gaierror() | UnicodeError():
            why = "its name cannot be resolved"
            return Lost(target.name, "unreachable", why, probe=True)
        case _:
            return Lost(target.name, "unreachable", "there is no way to it", probe=True)


def judge_page(target: Page, status: int, kind: str, page: bytes) -> Lost | Portal | None:
    """Whether the known answer came. Pure."""
    if status == 511:  # RFC 6585: Network Authentication Required
        return Portal(target.name, "the network says that it wants one to sign in")
    if 300 <= status < 400:
        return Portal(target.name, f"{target.url} leads to another page")
    if status == 200 and (kind == "text/html" or page.lstrip().startswith(b"<")):
        return Portal(target.name, f"a page is shown in place of {target.url}")
    if status not in (200, 204):
        why = f"it answered with status {status}"
        return Lost(target.name, "stranger", why, probe=True)
    return None
