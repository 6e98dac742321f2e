import asyncio
from collections.abc import AsyncIterator

import pytest

from edge.api.keepalive import meanwhile, pass_on
from edge.units import Seconds


class Ear:
    def __init__(self) -> None:
        self.heard: list[object] = []
        self.silences = 0
        self.third_silence = asyncio.Event()

    async def item(self, value: object) -> bool:
        """Hears everything but None."""
        self.heard.append(value)
        return value is not None

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


async def test_what_is_not_heard_does_not_break_the_silence():
    ear = Ear()

    async def source() -> AsyncIterator[None]:
        while not ear.third_silence.is_set():
            yield None
            await asyncio.sleep(0)

    await pass_on(source(), interval=Seconds(0.05), item=ear.item, silence=ear.silence)
    assert ear.silences >= 3
    assert len(ear.heard) > ear.silences


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

    async def broken(value: int) -> bool:
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


async def test_work_goes_on_meanwhile_and_ends_with_the_block():
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with meanwhile(work()):
        await begun.wait()
    assert cancelled.is_set()


async def test_what_the_block_raises_comes_out_as_it_is():
    async def work() -> int:
        return 1

    with pytest.raises(ConnectionResetError):
        async with meanwhile(work()) as task:
            assert await task == 1
            raise ConnectionResetError
