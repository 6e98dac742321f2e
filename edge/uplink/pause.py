"""Waiting that something can cut short. Used by watch and modem."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from edge.units import Seconds

Pause: TypeAlias = Callable[[asyncio.Event, Seconds | None], Awaitable[None]]


async def pause(stir: asyncio.Event, seconds: Seconds | None) -> None:
    """Until ``stir`` is set, or so long; None: as long as it takes."""
    try:
        async with asyncio.timeout(seconds):
            await stir.wait()
    except TimeoutError:
        pass
