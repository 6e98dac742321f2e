"""Who may ask: a token on every request, unless the daemon listens on loopback only.

Knows headers and a check; where tokens live and how they are stored is edge.lan's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from edge.errors import NotAuthenticated

_CURE = "set ANTHROPIC_AUTH_TOKEN to what `codriver serve` printed"

TokenCheck = Callable[[str], bool]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def presented_token(headers: Mapping[str, str]) -> str | None:
    """The credential of a request: a bearer token or an API key; bearer wins."""
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return headers.get("x-api-key") or None


def require_token(check: TokenCheck) -> Callable[[web.Request], None]:
    """A guard that raises NotAuthenticated for a request without a good token."""

    def guard(request: web.Request) -> None:
        token = presented_token(request.headers)
        if token is None:
            raise NotAuthenticated(f"this box wants its token: {_CURE}")
        if not check(token):
            raise NotAuthenticated(f"this is not the box's token: {_CURE}")

    return guard


def allow_all(request: web.Request) -> None:
    """The guard on loopback."""
