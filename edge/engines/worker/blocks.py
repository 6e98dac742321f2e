"""Names for the KV state of a token sequence, so that equal beginnings have equal names; pure.

A name is a hash of all tokens up to where the state ends, rooted in what the state depends
on (model, KV type, version of llama.cpp): it says the whole truth about the state it stands
for. States come as blocks of equal length that join to a sequence, the last of them in shorter
pieces, or, where a sequence cannot be cut, as wholes from its beginning; a whole's name tells
its length too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

BLOCK_TOKENS = 512
"""Tokens of a block: large enough to be few files, small enough to be read between two steps.
A whole of fewer tokens is read again sooner than it would come from a disk."""

PIECES = 8
"""Of a block that is not full: no more than one of them is read again behind the last."""

_NAME_BYTES = 20
_LENGTH_BYTES = 4
"""Of a whole's name: its tokens as a number."""

_HEAD_BYTES = 4 * 1024 * 1024
_PIECES = 64
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """The state of a stretch of a prompt: tokens ``start`` to ``end``."""

    name: str
    start: int
    end: int
    replaces: tuple[str, ...] = field(default=(), compare=False)
    """Names of pieces that nobody needs once this one is on disk."""


def blocks_of(root: bytes, tokens: Sequence[int], size: int = BLOCK_TOKENS) -> list[Block]:
    """The whole blocks of ``tokens``."""
    return _chain(root, tokens, 0, size)


def pieces_of(
    root: bytes, blocks: Sequence[Block], tokens: Sequence[int], index: int, size: int
) -> list[Block]:
    """The pieces of ``tokens``' block number ``index``, which need not be full. ``blocks``: its
    whole ones, ``size``: of a piece."""
    start = blocks[index - 1].end if index else 0
    above = bytes.fromhex(blocks[index - 1].name) if index else root
    end = blocks[index].end if index < len(blocks) else len(tokens)
    return _chain(above, tokens[start:end], start, size)


def _chain(above: bytes, tokens: Sequence[int], first: int, size: int) -> list[Block]:
    """Stretches of ``size`` tokens, the first at ``first``, each named for those before it."""
    data, step = _bytes(tokens), 4 * size
    blocks = []
    for at in range(0, len(data) - step + 1, step):
        above = hashlib.blake2b(above + data[at : at + step], digest_size=_NAME_BYTES).digest()
        blocks.append(Block(above.hex(), first + at // 4, first + at // 4 + size))
    return blocks


def wholes_of(root: bytes, tokens: Sequence[int], ends: Iterable[int]) -> list[Block]:
    """Everything up to each of ``ends`` that lies within ``tokens``, the shortest first."""
    data, at, wholes = _bytes(tokens), 0, []
    digest = hashlib.blake2b(root, digest_size=_NAME_BYTES - _LENGTH_BYTES)
    for end in sorted({end for end in ends if 0 < end <= len(tokens)}):
        digest.update(data[4 * at : 4 * end])
        at = end
        wholes.append(Block(end.to_bytes(_LENGTH_BYTES).hex() + digest.hexdigest(), 0, end))
    return wholes


def whole_length(name: str) -> int:
    """How many tokens the whole with this name holds."""
    return int(name[: 2 * _LENGTH_BYTES], 16)


def _bytes(tokens: Sequence[int]) -> bytes:
    return np.asarray(tokens, dtype="<i4").tobytes()


def root_name(*parts: str) -> bytes:
    """What all names of one engine setting hang on."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=_NAME_BYTES).digest()


def fingerprint(model: Path) -> str:
    """A hash of a model file that reads 65 pieces of it instead of gigabytes: its length, its
    beginning (header, vocabulary) and stretches of its weights."""
    digest = hashlib.blake2b(digest_size=_NAME_BYTES)
    size = model.stat().st_size
    digest.update(size.to_bytes(8, "little"))
    with model.open("rb") as file:
        digest.update(file.read(_HEAD_BYTES))
        for piece in range(_PIECES):
            file.seek(size * piece // _PIECES)
            digest.update(file.read(_PIECE_BYTES))
    return digest.hexdigest()
