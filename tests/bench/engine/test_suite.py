"""The command line, and rows that fail."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.bench.engine import suite
from tests.bench.engine.result import Failed
from tests.bench.engine.rig import Rig
from tests.bench.engine.stream import BenchError


def test_everything_is_measured_by_default() -> None:
    options = suite.arguments([])
    assert options.rows == list(suite.ROWS)
    assert options.peers == ["llama-server", "llama-cpp-python"]


def test_rows_and_peers_are_chosen_by_name() -> None:
    options = suite.arguments(["--rows", "turn,kill", "--peers", ""])
    assert (options.rows, options.peers) == (["turn", "kill"], [])


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        suite.arguments(["--rows", "decode,speed"])
    assert "'speed' is none of decode" in capsys.readouterr().err


def test_a_row_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def bad(_rig: Rig):
        raise BenchError("status 500")

    monkeypatch.setattr(suite, "ROWS", {"a": ("row a", bad), "b": ("row b", bad)})
    said: list[str] = []
    results = suite.measured(cast("Rig", SimpleNamespace(tell=said.append)), ["a", "b"])
    assert results == [
        Failed("row a", "BenchError: status 500"),
        Failed("row b", "BenchError: status 500"),
    ]
    assert any("row b" in line for line in said)


def test_filler_is_code(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("three\n")
    (tmp_path / "a.py").write_text("one\ntwo\n")
    assert suite.filler(tmp_path) == ("one", "two", "three")
