"""Blocks made of one: their positions, and what is not a block."""

import struct

import numpy as np
import pytest

from tests.bench.plan.tiling import NotTileable, tiled


def state(cells: int, *, first: int = 0, streams: int = 1) -> bytes:
    table = [word for n in range(cells) for word in (first + n, 1, 16)]
    return struct.pack("<II", streams, cells) + np.array(table, "<i4").tobytes() + b"keys, values"


def test_the_third_block_begins_behind_two() -> None:
    assert tiled(state(4), 2) == state(4, first=8)
    assert tiled(state(4), 0) == state(4)


@pytest.mark.parametrize(
    "wrong", [state(4, first=1), state(4, streams=2), state(4)[:40]], ids=["later", "two", "cut"]
)
def test_what_is_written_otherwise_is_refused(wrong: bytes) -> None:
    with pytest.raises(NotTileable):
        tiled(wrong, 1)
