"""The suite's own arithmetic, and that the way the box decides stays better than counting."""

from tests.bench.routes.labelled import Labelled, load
from tests.bench.routes.suite import always, best_count, by_counts, by_features, measure

SOME = [
    Labelled("light", "lookup", "where is it?", {}),
    Labelled("heavy", "long", "one two three four five six seven", {}),
]


async def test_counting_takes_the_cheapest_number_of_words():
    assert best_count(SOME) in range(3, 7)
    row = await measure("x", by_counts(3), SOME)
    assert (row.score.right, row.wrong, len(row.milliseconds)) == (1.0, (), 2)


async def test_what_is_wrong_is_listed():
    row = await measure("box", always("light"), SOME)
    assert row.wrong == (SOME[1],)
    assert str(row).startswith("| box | 50.0 % | 50.0 % | 0.0 % | 0.0 % | 150 |")


async def test_features_are_better_than_counting():
    requests = load("development")
    counted = await measure("", by_counts(best_count(requests)), requests)
    found = await measure("", by_features, requests)
    assert found.score.cost < counted.score.cost / 2
    assert found.score.under < 0.02
