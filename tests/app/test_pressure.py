"""When memory is given back, and when not."""

import asyncio

import pytest

from edge.app.pressure import ALARMING, CALM, LOOKS, REST_LOOKS, Relief, watch


def acts(*pressures: float | None) -> list[int]:
    """At which looks something was given up."""
    relief = Relief()
    return [number for number, pressure in enumerate(pressures) if relief.look(pressure)]


def test_a_moment_of_pressure_is_nothing() -> None:
    assert acts(50, 0, 50, 0) == []
    assert acts(None, None) == []


def test_pressure_that_stays_is_acted_on_once() -> None:
    assert acts(*[ALARMING] * LOOKS) == [LOOKS - 1]
    assert acts(*[ALARMING] * (LOOKS + REST_LOOKS)) == [LOOKS - 1, LOOKS - 1 + REST_LOOKS]


def test_between_calm_and_alarming_nothing_changes() -> None:
    between = (ALARMING + CALM) / 2
    assert acts(ALARMING, between, ALARMING) == [2]
    assert acts(ALARMING, CALM / 2, ALARMING) == []


async def test_the_watch_says_why_and_what(caplog: pytest.LogCaptureFixture) -> None:
    left = [0.0] * LOOKS
    told: list[str] = []

    async def sleep(_seconds: float) -> None:
        if not left:
            raise asyncio.CancelledError
        left.pop()

    def relieve(reason: str) -> str:
        told.append(reason)
        return "coder is unloaded"

    with pytest.raises(asyncio.CancelledError):
        await watch(lambda: 42.0, relieve, sleep=sleep)
    assert told == ["nothing ran for want of memory in 42 % of the last ten seconds"]
    assert "coder is unloaded" in caplog.text
