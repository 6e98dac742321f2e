import asyncio
from collections.abc import AsyncIterator

import pytest

from edge.api.keepalive import pass_on
from edge.units import Seconds


class Ear:
    def __init__(self) -> None:
        self.heard: list[object] = []
        self.silences = 0
        self.third_silence = asyncio.Event()

    async def item(self, value: object) -> None:
        self.heard.append(value)

    async def silence(self) -> None:
        self.silences += 1
        if self.silences == 3:
            self.third_silence.set()


async def test_items_pass_and_silences_are_told():
    ear = Ear()

    async def source() -> AsyncIterator[int]:
        yield 1
        await ear.third_silence.wait()
        yield 2

    await pass_on(source(), interval=Seconds(0.001), item=ear.item, silence=ear.silence)
    assert ear.heard == [1, 2]
    assert ear.silences >= 3


async def test_an_error_comes_after_the_items_before_it():
    ear = Ear()

    async def source() -> AsyncIterator[int]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ExceptionGroup) as caught:
        await pass_on(source(), interval=Seconds(10), item=ear.item, silence=ear.silence)
    assert ear.heard == [1]
    assert caught.group_contains(ValueError, match="broken")


async def test_a_listener_that_breaks_ends_the_source():
    closed = asyncio.Event()

    async def source() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def broken(value: int) -> None:
        raise ConnectionResetError

    events = source()
    with pytest.raises(ExceptionGroup):
        await pass_on(events, interval=Seconds(10), item=broken, silence=Ear().silence)
    await events.aclose()
    assert closed.is_set()


async def test_cancelling_the_caller_cancels_the_source():
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def source() -> AsyncIterator[int]:
        started.set()
        try:
            await asyncio.Event().wait()
            yield 1
        except asyncio.CancelledError:
            cancelled.set()
            raise

    ear = Ear()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(
            pass_on(source(), interval=Seconds(10), item=ear.item, silence=ear.silence)
        )
        await started.wait()
        task.cancel()
    assert cancelled.is_set()
