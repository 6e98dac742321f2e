"""Blocks of KV state as files: written once, checked on reading, forgotten by age.

Knows bytes and names, nothing of tokens or llama.cpp. One thread writes and reads; ``has``,
``names``, ``size_of`` and ``size`` may be asked from any. Nothing it meets on a disk stops the
serving: a file that is not whole is set aside, a disk that is full or read-only is counted.
A power cut leaves a block whole or not at all. States may be hundreds of megabytes: they are
read into the one buffer that is handed out, and hashed on the way.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from edge.disk import sync_folder

log = logging.getLogger(__name__)

_MAGIC = b"cdrvkv01"
_HEADER = struct.Struct("<8s20sQ32s")
"""Magic, name, bytes of the state, BLAKE2b-256 of the state."""

_NAME = re.compile(r"[0-9a-f]{40}")

ASIDE = "set-aside"
"""Folder for files that were not what they said; they are kept for whoever wants to know."""

ASIDE_LIMIT = 8
ASIDE_BYTES = 100_000_000
"""More is thrown away instead: it is outside of the budget."""

_PIECE_BYTES = 1024 * 1024


@dataclass(slots=True)
class Counts:
    """What has happened since the start."""

    blocks_read: int = 0
    bytes_read: int = 0
    blocks_written: int = 0
    bytes_written: int = 0
    set_aside: int = 0
    errors: int = 0
    last_error: str = ""


@dataclass(slots=True)
class PrefixFiles:
    """A folder of blocks with at most ``budget`` bytes, the longest unused going first."""

    folder: Path
    budget: int
    counts: Counts = field(default_factory=Counts)
    _sizes: dict[str, int] = field(default_factory=dict)
    """By name, the longest unused first."""
    _total: int = 0

    def open(self) -> None:
        """See what is there; makes the folder. Never raises."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            found = [(p, p.stat()) for p in self.folder.glob("*.kv") if _NAME.fullmatch(p.stem)]
            for left in self.folder.glob("*.part"):
                left.unlink(missing_ok=True)
        except OSError as error:
            self._failed(error)
            return
        found.sort(key=lambda item: item[1].st_mtime)
        self._sizes = {path.stem: stat.st_size for path, stat in found}
        self._total = sum(self._sizes.values())
        self._forget_to(self.budget)

    @property
    def size(self) -> int:
        """Bytes of all blocks."""
        return self._total

    @property
    def names(self) -> list[str]:
        return list(self._sizes)

    def has(self, name: str) -> bool:
        return name in self._sizes

    def size_of(self, name: str) -> int:
        """Bytes of one block, 0 if there is none."""
        return self._sizes.get(name, 0)

    def read(self, name: str) -> memoryview | None:
        """The state, None if it is not (or no longer) to be had."""
        if name not in self._sizes:
            return None
        path = self._path(name)
        try:
            with FileIO(path) as file:
                state = _state_in(file, name)
        except OSError as error:
            self._drop(name)
            self._failed(error)
            return None
        if state is None:
            self._set_aside(path)
            self._drop(name)
            return None
        self._touch(name, path)
        self.counts.blocks_read += 1
        self.counts.bytes_read += len(state)
        return state

    def write(self, name: str, state: bytes | memoryview) -> bool:
        """Keep a block; False if that was not possible (then ``counts`` say why)."""
        size = _HEADER.size + len(state)
        if name in self._sizes or size > self.budget:
            return False
        self._forget_to(self.budget - size)
        path = self._path(name)
        part = path.with_suffix(".part")
        try:
            self._write_whole(part, name, state)
            part.replace(path)
            sync_folder(self.folder)
        except OSError as error:
            for left in (part, path):
                with suppress(OSError):
                    left.unlink(missing_ok=True)
            self._failed(error)
            return False
        self._sizes[name] = size
        self._total += size
        self.counts.blocks_written += 1
        self.counts.bytes_written += size
        return True

    @staticmethod
    def _write_whole(part: Path, name: str, state: bytes | memoryview) -> None:
        with part.open("wb") as file:
            digest = hashlib.blake2b(state, digest_size=32).digest()
            file.write(_HEADER.pack(_MAGIC, bytes.fromhex(name), len(state), digest))
            file.write(state)
            file.flush()
            os.fsync(file.fileno())

    def _touch(self, name: str, path: Path) -> None:
        """Used now: it goes last. The file's time keeps that over a restart."""
        if name in self._sizes:
            self._sizes[name] = self._sizes.pop(name)
        try:
            os.utime(path)
        except OSError as error:
            self._failed(error)

    def forget(self, name: str) -> None:
        """Remove a block that is not needed any more, if it is there."""
        if name not in self._sizes:
            return
        self._drop(name)
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            self._failed(error)

    def _forget_to(self, limit: int) -> None:
        while self._sizes and self._total > limit:
            self.forget(next(iter(self._sizes)))

    def _drop(self, name: str) -> None:
        """It is not there any more."""
        self._total -= self._sizes.pop(name, 0)

    def _set_aside(self, path: Path) -> None:
        self.counts.set_aside += 1
        log.warning("%s is not a whole prefix block; set aside", path.name)
        aside = self.folder / ASIDE
        try:
            aside.mkdir(exist_ok=True)
            sizes = [path.stat().st_size, *(other.stat().st_size for other in aside.iterdir())]
            if len(sizes) > ASIDE_LIMIT or sum(sizes) > ASIDE_BYTES:
                path.unlink(missing_ok=True)
            else:
                path.replace(aside / path.name)
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        self.counts.errors += 1
        if self.counts.last_error != str(error):
            log.warning("prefixes on disk: %s", error)
        self.counts.last_error = str(error)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.kv"


def _state_in(file: FileIO, name: str) -> memoryview | None:
    """The state of a whole file with this name, else None."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    magic, named, length, digest = _HEADER.unpack(header)
    size = os.fstat(file.fileno()).st_size
    if (magic, named, size) != (_MAGIC, bytes.fromhex(name), _HEADER.size + length):
        return None
    state, at = memoryview(bytearray(length)), 0
    found = hashlib.blake2b(digest_size=32)
    while count := file.readinto(state[at : at + _PIECE_BYTES]):
        found.update(state[at : at + count])
        at += count
    return state if at == length and found.digest() == digest else None
