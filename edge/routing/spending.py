"""The ledger at work: told of what answers took, kept on disk, shown to the router.

At most one write every WRITE_EVERY, and none where nothing was spent: a power cut costs the
record of so many seconds. Single writer of its file. Started by app.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from pathlib import Path

from edge import disk
from edge.chat import ChatRequest
from edge.engines.base import Used
from edge.routing.budget import Ledger
from edge.routing.estimate import estimate_tokens
from edge.units import Seconds, Tokens

log = logging.getLogger(__name__)

FILE = "spending.json"
"""In codriver's state directory."""
WRITE_EVERY = Seconds(5.0)


class Spending:
    """One per daemon; ``run`` has to run."""

    def __init__(self, ledger: Ledger, path: Path, *, every: Seconds = WRITE_EVERY) -> None:
        self._ledger = ledger
        self._path = path
        self._every = every
        self._stirred = asyncio.Event()
        self._closing = asyncio.Event()
        self._is_changed = False
        self._is_failing = False

    def used(self, upstream: str, model: str, request: ChatRequest, used: Used) -> None:
        """As a Meter. A prompt that nobody has counted is estimated."""
        usage = used.usage
        if not used.counted and not usage.input + usage.cache_read + usage.cache_creation:
            usage = replace(usage, input=estimate_tokens(request))
        usage = replace(
            usage,
            input=Tokens(max(0, usage.input)),
            cache_read=Tokens(max(0, usage.cache_read)),
            cache_creation=Tokens(max(0, usage.cache_creation)),
            output=Tokens(max(0, usage.output)),
        )
        self._ledger.record(upstream, model, usage, counted=used.counted)
        self._is_changed = True
        self._stirred.set()

    def barred(self) -> tuple[tuple[str, str], ...]:
        """As the snapshot has it."""
        return self._ledger.barred()

    def measures(self, upstream: str) -> tuple[tuple[str, float], ...]:
        """As an engine's state has them."""
        spent = self._ledger.spent(upstream)
        return (
            ("upstream_spent_today_dollars", spent.dollars),
            ("upstream_spent_today_tokens", float(spent.tokens)),
        )

    async def run(self) -> None:
        """Until ``close``; what is left to write is written then."""
        while not self._closing.is_set():
            await self._stirred.wait()
            self._stirred.clear()
            await self._save()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._closing.wait()
        await self._save()

    def close(self) -> None:
        """Have ``run`` end."""
        self._closing.set()
        self._stirred.set()

    async def _save(self) -> None:
        """What has changed, if anything. A disk that does not take it is told of once."""
        if not self._is_changed:
            return
        self._is_changed = False
        try:
            await asyncio.to_thread(_write, self._path, self._ledger.as_bytes())
            self._is_failing = False
        except OSError as error:
            self._is_changed = True
            if not self._is_failing:
                log.error("%s cannot be written (%s): a restart forgets it", self._path, error)
            self._is_failing = True


def load(ledger: Ledger, path: Path) -> None:
    """What was spent before. A file that is no ledger is set aside: its days count as unused.
    Blocking."""
    try:
        ledger.take(path.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        log.error("%s cannot be read (%s): what was spent before is not known", path, error)
        with contextlib.suppress(OSError):
            path.replace(path.with_name(path.name + ".unreadable"))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    disk.replace_file(path, content)
