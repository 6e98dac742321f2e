"""Who asks the box's models, and when nobody does."""

import asyncio

from edge.app.asking import asked
from edge.engines.base import Question
from edge.engines.fake import FakeEngine
from edge.routing.need import load_table
from edge.routing.rules import Rules

RULES = Rules(table=load_table())


async def test_nobody_is_asked_where_no_route_goes_by_need_or_there_is_nobody():
    engine = FakeEngine()
    async with asked(Rules(), engine) as asking:
        assert asking is None
    async with asked(RULES, None) as asking:
        assert asking is None
    assert engine.questions == []


async def test_what_answers_mean_is_learned_meanwhile():
    begun = asyncio.Event()

    def say(question: Question) -> None:
        begun.set()

    async with asked(RULES, FakeEngine(opinion=say)) as asking:
        assert asking is not None
        await begun.wait()
