"""A memory control group of a test's own, and programs that run inside it. Needs root."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

V1, V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class MemoryGroup:
    """A group with a limit."""

    folder: Path

    def program(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The command that enters the group and becomes ``argv``; further arguments go there."""
        enter = f'echo $$ > "{self.folder}/cgroup.procs" && exec "$@"'
        return ("sh", "-c", enter, "sh", *argv)

    @property
    def worker(self) -> tuple[str, ...]:
        """A worker inside the group."""
        return self.program((sys.executable, "-m", "edge.engines.worker"))


@contextmanager
def memory_group(limit: int) -> Iterator[MemoryGroup]:
    """A group of at most so many bytes, swap included; gone after the block, when it is empty."""
    mount = V1 if (V1 / "memory.limit_in_bytes").exists() else V2
    folder = mount / f"codriver-test-{os.getpid()}-{limit}"
    folder.mkdir()
    try:
        if mount is V1:
            (folder / "memory.limit_in_bytes").write_text(str(limit))
        else:
            (mount / "cgroup.subtree_control").write_text("+memory")
            (folder / "memory.max").write_text(str(limit))
            (folder / "memory.swap.max").write_text("0")
        yield MemoryGroup(folder)
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Once the last process in it is gone, for which the kernel takes a moment."""
    never = Event()
    for _ in range(400):
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            never.wait(0.05)
        else:
            return
    raise AssertionError(f"{folder} still has processes")
