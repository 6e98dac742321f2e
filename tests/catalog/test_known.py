"""The families as `codriver models` shows them."""

import pytest

from edge.catalog.families import load_families
from edge.catalog.known import FAMILY_HEADINGS, KnownFamily, family_row, known_families
from edge.catalog.planner import plan, shortened
from edge.catalog.plans import Plan, Wishes
from edge.catalog.speed import Reach
from edge.catalog.store import offers
from edge.state import BoardFacts
from edge.toolcalls import Family
from tests.catalog.test_making import MODELS

FAMILIES = load_families()


@pytest.fixture(scope="module")
def plans() -> tuple[Plan, ...]:
    board = BoardFacts(memory_available=8 * 10**9, cores=4)
    wishes = Wishes(reach=Reach(bandwidth=12e9))
    return shortened(plan(offers(MODELS), board, wishes))


def test_every_family_is_listed_the_best_for_this_board_first(plans: tuple[Plan, ...]):
    known = known_families(FAMILIES, plans)
    assert {one.name for one in known} == {one.name for one in FAMILIES}
    assert known[0].name == plans[0].model
    assert (known[0].level, known[0].fits, known[0].complaint) == (plans[0].quantization, True, "")
    assert [one.fits for one in known] == sorted((one.fits for one in known), reverse=True)
    large = next(one for one in known if one.name == "glm-4.5")
    assert (large.fits, large.licence, large.calls, large.context) == (False, "MIT", "glm", 131_072)
    assert large.parameters > 3e11
    assert large.complaint.startswith("needs ")


def test_a_row_says_what_it_would_be_here(plans: tuple[Plan, ...]):
    rows = [family_row(one) for one in known_families(FAMILIES, plans)]
    assert {len(row) for row in rows} == {len(FAMILY_HEADINGS)}
    verdicts = {row[0]: row[-1] for row in rows}
    assert verdicts[plans[0].model].startswith("fits, ")
    assert verdicts[plans[0].model].endswith(" tokens/s")
    assert verdicts["glm-4.5"].startswith("too large, needs ")
    assert verdicts["codellama-7b"].endswith("tokens of context are too few for a coding agent")


def test_a_word_chooses_among_them(plans: tuple[Plan, ...]):
    def names(word: str) -> set[str]:
        return {one.name for one in known_families(FAMILIES, plans, word)}

    assert names("QWEN3.5") == {"qwen3.5-2b", "qwen3.5-4b", "qwen3.5-9b"}
    assert "glm-4.5-air" in names("mit")
    assert names("nobody's") == set()


def test_without_plans_it_is_what_the_catalogue_knows():
    one = known_families(FAMILIES, (), "glm-4.5-air")[0]
    assert one == KnownFamily(one.name, one.title, "MIT", "glm", one.parameters, one.context)
    assert family_row(one)[-2:] == ("", "")


def test_formats_of_calls_are_those_that_are_read():
    formats = {str(one) for one in Family}
    for family in FAMILIES:
        assert (family.calls in formats) is family.tools, family.name
