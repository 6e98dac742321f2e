"""The page of plans is what the planner says, and says what it should."""

import pytest

from tests.hw.plans import PAGE, boards, page, plans, predicted, published


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.hw.plans > docs/boards.md"


@pytest.mark.parametrize("name", [board.board for board in boards()])
def test_every_board_has_a_plan_that_fits(name: str) -> None:
    best = plans()[name][0]
    assert best.fits
    assert best.tools
    assert best.n_ctx >= 32_768


def test_more_memory_on_the_same_chip_is_no_worse() -> None:
    for chip, sizes in (
        ("raspberry-pi-5", ("4gb", "8gb", "16gb")),
        ("raspberry-pi-4", ("4gb", "8gb")),
    ):
        points = [plans()[f"{chip}-{size}"][0].points for size in sizes]
        assert points == sorted(points)


@pytest.mark.parametrize("row", published(), ids=lambda row: f"{row['board']}-{row['model']}")
def test_predictions_are_of_the_right_size(row) -> None:
    """Half to double: engines differ, and one figure has to do for a board."""
    writes, reads = predicted(row)
    assert 0.5 <= writes / row["writes"] <= 2.0
    if "reads" in row and row["engine"] != "Ollama":
        assert 0.5 <= reads / row["reads"] <= 2.0
