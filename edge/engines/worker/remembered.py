"""A thread choice on disk, so that a restart need not measure again.

Knows for which model, board and llama.cpp a choice holds; the files are measured.py's.
"""

from __future__ import annotations

from pathlib import Path

from edge.engines import measured
from edge.engines.frames import Load
from edge.engines.measured import Measured
from edge.engines.worker.blocks import fingerprint, root_name
from edge.engines.worker.trial import ThreadChoice


class Remembered:
    """The file for one key. ``load`` says where it lies and what was to be tried."""

    def __init__(self, load: Load, version: str) -> None:
        self._load = load
        # Whatever changes what would be measured changes the name.
        about = (fingerprint(Path(load.path)), load.board, version)
        tried = (str(load.try_writing), str(load.try_reading))
        self._key = root_name(*about, *tried).hex()
        self._folder = Path(load.threads_folder)

    def read(self) -> ThreadChoice | None:
        """What was measured last; None where it has to be measured (again)."""
        found = measured.read_one(self._folder, self._key)
        if found is None or not self._was_tried(found):
            return None
        return ThreadChoice(found.writing, found.reading, found.reason, found.writes, found.reads)

    def write(self, choice: ThreadChoice) -> None:
        """Blocking, with an fsync: not for the inference thread."""
        model = Path(self._load.path).name
        counts = (choice.writing, choice.reading)
        speeds = (choice.writes, choice.reads)
        record = Measured(self._key, model, self._load.board, *counts, choice.reason, *speeds)
        measured.write(self._folder, record)

    def _was_tried(self, found: Measured) -> bool:
        load = self._load
        return found.writing in load.try_writing and found.reading in load.try_reading
