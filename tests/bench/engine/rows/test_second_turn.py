"""A session's later turns."""

import pytest

from tests.bench.engine.pretend import PretendServer, pretend
from tests.bench.engine.record import recording
from tests.bench.engine.rows import second_turn
from tests.bench.engine.rows.second_turn import turns


def test_each_turn_holds_the_one_before() -> None:
    body = recording("2.1.197", "bare")
    one, two = turns(body, 2)
    assert one["messages"][:-2] == body["messages"]
    assert two["messages"][:-2] == one["messages"]
    assert two["messages"][-1] != one["messages"][-1]


def test_there_are_as_many_as_wanted() -> None:
    assert len(list(turns(recording("2.1.197", "bare"), 9))) == 9


def test_later_turns_are_timed_beside_llama_server() -> None:
    rig = pretend(peer=PretendServer("llama-server", read_rate=500))
    result = second_turn.measure(rig)
    assert result.judged == pytest.approx(0.5)
    assert result.met
    assert result.value < rig.known["codriver cold"] / 10
    assert result.notes[0].startswith("codriver: cold ")
