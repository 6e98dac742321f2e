"""Which beginnings of prompts this box is asked most, kept over a restart in one small file.

A beginning is what every session of a client has in common: system text, tools, whether to
think. Knows no worker and no template. Blocking where it reads and writes; used by warmth.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edge.disk import replace_file
from edge.engines.frames import Prompt

log = logging.getLogger(__name__)

MOST = 4
"""Beginnings remembered: a client's session, its agents, and those of another client."""

WORTH_CHARACTERS = 2_000
"""A shorter beginning is read faster than it is remembered."""

LIMIT_BYTES = 2_000_000
"""Of the file. A client's full tools are some 80,000."""

FADE = 0.9
"""What every use of one leaves of the others' score: the last twenty uses decide, so that a
new version of the client soon takes the old one's place."""

_MAGIC = b"cdrvbg01"
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Beginning:
    """``prompt`` has no turns. ``score`` grows with use and fades with that of others."""

    prompt: Prompt
    score: float


class Beginnings:
    """The most used beginnings, the best first. Pure but for ``read`` and ``write``."""

    def __init__(self, kept: tuple[Beginning, ...] = ()) -> None:
        self._kept = kept

    @property
    def kept(self) -> tuple[Beginning, ...]:
        return self._kept

    @property
    def best(self) -> Beginning | None:
        return self._kept[0] if self._kept else None

    def saw(self, prompt: Prompt) -> bool:
        """A prompt came. True when what is kept, or its order, is no longer the same."""
        lead = _beginning(prompt)
        if _size(lead) < WORTH_CHARACTERS:
            return False
        before = [each.prompt for each in self._kept]
        score = next((each.score for each in self._kept if each.prompt == lead), 0.0)
        others = [replace(b, score=b.score * FADE) for b in self._kept if b.prompt != lead]
        others = sorted(others, key=lambda each: each.score, reverse=True)[: MOST - 1]
        mine = Beginning(lead, score + 1)
        # The newest wins among equals, so that the first use of all is remembered at once.
        self._kept = tuple(sorted([mine, *others], key=lambda each: each.score, reverse=True))
        return [each.prompt for each in self._kept] != before


def read(path: Path) -> Beginnings:
    """What the file holds; nothing, with a warning, where it is not one of ours or not whole."""
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise ValueError("it is too large")
        kept = _unpacked(path.read_bytes())
    except FileNotFoundError:
        return Beginnings()
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        log.warning("%s is ignored: %s", path, error)
        return Beginnings()
    return Beginnings(kept)


def write(path: Path, kept: tuple[Beginning, ...]) -> None:
    """Whole or not at all, readable by its owner alone. A disk that cannot take it is a warning."""
    data = _packed(kept)
    while kept and len(data) > LIMIT_BYTES:
        kept = kept[:-1]
        data = _packed(kept)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, data)
    except OSError as error:
        log.warning("%s cannot be written: %s", path, error)


def file_for(folder: Path, model: str) -> Path:
    """Each model has its own: a small one is told other things."""
    name = hashlib.blake2b(model.encode(), digest_size=8).hexdigest()
    return folder / f"{name}.beginnings"


def _beginning(prompt: Prompt) -> Prompt:
    lead = list(itertools.takewhile(lambda m: m.get("role") == "system", prompt.messages))
    return msgspec.structs.replace(prompt, messages=lead, now=0.0)


def _size(prompt: Prompt) -> int:
    return len(msgspec.msgpack.encode((prompt.messages, prompt.tools)))


def _packed(kept: tuple[Beginning, ...]) -> bytes:
    body = msgspec.msgpack.encode(kept)
    return _MAGIC + hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() + body


def _unpacked(data: bytes) -> tuple[Beginning, ...]:
    digest, body = data[len(_MAGIC) :][:_DIGEST_BYTES], data[len(_MAGIC) + _DIGEST_BYTES :]
    if not data.startswith(_MAGIC):
        raise ValueError("it is no file of beginnings")
    if hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        raise ValueError("it is damaged")
    return msgspec.msgpack.decode(body, type=tuple[Beginning, ...])[:MOST]
