"""What may be kept to be asked later, and how it is kept: without anything of a laptop's own.

A job lies on the box's disk for hours and goes out when nobody looks. So it is taken only if
there is an upstream with a credential of the box's own, and only if nothing in it has to stay
here; of its headers none is kept that could hold a key. Knows the doors and the router. Used
by the handlers that add jobs and by the runner, which reads a kept job with ``request_of``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from edge import __version__
from edge.api.doors import ANTHROPIC, OPENAI, Door
from edge.chat import ChatRequest, Text
from edge.dialects.rewrite import as_whole
from edge.errors import BadRequest, NotPermitted
from edge.queue import NewJob, Work
from edge.queue.jobs import Dialect
from edge.routing.policy import LOCAL, Decision
from edge.routing.router import Router

PATHS: Mapping[Dialect, str] = {"anthropic": "/v1/messages", "openai": "/v1/chat/completions"}
_DOORS: Mapping[Dialect, Door] = {"anthropic": ANTHROPIC, "openai": OPENAI}

ROUTE_HEADER = "x-codriver-route"
KEPT_HEADERS = frozenset(
    ("anthropic-version", "anthropic-beta", "x-claude-code-session-id", ROUTE_HEADER)
)
"""All others stay behind: any of them may be a credential."""
API_VERSION = "2023-06-01"
"""Anthropic's API wants to be told one, and has no newer."""
_OWN_HEADERS = {
    "content-type": "application/json",
    "user-agent": f"codriver/{__version__}",
    # The answer is kept as it comes, for people to read.
    "accept-encoding": "identity",
}

TITLE_LIMIT = 60
"""Characters of a prompt that are shown in a list."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request as somebody wants it kept. ``headers`` are those that it came with."""

    dialect: Dialect
    body: bytes
    headers: Mapping[str, str]
    custom_id: str | None = None


class Admission:
    """``usable``: upstreams that need no credential of a laptop; ``passing``: those that do."""

    def __init__(self, router: Router, *, usable: frozenset[str], passing: frozenset[str]) -> None:
        self._router = router
        self._usable = usable
        self._passing = passing

    async def admit(self, wanted: Wanted) -> NewJob:
        """The job to be kept. Raises BadRequest, and NotPermitted for what must not wait here or
        could never go out."""
        body = as_whole(wanted.body)
        headers = _kept(wanted.dialect, wanted.headers)
        path = PATHS[wanted.dialect]
        request = _DOORS[wanted.dialect].parse(body, dict(headers), path)
        _refuse_credentials(body)
        decision = await self._router.on_a_good_day(request)
        return NewJob(
            dialect=wanted.dialect,
            path=path,
            headers=headers,
            body=body,
            model=request.model,
            title=_title(request),
            here=self._is_for_here(decision),
            custom_id=wanted.custom_id,
        )

    def _is_for_here(self, decision: Decision) -> bool:
        """Whether the job says that the box's own model is to answer. Raises NotPermitted."""
        engines = [one.engine for one in decision.order]
        if decision.route == LOCAL and engines:
            return True
        if decision.pinned:
            raise NotPermitted(
                f"this cannot be queued for a cloud: {decision.reason}; the route {LOCAL} queues "
                "it for the box's own model"
            )
        if not self._usable.isdisjoint(engines):
            return False
        passing = [name for name in engines if name in self._passing]
        if passing:
            raise NotPermitted(_keyless(passing[0]))
        raise NotPermitted(
            f"nobody could be asked for it later: its route has no upstream ({decision.reason}); "
            f"name another route, or {LOCAL} for the box's own model"
        )


def request_of(work: Work) -> ChatRequest:
    """The request of a kept job. Raises BadRequest where this version reads it no longer."""
    door = door_of_dialect(work.job.dialect)
    return door.parse(work.body, dict(work.headers), work.path)


def door_of_dialect(dialect: Dialect) -> Door:
    return _DOORS[dialect]


def _keyless(upstream: str) -> str:
    return (
        f"{upstream} is asked with the laptop's own credential, which is never kept on the box's "
        f"disk: give the box one of its own to queue for it, "
        f'[upstreams.{upstream}] credential = {{ file = "/etc/codriver/{upstream}.key" }}'
    )


def _kept(dialect: Dialect, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    known = {name.lower(): value for name, value in headers.items()}
    kept = {name: value for name, value in known.items() if name in KEPT_HEADERS}
    version = {} if dialect == "openai" else {"anthropic-version": API_VERSION}
    return tuple({**version, **kept, **_OWN_HEADERS}.items())


def _refuse_credentials(body: bytes) -> None:
    """Servers of tools may be named with a token of the laptop's."""
    value: Any = msgspec.json.decode(body)
    servers = value.get("mcp_servers") if isinstance(value, dict) else None
    for at, server in enumerate(servers if isinstance(servers, list) else ()):
        if isinstance(server, dict) and server.get("authorization_token"):
            raise NotPermitted(
                f"mcp_servers.{at}.authorization_token: a credential is never kept on the box's "
                "disk, so this request cannot wait"
            )


def _title(request: ChatRequest) -> str:
    """The beginning of the last thing that the person said: files stand before it."""
    turns = (message for message in reversed(request.messages) if message.role == "user")
    parts = (
        part.text for message in turns for part in reversed(message.parts) if isinstance(part, Text)
    )
    words = " ".join(next(parts, "")[: 9 * TITLE_LIMIT].split())
    clean = "".join(char for char in words if char.isprintable())
    return clean if len(clean) <= TITLE_LIMIT else clean[: TITLE_LIMIT - 3] + "..."


def checked_at(path: str, error: BadRequest | NotPermitted) -> BadRequest | NotPermitted:
    """The same error with the place in a larger body in front."""
    error.args = (f"{path}.{error}",) if isinstance(error, BadRequest) else (f"{path}: {error}",)
    return error
