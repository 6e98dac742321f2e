"""A thread choice on disk, so that a restart need not measure again.

One small file for each model, board and llama.cpp; it is whole or not there, and what is
not exactly as written counts as not there. Never raises for what a disk does.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from edge.disk import replace_file
from edge.engines.frames import Load
from edge.engines.worker.blocks import fingerprint, root_name
from edge.engines.worker.trial import ThreadChoice

log = logging.getLogger(__name__)


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    writing: int
    reading: int
    reason: str


class Remembered:
    """The file for one key. ``load`` says where it lies and what was to be tried."""

    def __init__(self, load: Load, version: str) -> None:
        self._load = load
        # Whatever changes what would be measured changes the name.
        about = (fingerprint(Path(load.path)), load.board, version)
        tried = (str(load.try_writing), str(load.try_reading))
        self._key = root_name(*about, *tried).hex()
        self._path = Path(load.threads_folder, f"{self._key}.json")

    def read(self) -> ThreadChoice | None:
        """What was measured last; None where it has to be measured (again)."""
        try:
            record = msgspec.json.decode(self._path.read_bytes(), type=_Record)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        tried = record.writing in self._load.try_writing and (
            record.reading in self._load.try_reading
        )
        if record.key != self._key or not tried:
            return None
        return ThreadChoice(record.writing, record.reading, record.reason)

    def write(self, choice: ThreadChoice) -> None:
        """Blocking, with an fsync: not for the inference thread."""
        record = _Record(self._key, choice.writing, choice.reading, choice.reason)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, msgspec.json.encode(record))
        except OSError as error:
            log.warning("the measured thread counts are not remembered: %s", error)
