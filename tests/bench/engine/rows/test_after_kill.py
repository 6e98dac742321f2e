"""Waiting for a directory to be quiet."""

from pathlib import Path

from tests.bench.engine.rows import after_kill


def test_counts_what_lies_there(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(after_kill, "QUIET_S", 0.0)
    (tmp_path / "prefixes").mkdir()
    (tmp_path / "prefixes" / "a").write_bytes(b"x" * 100)
    assert after_kill.settled_bytes(tmp_path) == 100
