"""The command line, rows that fail, what is resumed."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.bench.agent.headless import Run
from tests.bench.engine.result import Bar, Failed, Result
from tests.bench.link import suite
from tests.bench.link.converse import wrongs
from tests.bench.link.rig import Rig
from tests.bench.link.rows import cut


def test_everything_is_measured_by_default() -> None:
    options = suite.arguments([])
    assert options.rows == list(suite.ROWS)
    assert options.peers == ["litellm", "ccr", "bare"]


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        suite.arguments(["--rows", "latency,speed"])
    assert "'speed' is none of latency" in capsys.readouterr().err


def test_a_row_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Result("b", "ms", 1.0, (), 1.0, Bar("at most", 2, " ms"))

    def bad(_rig: Rig):
        raise OSError("no TUN device")

    monkeypatch.setattr(suite, "ROWS", {"a": bad, "b": lambda _rig: [good]})
    bench = cast("Rig", SimpleNamespace(tell=lambda words: None))
    results = suite.measured(bench, ["a", "b"])
    assert results == [Failed("a", "OSError: no TUN device"), good]
    assert suite.summary(results) == "1 of 2 bars met; not: a"


def test_a_command_that_ran_twice_is_seen() -> None:
    ended = Run(0, "", "", 1.0, False)
    assert wrongs(ended, ("step-1", "step-2")) == ""
    assert wrongs(ended, ()) == ""
    assert "step-1, step-1" in wrongs(ended, ("step-1", "step-1"))
    assert "exit code 1" in wrongs(Run(1, "", "", 1.0, False), ())
    assert "did not end" in wrongs(Run(-15, "", "", 1.0, True), ())


def test_every_event_of_every_answer_can_be_cut() -> None:
    points = cut.points()
    assert len(set(points)) == len(points)
    assert {answer for answer, _ in points} == set(range(1, cut.PLAN.steps + 2))


def test_runs_are_kept_and_judged(tmp_path: Path) -> None:
    kept = tmp_path / "cuts.jsonl"
    assert cut.read(kept) == []
    good = cut.Cut(0, "2", 1, 5, 0, 3.0, ("step-1",), "local", "")
    bad = cut.Cut(1, "2", 2, 5, 1, 3.0, (), "local", "exit code 1;")
    row = cut.judged([good, bad])
    assert (row.value, row.met) == (1, False)
    assert cut.judged([good]).met
