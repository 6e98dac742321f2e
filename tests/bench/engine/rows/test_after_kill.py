"""Waiting for a directory to be quiet."""

from pathlib import Path

from tests.bench.engine.pretend import PretendServer, pretend
from tests.bench.engine.rows import after_kill


def test_counts_what_lies_there(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(after_kill, "QUIET_S", 0.0)
    (tmp_path / "prefixes").mkdir()
    (tmp_path / "prefixes" / "a").write_bytes(b"x" * 100)
    assert after_kill.settled_bytes(tmp_path) == 100


def test_against_cold(monkeypatch) -> None:
    killed = []
    monkeypatch.setattr(after_kill, "QUIET_S", 0.0)
    monkeypatch.setattr(after_kill, "server_on", lambda port: port)
    monkeypatch.setattr(after_kill, "kill_all", killed.append)
    rig = pretend(ours=PretendServer(port=7), peer=PretendServer("llama-server"))
    result = after_kill.measure(rig)
    assert killed == [7] * 3
    assert [other.name for other in result.beside] == ["codriver cold", "llama-server restarted"]
    # This engine has no disk, but nothing really killed it.
    assert result.judged < 0.02
