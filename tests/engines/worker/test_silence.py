"""The order of a job that is only read."""

import pytest

from edge.engines.worker.silence import silent_order
from edge.errors import UnsatisfiableSchema


def test_it_has_room_for_no_token_and_no_grammar():
    order = silent_order(5)
    assert (order.id, order.max_tokens, order.stop_sequence()) == (5, 0, None)
    assert order.writer.finish() == []
    with pytest.raises(UnsatisfiableSchema):
        order.writer._compile("x")
