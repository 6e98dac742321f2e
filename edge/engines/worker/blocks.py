"""Names for the blocks of a token sequence, so that equal beginnings have equal names; pure.

A block's name is a hash of everything before it and itself, rooted in what the state
depends on (model, KV type, version of llama.cpp): a name says the whole truth about the
state it stands for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

BLOCK_TOKENS = 512
"""Tokens of a block: large enough to be few files, small enough to be read between two steps."""

_NAME_BYTES = 20
_HEAD_BYTES = 4 * 1024 * 1024
_PIECES = 64
_PIECE_BYTES = 64 * 1024


def block_names(root: bytes, tokens: Sequence[int], block: int = BLOCK_TOKENS) -> list[str]:
    """One name for each whole block of ``tokens``."""
    data = np.asarray(tokens, dtype="<i4").tobytes()
    step = 4 * block
    names, above = [], root
    for start in range(0, len(data) - step + 1, step):
        own = data[start : start + step]
        above = hashlib.blake2b(above + own, digest_size=_NAME_BYTES).digest()
        names.append(above.hex())
    return names


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
