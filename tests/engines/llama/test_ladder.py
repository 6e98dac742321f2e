"""Which rung a worker gets, and what follows one that the kernel killed."""

import pytest

from edge.engines.llama.ladder import Ladder, Readings, Rung
from edge.errors import ModelUnusable
from edge.units import Bytes
from tests.engines.llama.workers import load


class Board:
    """Free memory and kills, as told."""

    def __init__(self, free: int | None = None, kills: int | None = 0) -> None:
        self.free, self.kills = free, kills

    def readings(self) -> Readings:
        return Readings(lambda: None if self.free is None else Bytes(self.free), lambda: self.kills)


def ladder(tmp_path, board: Board, *sizes: int) -> Ladder:
    rungs = [Rung(load(tmp_path / str(size)), Bytes(size)) for size in sizes]
    return Ladder(rungs, board.readings())


async def taken(one: Ladder) -> str:
    return (await one.begin()).path.rpartition("/")[2]


async def test_the_largest_that_memory_has_room_for(tmp_path) -> None:
    board = Board(free=300)
    one = ladder(tmp_path, board, 400, 300, 200)
    assert await taken(one) == "300"
    assert "are free now" in one.reason
    board.free = 500
    assert await taken(one) == "400"
    assert one.reason == ""


async def test_unknown_memory_is_enough(tmp_path) -> None:
    assert await taken(ladder(tmp_path, Board(free=None), 400, 300)) == "400"
    assert await taken(Ladder.only(load(tmp_path / "only"))) == "only"


async def test_no_room_is_told_with_the_numbers(tmp_path) -> None:
    one = ladder(tmp_path, Board(free=10**9), 4 * 10**9, 2 * 10**9)
    with pytest.raises(ModelUnusable, match=r"needs 2.00 GB at least and 1.00 GB are free now"):
        await one.begin()


async def test_a_worker_that_the_kernel_killed_is_followed_by_a_smaller_one(tmp_path) -> None:
    board = Board(free=1000)
    one = ladder(tmp_path, board, 400, 300)
    assert await taken(one) == "400"
    assert await one.ended() == "", "it died of something else"
    assert await taken(one) == "400"
    board.kills = 1
    assert "a smaller one follows" in await one.ended()
    assert await taken(one) == "300"
    board.kills = 2
    assert "there is no smaller one" in await one.ended()
    assert one.is_exhausted
    with pytest.raises(ModelUnusable, match="even at its smallest"):
        await one.begin()


async def test_without_a_count_of_kills_nothing_is_concluded(tmp_path) -> None:
    one = ladder(tmp_path, Board(kills=None), 400, 300)
    await one.begin()
    assert await one.ended() == ""


async def test_stepping_down_ends_at_the_smallest(tmp_path) -> None:
    one = ladder(tmp_path, Board(), 400, 300)
    await one.begin()
    assert one.step_down("pressure")
    assert await taken(one) == "300"
    assert one.reason == "pressure"
    assert not one.step_down("pressure")
