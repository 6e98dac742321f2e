"""The suite's own arithmetic, and that the way the box decides stays better than counting."""

from edge.engines.base import Question
from edge.engines.fake import FakeEngine
from tests.bench.routes.labelled import Labelled, load
from tests.bench.routes.suite import (
    TABLE,
    always,
    asked_of,
    asking,
    best_count,
    by_counts,
    by_features,
    by_question,
    measure,
)

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


def knows(question: Question) -> tuple[float, float]:
    """An opinion that is right about the table's sentences, and finds the rest light."""
    return (0.1, 0.9) if question.text in TABLE.heavy else (0.9, 0.1)


async def test_a_model_is_asked_only_where_the_words_leave_a_doubt():
    engine = FakeEngine(opinion=knows)
    sure = Labelled("heavy", "sure", "find out why the workers deadlock and refactor it all", {})
    doubt = Labelled("light", "doubt", "add a field to the other form", {})
    rows = await asked_of(engine, "fake", [sure, doubt], None)
    assert [row.name for row in rows] == [
        "question to fake alone",
        "features, then question to fake",
    ]
    assert rows[0].wrong == (sure,)
    assert rows[1].wrong == ()
    asked: list[float] = []
    await measure("x", by_question(await asking(engine), None, asked), [sure, doubt])
    assert len(asked) == 1
