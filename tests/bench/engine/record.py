"""The request bodies that the rows send: ``bodies``, recorded from the real client.

Runs the client in throw-away directories against a server of canned turns and keeps what
it sent. Where the client cannot be had, and for what a headless run does not send, the
recordings of this checkout stand in at the size they had, and ``source`` says so.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.agent import headless
from tests.bench.agent.client import PINNED, ClientUnavailable, ensure_client
from tests.bench.agent.scripted import Script, serving, text
from tests.bench.engine import shape
from tests.prompts.padding import padded

RECORDINGS = Path(__file__).parents[2] / "recordings"
CLIENT_WITHIN_S = 120.0
TASK = "Look at the project and tell me what it does."
ELSEWHERE = "<system-reminder>\nWorking directory: /home/dev/orchard\n</system-reminder>"


class NothingRecorded(Exception):
    """The client ended without a model request; the text ends with what it said."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies of one client: with all tools from two laptops, with few tools, for a title."""

    source: str
    full: Mapping[str, Any]
    full_elsewhere: Mapping[str, Any]
    bare: Mapping[str, Any]
    title: Mapping[str, Any]


def bodies(version: str, clients: Path) -> Bodies:
    """Recorded now if the client can be had, else the checkout's recordings of it."""
    try:
        client = ensure_client(version, clients)
    except ClientUnavailable as error:
        return recorded(PINNED, f"recordings of {PINNED} ({error})")
    return Bodies(
        source=f"recorded from the client {client.parent.name}, the title {PINNED}'s recording",
        full=_record(client, "harbour", bare=False),
        full_elsewhere=_record(client, "orchard", bare=False),
        bare=_record(client, "harbour", bare=True),
        title=recording(PINNED, "title"),
    )


def recorded(version: str, source: str) -> Bodies:
    """The checkout's recordings; the second laptop is the first told of another directory."""
    full = recording(version, "default-tools")
    return Bodies(
        source=source,
        full=full,
        full_elsewhere=shape.showing(full, ELSEWHERE),
        bare=recording(version, "bare"),
        title=recording(version, "title"),
    )


def recording(version: str, name: str) -> dict[str, Any]:
    """The body of one recorded request, padded to the size that the client sent."""
    path = RECORDINGS / f"claude-code-{version}-{name}.json"
    body: dict[str, Any] = padded(json.loads(path.read_text(encoding="utf-8"))["body"])
    return body


def _record(client: Path, project: str, *, bare: bool) -> dict[str, Any]:
    """One headless run that is told at once that all is done."""
    script = Script([[text("Done.")]])
    with tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as name:
        home, cwd = Path(name, "home"), Path(name, project)
        home.mkdir()
        cwd.mkdir()
        (cwd / "main.py").write_text("print('hello')\n", encoding="utf-8")
        with serving(script) as base_url:
            run = headless.run(
                headless.command(client, TASK, 1, bare=bare),
                env=headless.environment(base_url, home),
                cwd=cwd,
                timeout_s=CLIENT_WITHIN_S,
            )
    return main_request(script.requests, run.stderr or run.stdout)


def main_request(requests: Sequence[dict[str, Any]], said: str) -> dict[str, Any]:
    """The request with the most tools: the session's own, not one beside it."""
    if not requests:
        raise NothingRecorded(f"the client sent no model request: {said[-300:]}")
    return max(requests, key=lambda body: len(body.get("tools") or ()))
