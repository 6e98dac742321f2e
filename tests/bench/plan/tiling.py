"""KV state of a long prompt made of one block's: ``tiled``. Pure.

The bench wants to know what a full context takes, not what it says: one block that was computed
stands for all, with the positions moved on. Knows how llama.cpp writes the state of a sequence
(src/llama-kv-cache.cpp, state_write, of the revision in edge/catalog/ggml.py): streams, cells, for
each cell its position and sequences, then keys and values.
"""

from __future__ import annotations

import struct

import numpy as np

_COUNTS = struct.Struct("<II")
"""Streams, which is one, and cells."""

_CELL_WORDS = 3
"""Of a cell: position, how many sequences, which."""


class NotTileable(Exception):
    """The state is not written as expected here."""


def tiled(state: bytes | memoryview, index: int) -> bytes:
    """The state of block number ``index`` of a prompt whose first block has ``state``.
    Raises NotTileable."""
    streams, cells = _COUNTS.unpack_from(state)
    end = _COUNTS.size + 4 * _CELL_WORDS * cells
    if streams != 1 or end > len(state):
        raise NotTileable(f"{streams} streams of {cells} cells in {len(state)} bytes")
    words = np.frombuffer(state, dtype="<i4", count=_CELL_WORDS * cells, offset=_COUNTS.size)
    table = words.reshape(cells, _CELL_WORDS).copy()
    if list(table[:, 0]) != list(range(cells)) or set(table[:, 1]) != {1}:
        raise NotTileable("the cells are not those of one sequence from its beginning")
    table[:, 0] += index * cells
    return bytes(state[: _COUNTS.size]) + table.tobytes() + bytes(state[end:])
