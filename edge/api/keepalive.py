"""Tells silence from speech while an answer is awaited and passed on.

Knows no dialect and no HTTP; the handler says what an item and what a silence means.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from edge.units import Seconds

T = TypeVar("T")


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, T]) -> AsyncGenerator[asyncio.Task[T], None]:
    """``work`` as a task for as long as the block lasts; its end cancels what is left.

    What the block raises comes out as it is, not in a group.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work)
            try:
                yield task
            finally:
                task.cancel()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


@dataclass(frozen=True, slots=True)
class _End:
    """Behind the last item; ``error`` if the source broke."""

    error: Exception | None = None


async def pass_on(
    source: AsyncIterator[T],
    *,
    interval: Seconds,
    item: Callable[[T], Awaitable[bool]],
    silence: Callable[[], Awaitable[None]],
) -> None:
    """Await ``item`` for everything from ``source`` and ``silence`` after every
    ``interval`` in which no item was heard. ``item`` tells whether it was: what the
    listener never learns of, such as progress, must not pass for speech. The source is
    not disturbed by a silence; it is cancelled when ``item`` or ``silence`` raises, or
    when the caller is.
    """
    queue: asyncio.Queue[T | _End] = asyncio.Queue(maxsize=64)
    clock = asyncio.get_running_loop().time
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_pump(source, queue))
        due = clock() + interval
        while True:
            try:
                async with asyncio.timeout_at(due):
                    got = await queue.get()
            except TimeoutError:
                await silence()
                due = clock() + interval
                continue
            if isinstance(got, _End):
                if got.error is not None:
                    raise got.error
                return
            if await item(got):
                due = clock() + interval


async def _pump(source: AsyncIterator[T], queue: asyncio.Queue[T | _End]) -> None:
    """The source's own errors travel in the queue, behind the items that came before."""
    try:
        async for got in source:
            await queue.put(got)
    except Exception as error:  # noqa: BLE001 - a task's outer edge: raised again by the reader
        await queue.put(_End(error))
    else:
        await queue.put(_End())
