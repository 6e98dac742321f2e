"""Who may ask: a token on every request, unless the daemon listens on loopback only.

Knows headers and a check; where tokens live and how they are stored is edge.lan's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from edge.errors import NotAuthenticated

_CURE = (
    "set ANTHROPIC_AUTH_TOKEN, or OPENAI_API_KEY in a client of OpenAI's, to what "
    "`codriver serve` printed"
)

TokenCheck = Callable[[str], bool]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def presented_tokens(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The credentials of a request: a bearer token, an API key, or both.

    One of them may be meant for an upstream, so that either one opens the box.
    """
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else ""
    key = headers.get("x-api-key", "").strip()
    return tuple(dict.fromkeys(token for token in (bearer, key) if token))


def require_token(check: TokenCheck) -> Callable[[web.Request], None]:
    """A guard that raises NotAuthenticated for a request without a good token."""

    def guard(request: web.Request) -> None:
        tokens = presented_tokens(request.headers)
        if not tokens:
            raise NotAuthenticated(f"this box wants its token: {_CURE}")
        if not any(check(token) for token in tokens):
            raise NotAuthenticated(f"this is not the box's token: {_CURE}")

    return guard


def allow_all(request: web.Request) -> None:
    """The guard on loopback."""
