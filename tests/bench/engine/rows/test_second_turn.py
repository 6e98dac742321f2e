"""A session's later turns."""

from tests.bench.engine.record import recording
from tests.bench.engine.rows.second_turn import turns


def test_each_turn_holds_the_one_before() -> None:
    body = recording("2.1.197", "bare")
    one, two = turns(body, 2)
    assert one["messages"][:-2] == body["messages"]
    assert two["messages"][:-2] == one["messages"]
    assert two["messages"][-1] != one["messages"][-1]


def test_there_are_as_many_as_wanted() -> None:
    assert len(list(turns(recording("2.1.197", "bare"), 9))) == 9
