import asyncio
from pathlib import Path

import pytest

from edge.engines.llama.claims import Hold, Loaded
from edge.engines.llama.engine import LlamaEngine
from edge.engines.llama.ladder import Ladder
from edge.engines.llama.names import LocalModel
from edge.engines.llama.residence import Resident, Wish
from edge.errors import Overloaded
from tests.engines.llama.workers import Spawner, load


def hold() -> Hold:
    return Hold(Wish(1, "m", 0.0), is_named=False)


def loaded(tmp_path: Path) -> Loaded:
    model = LocalModel("m", load(tmp_path / "starts"), coached=False)
    engine = LlamaEngine("m", Ladder.only(model.load), coached=False, spawn=Spawner())
    return Loaded(model, engine, "asked for", used_at=3.0)


async def test_a_granted_claim_has_an_engine(tmp_path: Path):
    claim, model = hold(), loaded(tmp_path)
    assert claim.loaded is None
    claim.grant(model)
    assert claim.loaded is model
    assert await claim.engine() is model.engine


async def test_a_failed_one_raises_why():
    claim = hold()
    claim.fail(Overloaded("full"))
    assert claim.loaded is None
    assert await claim.is_settled()
    with pytest.raises(Overloaded, match="full"):
        await claim.engine()


async def test_a_wait_can_end_before_it_is_settled(tmp_path: Path):
    claim = hold()
    bell: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bell.set_result(None)
    assert not await claim.is_settled(unless=bell)
    claim.grant(loaded(tmp_path))
    assert await claim.is_settled(unless=bell)


async def test_who_leaves_while_it_waits_does_not_settle_it(tmp_path: Path):
    claim = hold()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(claim.engine())
        await asyncio.sleep(0)
        waiting.cancel()
    claim.grant(loaded(tmp_path))
    assert claim.loaded is not None


def test_what_it_waited_for_is_told_once_and_in_order():
    claim = asyncio.run(_made())
    for reason in ("a is answering", "it takes the place of a", "a is answering", "m is loading"):
        claim.wait_for(reason)
    assert claim.reason == "a is answering; it takes the place of a; m is loading"


async def _made() -> Hold:
    return hold()


async def test_a_loaded_model_for_the_policy_and_for_a_person(tmp_path: Path):
    model = loaded(tmp_path)
    assert model.picture == Resident("m", "loading", 0, 3.0, "asked for")
    assert model.words == "m is loading"
    model.phase = "ready"
    assert model.words == "m: the model is being loaded"
