"""The daemon's own memory."""

from types import SimpleNamespace

from tests.bench.engine.pretend import pretend
from tests.bench.engine.processes import Memory
from tests.bench.engine.rows import memory


def test_the_worker_is_not_counted(monkeypatch) -> None:
    worker = SimpleNamespace(memory=Memory(900.0, None))
    daemon = SimpleNamespace(memory=Memory(57.0, 50.0), children=lambda recursive: [worker])
    monkeypatch.setattr(memory, "server_on", lambda port: daemon)
    monkeypatch.setattr(memory, "memory_of", lambda process: process.memory)
    result = memory.measure(pretend())
    assert (result.judged, result.beside[0].value) == (57, 900)
    assert result.met
    assert result.notes[0].endswith("50 MB by shares (PSS)")
