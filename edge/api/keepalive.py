"""Tells silence from speech while an answer is passed on.

Knows no dialect and no HTTP; the handler says what an item and what a silence means.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from edge.units import Seconds

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End:
    """Behind the last item; ``error`` if the source broke."""

    error: Exception | None = None


async def pass_on(
    source: AsyncIterator[T],
    *,
    interval: Seconds,
    item: Callable[[T], Awaitable[None]],
    silence: Callable[[], Awaitable[None]],
) -> None:
    """Await ``item`` for everything from ``source`` and ``silence`` after every
    ``interval`` without any. The source is not disturbed by a silence; it is cancelled
    when ``item`` or ``silence`` raises, or when the caller is.
    """
    queue: asyncio.Queue[T | _End] = asyncio.Queue(maxsize=64)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_pump(source, queue))
        while True:
            try:
                async with asyncio.timeout(interval):
                    got = await queue.get()
            except TimeoutError:
                await silence()
                continue
            if isinstance(got, _End):
                if got.error is not None:
                    raise got.error
                return
            await item(got)


async def _pump(source: AsyncIterator[T], queue: asyncio.Queue[T | _End]) -> None:
    """The source's own errors travel in the queue, behind the items that came before."""
    try:
        async for got in source:
            await queue.put(got)
    except Exception as error:  # noqa: BLE001 - a task's outer edge: raised again by the reader
        await queue.put(_End(error))
    else:
        await queue.put(_End())
