"""What is new in a request, by a tokenizer for which a character is a token."""

import json
from types import SimpleNamespace
from typing import Any, cast

from tests.bench.agent.client import PINNED
from tests.bench.engine.pretend import PretendServer, pretend
from tests.bench.engine.record import recorded
from tests.bench.engine.rig import Rig
from tests.bench.engine.rows import two_laptops
from tests.bench.engine.rows.two_laptops import interleaved, new_tokens
from tests.bench.engine.shape import timed

BODIES = recorded(PINNED, "")


def length(body: Any) -> int:
    return len(json.dumps([body["system"], body["tools"], body["messages"]]))


def requests() -> list[dict[str, Any]]:
    rig = cast("Rig", SimpleNamespace(bodies=BODIES))
    return interleaved(rig, timed(BODIES.full, 16))


def test_turns_and_titles_come_in_turn() -> None:
    order = requests()
    sizes = [len(body["messages"]) for body in order]
    assert sizes == [2, 1, 2, 1, 4, 4, 6, 6]
    assert [bool(body["tools"]) for body in order] == [True, False] * 2 + [True] * 4


def test_the_first_request_is_all_new_and_the_next_turn_is_what_was_added() -> None:
    order = requests()
    fresh = [new_tokens(body, order[:n], length) for n, body in enumerate(order)]
    assert fresh[0] == length(order[0])
    assert fresh[4] == length(order[4]) - length(order[0])
    assert fresh[7] == length(order[7]) - length(order[5])


def test_the_second_laptop_shares_instructions_and_tools() -> None:
    order = requests()
    fresh = new_tokens(order[2], order[:2], length)
    assert fresh < length(order[2]) / 3


def test_an_engine_that_shares_beginnings_computes_no_more_than_what_is_new() -> None:
    result = two_laptops.measure(pretend(peer=PretendServer("llama-server")))
    assert result.met
    assert result.judged > 0.9
    assert [other.name for other in result.beside] == ["new", "llama-server"]


def test_an_engine_that_forgets_is_not_met() -> None:
    class Forgetful(PretendServer):
        def ask(self, body, begun=None):
            self.seen.clear()
            return super().ask(body, begun)

    assert not two_laptops.measure(pretend(ours=Forgetful())).met
