"""The application with a queue over scripted engines and no runner: the test is that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from edge.api.admission import Admission
from edge.api.auth import allow_all
from edge.api.batches import BatchHandler
from edge.api.chat import ChatHandler
from edge.api.queue import QueueHandler
from edge.api.server import build
from edge.engines.fake import FakeEngine
from edge.queue import Desk
from edge.routing.pins import Pins
from edge.routing.policy import LOCAL, Rules
from edge.routing.privacy import Privacy
from edge.routing.router import Router
from edge.routing.scan import Scan
from edge.routing.secrets import load_kinds
from edge.units import Bytes, Seconds
from tests.api.serving import Client
from tests.queue.made import Clocks, desk

SECRET = "ghp_" + "Zx81kQ0vTb93LmNc56Rd" + "Yw2HsU7pEaJf4gXo"
"""In the form of a token, and none."""
KINDS = load_kinds()


@dataclass
class Queue:
    client: Client
    desk: Desk
    admission: Admission
    router: Router
    waits: list[str]
    """What jobs wait for; the first is told."""


def router_of(folder: Path, *order: str) -> Router:
    engines = {name: FakeEngine(name=name, model=f"model-{name}") for name in ("cloud", LOCAL)}
    pins = Pins(folder / "pins.json", lambda: 0.0)
    privacy = Privacy((), Scan(None, KINDS, lambda: 0.0), pins)
    return Router(engines, Rules(order), "rules", privacy=privacy)


@asynccontextmanager
async def queueing(
    folder: Path, *order: str, usable: tuple[str, ...] = ("cloud",), clocks: Clocks | None = None
) -> AsyncIterator[Queue]:
    """A box whose cloud has a credential of its own unless it is not ``usable``."""
    router = router_of(folder, *(order or ("cloud", LOCAL)))
    made = desk(folder, clocks)
    passing = frozenset({"cloud"}) - frozenset(usable)
    admission = Admission(router, usable=frozenset(usable), passing=passing)
    waits: list[str] = []
    queue = QueueHandler(made, admission, lambda: next(iter(waits), None))
    app = build(
        ChatHandler(router, keepalive=Seconds(60.0), clock=lambda: 0.0),
        router,
        guard=allow_all,
        max_body=Bytes(1_000_000),
        more=[*queue.routes(), *BatchHandler(made, admission).routes()],
    )
    async with TestClient(TestServer(app)) as client:
        yield Queue(client, made, admission, router, waits)
    await made.close()
