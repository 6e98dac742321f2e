"""Blocks of KV state as files: written once, checked on reading, forgotten by age.

Knows bytes and names, nothing of tokens or llama.cpp. One thread writes and reads;
``has`` may be asked from any. Nothing it meets on a disk stops the serving: a file that is
not whole is set aside, a disk that is full or read-only is counted.
"""

from __future__ import annotations

import hashlib
import logging
import os
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

_MAGIC = b"cdrvkv01"
_HEADER = struct.Struct("<8s20sQ32s")
"""Magic, name, bytes of the state, BLAKE2b-256 of the state."""

ASIDE = "set-aside"
"""Folder for files that were not what they said; they are kept for whoever wants to know."""

ASIDE_LIMIT = 8


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

    def open(self) -> None:
        """See what is there; makes the folder. Never raises."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            found = [(path, path.stat()) for path in self.folder.glob("*.kv")]
        except OSError as error:
            self._failed(error)
            return
        found.sort(key=lambda item: item[1].st_mtime)
        self._sizes = {path.stem: stat.st_size for path, stat in found}
        for left in self.folder.glob("*.part"):
            left.unlink(missing_ok=True)
        self._forget_to(self.budget)

    @property
    def size(self) -> int:
        """Bytes of all blocks."""
        return sum(list(self._sizes.values()))

    def has(self, name: str) -> bool:
        return name in self._sizes

    def read(self, name: str) -> bytes | None:
        """The state, None if it is not (or no longer) to be had."""
        path = self._path(name)
        try:
            data = path.read_bytes()
        except OSError as error:
            self._sizes.pop(name, None)
            self._failed(error)
            return None
        state = _unpacked(name, data)
        if state is None:
            self._set_aside(path)
            self._sizes.pop(name, None)
            return None
        self._touch(name, path)
        self.counts.blocks_read += 1
        self.counts.bytes_read += len(state)
        return state

    def write(self, name: str, state: bytes) -> bool:
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
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            self._failed(error)
            return False
        self._sizes[name] = size
        self.counts.blocks_written += 1
        self.counts.bytes_written += size
        return True

    @staticmethod
    def _write_whole(part: Path, name: str, state: bytes) -> None:
        with part.open("wb") as file:
            digest = hashlib.blake2b(state, digest_size=32).digest()
            file.write(_HEADER.pack(_MAGIC, bytes.fromhex(name), len(state), digest))
            file.write(state)
            file.flush()
            os.fsync(file.fileno())

    def _touch(self, name: str, path: Path) -> None:
        """Used now: it goes last. The file's time keeps that over a restart."""
        self._sizes[name] = self._sizes.pop(name, 0)
        try:
            os.utime(path)
        except OSError as error:
            self._failed(error)

    def _forget_to(self, limit: int) -> None:
        for name in list(self._sizes):
            if self.size <= limit:
                return
            del self._sizes[name]
            try:
                self._path(name).unlink(missing_ok=True)
            except OSError as error:
                self._failed(error)

    def _set_aside(self, path: Path) -> None:
        self.counts.set_aside += 1
        log.warning("%s is not a whole prefix block; set aside", path.name)
        aside = self.folder / ASIDE
        try:
            aside.mkdir(exist_ok=True)
            if len(list(aside.iterdir())) >= ASIDE_LIMIT:
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


def _unpacked(name: str, data: bytes) -> bytes | None:
    """The state of a whole file with this name, else None."""
    if len(data) < _HEADER.size:
        return None
    magic, named, length, digest = _HEADER.unpack_from(data)
    state = data[_HEADER.size :]
    sound = magic == _MAGIC and named == bytes.fromhex(name) and len(state) == length
    return state if sound and hashlib.blake2b(state, digest_size=32).digest() == digest else None
