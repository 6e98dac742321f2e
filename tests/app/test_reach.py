"""What a board reaches, by what workers have measured on it."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.reach import reached
from edge.catalog.facts import GgufFacts
from edge.catalog.gguf import read
from edge.catalog.speed import Reach, decode, prefill
from edge.engines.measured import Measured, write
from edge.state import BoardFacts
from tests.catalog.tiny_gguf import make_tiny_gguf

PI_5 = BoardFacts(board="raspberry-pi-5-8gb")
COUNTS = (4, 4, "threads: 4")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    for name in ("small", "large", "third"):
        make_tiny_gguf(tmp_path / "models" / f"{name}.gguf")
    return tmp_path / "models"


def steps(facts: GgufFacts, reach: Reach) -> float | None:
    """Tokens a second where choosing them takes no time, as what is measured does not choose."""
    return decode(facts, replace(reach, on_device=True))


def test_a_board_that_ran_nothing_goes_by_its_profile(models: Path, tmp_path: Path):
    found = reached(PI_5, "here", tmp_path / "threads", models)
    assert found.board.bandwidth and found.board.arithmetic
    assert not found.files
    assert reached(BoardFacts(), "here", None, models).board == Reach()


def test_a_file_that_was_measured_goes_by_itself_and_others_by_the_middle(
    models: Path, tmp_path: Path
):
    folder = tmp_path / "threads"
    for place, (name, writes) in enumerate([("small", 50.0), ("large", 10.0), ("third", 20.0)]):
        write(folder, Measured(f"k{place}", f"{name}.gguf", "here", *COUNTS, writes, 8 * writes))
    found = reached(PI_5, "here", folder, models)
    facts = read(models / "large.gguf")
    assert steps(facts, found.files["large.gguf"]) == pytest.approx(10.0)
    assert prefill(facts, found.files["large.gguf"]) == pytest.approx(80.0)
    assert steps(facts, found.board) == pytest.approx(20.0)


def test_what_was_measured_elsewhere_or_with_what_is_gone_counts_nothing(
    models: Path, tmp_path: Path
):
    folder = tmp_path / "threads"
    write(folder, Measured("a", "small.gguf", "another board", *COUNTS, 1.0, 1.0))
    write(folder, Measured("b", "gone.gguf", "here", *COUNTS, 1.0, 1.0))
    write(folder, Measured("c", "large.gguf", "here", *COUNTS, 0.0, 0.0))
    assert not reached(PI_5, "here", folder, models).files
