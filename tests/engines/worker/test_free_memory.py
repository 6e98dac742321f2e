"""What the kernel says of free memory."""

from edge.engines.worker.free_memory import available_memory


def test_what_is_available():
    assert available_memory("MemTotal: 9 kB\nMemAvailable:    2048 kB\n") == 2048 * 1024
    assert available_memory("MemTotal: 9 kB\n") is None
    assert available_memory("") is None
