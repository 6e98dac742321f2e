"""A pause ends in time, or before it."""

import asyncio

from edge.units import Seconds
from edge.uplink.pause import pause


async def test_a_pause_ends_when_something_stirs_or_in_time() -> None:
    stir = asyncio.Event()
    await pause(stir, Seconds(0.01))
    assert not stir.is_set()
    stir.set()
    await pause(stir, None)
    await pause(stir, Seconds(1000.0))
