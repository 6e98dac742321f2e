"""The router's question to the embedder: when it is put, and what becomes of the answer."""

import asyncio
from collections.abc import Sequence

from edge.routing.features import Features, Likeness, features_of
from edge.routing.likeness import Comparing
from edge.routing.need import load_table
from edge.routing.rules import Route, Rules, Step, When
from edge.units import Seconds
from tests.routing.asked import asked

GREET = ("say hello", "greet me")
COOK = ("cook a meal",)


class Scripted:
    """Answers with the share of the sentence's words that the text has."""

    def __init__(self, *, knows: bool = True) -> None:
        self.knows = knows
        self.texts: list[str] = []

    async def compare(self, text: str, sentences: Sequence[str]) -> tuple[float, ...] | None:
        self.texts.append(text)
        if not self.knows:
            return None
        said = set(text.lower().split())
        return tuple(len(said & set(one.lower().split())) / len(one.split()) for one in sentences)


class Never:
    async def compare(self, text: str, sentences: Sequence[str]) -> tuple[float, ...] | None:
        await asyncio.Event().wait()
        return None


def rules(*whens: When) -> Rules:
    own = tuple(Route(f"r{n}", (Step("local"),), when) for n, when in enumerate(whens))
    return Rules(own=own, table=load_table())


async def test_each_routes_most_alike_sentence_counts():
    comparing = Comparing(Scripted(), rules(When(like=GREET), When(like=COOK)))
    found = await comparing.known(features_of(asked("please greet me now")))
    assert found.likeness == Likeness({GREET: 1.0, COOK: 0.0})


async def test_what_is_compared_is_the_persons_last_text():
    comparer = Scripted()
    result = {"type": "tool_result", "tool_use_id": "t", "content": "cook a meal"}
    text = "<system-reminder>cook</system-reminder>say hello"
    await Comparing(comparer, rules(When(like=GREET))).known(
        features_of(asked("first", text, [result]))
    )
    assert comparer.texts == ["say hello"]


async def test_leaning_is_told_where_a_route_asks_for_need():
    comparer = Scripted()
    comparing = Comparing(comparer, rules(When(need="light")))
    light = await comparing.known(features_of(asked("Rename this variable.")))
    assert light.likeness is not None
    assert light.likeness.leaning is not None
    assert light.likeness.leaning < 0
    heavy = await comparing.known(
        features_of(asked("Audit the code for security problems.", "yes"))
    )
    assert heavy.likeness is not None
    assert heavy.likeness.leaning is not None
    assert heavy.likeness.leaning > 0, "yes means what was asked before"


async def test_what_is_not_told_in_time_is_unknown():
    comparing = Comparing(Never(), rules(When(like=GREET)), patience=Seconds(0.01))
    assert (await comparing.known(features_of(asked("hello")))).likeness == Likeness()


async def test_without_a_model_it_is_unknown():
    comparing = Comparing(Scripted(knows=False), rules(When(like=GREET, need="light")))
    assert (await comparing.known(features_of(asked("hello")))).likeness == Likeness()


async def test_nothing_said_is_nothing_to_compare():
    comparer = Scripted()
    found = await Comparing(comparer, rules(When(like=GREET))).known(Features("claude-x"))
    assert found.likeness == Likeness()
    assert comparer.texts == []


async def test_sentences_are_read_beforehand_only_where_there_are_some():
    comparer = Scripted()
    await Comparing(comparer, rules(When(any_tools=True))).prepare()
    assert comparer.texts == []
    await Comparing(comparer, rules(When(like=GREET))).prepare()
    assert comparer.texts == [" "]
