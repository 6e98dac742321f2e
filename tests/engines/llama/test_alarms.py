import asyncio

import pytest

from edge.engines.llama.alarms import Alarms
from edge.units import Seconds
from tests.engines.llama.passing import Time


async def test_rings_when_its_time_has_come():
    time, rung = Time(), asyncio.Event()
    alarms = Alarms(time.sleep)
    async with alarms.running():
        alarms.set(Seconds(5.0), rung.set)
        await time.until_asleep(5.0)
        assert not rung.is_set()
        time.pass_(5.0)
        await rung.wait()


async def test_called_off_it_does_not_ring_even_if_its_time_has_just_come():
    time, rung = Time(), []
    alarms = Alarms(time.sleep)
    async with alarms.running():
        alarm = alarms.set(Seconds(5.0), lambda: rung.append(1))
        other = asyncio.Event()
        alarms.set(Seconds(5.0), other.set)
        await time.until_asleep(5.0)
        time.pass_(5.0)
        alarm.cancel()
        await other.wait()
    assert rung == []
    alarm.cancel()


async def test_at_the_end_nothing_is_left_that_could_ring():
    time, rung = Time(), []
    alarms = Alarms(time.sleep)
    async with alarms.running():
        alarms.set(Seconds(5.0), lambda: rung.append(1))
        await time.until_asleep(5.0)
    assert time.dues == []
    time.pass_(9.0)
    assert rung == []
    with pytest.raises(AssertionError, match="only while they run"):
        alarms.set(Seconds(1.0), lambda: None)
