"""Headers on their way to another server and back: what belongs to one hop, and credentials.

Pure. Knows no request and no socket; for this package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeAlias

from edge.config import Secret
from edge.engines.upstream.server import Dialect, Server
from edge.units import Seconds

Headers: TypeAlias = tuple[tuple[str, str], ...]

LONGEST_WAIT = Seconds(3600.0)
"""A server may say to come back later than this; nobody is told to."""

HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
# The HTTP client writes host and length itself, and our server has already undone
# a content encoding of the request.
NOT_SENT = HOP_BY_HOP | frozenset(("host", "content-length", "content-encoding", "expect"))
CREDENTIALS = frozenset(("authorization", "x-api-key", "api-key"))
_OURS = "x-codriver-"
_ANTHROPIC_KEY = "sk-ant-"
_ANTHROPIC_HOST = "anthropic.com"


def kept(headers: Iterable[tuple[str, str]], dropped: frozenset[str]) -> Headers:
    """Without ``dropped``, the headers that Connection names, and codriver's own."""
    known = tuple(headers)
    named = {
        word.strip().lower()
        for name, value in known
        if name.lower() == "connection"
        for word in value.split(",")
    }
    return tuple(
        (name, value)
        for name, value in known
        if name.lower() not in dropped | named and not name.lower().startswith(_OURS)
    )


def without(headers: Headers, names: Iterable[str]) -> Headers:
    gone = frozenset(names)
    return tuple((name, value) for name, value in headers if name.lower() not in gone)


def credential_header(dialect: Dialect, secret: Secret) -> tuple[str, str]:
    """The header in which servers of ``dialect`` look for a key."""
    if dialect == "openai":
        return "authorization", f"Bearer {secret.reveal()}"
    return "x-api-key", secret.reveal()


def authorised(headers: Headers, server: Server, is_own: Callable[[str], bool]) -> Headers | None:
    """The laptop's headers with the credential that ``server`` is to get.

    None where the laptop's own is to be passed and it sent none that is fit to go there:
    the box's token, which ``is_own`` knows, is not, nor a key of Anthropic's on its way to a
    server of another dialect.
    """
    if isinstance(server.credential, Secret):
        own = credential_header(server.dialect, server.credential)
        return (*without(headers, CREDENTIALS), own)
    if server.credential == "none":
        return without(headers, CREDENTIALS)
    passed = tuple(
        (name, value)
        for name, value in headers
        if name.lower() not in CREDENTIALS or _may_go(value, server, is_own)
    )
    return passed if any(name.lower() in CREDENTIALS for name, _ in passed) else None


def _may_go(value: str, server: Server, is_own: Callable[[str], bool]) -> bool:
    whole = value.strip()
    bare = whole.partition(" ")[2].strip()
    if is_own(whole) or is_own(bare):
        return False
    is_anthropics = whole.startswith(_ANTHROPIC_KEY) or bare.startswith(_ANTHROPIC_KEY)
    if server.dialect == "anthropic" or not is_anthropics:
        return True
    # Anthropic's own host speaks OpenAI's dialect, too.
    return server.host == _ANTHROPIC_HOST or server.host.endswith("." + _ANTHROPIC_HOST)


def wait_of(value: str | None) -> Seconds | None:
    """The seconds of a retry-after header; None for a date or nonsense."""
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    if not (math.isfinite(seconds) and seconds >= 0):
        return None
    return Seconds(min(seconds, LONGEST_WAIT))
