"""What four clients get together."""

import pytest

from tests.bench.engine.rows.four_clients import total_rate
from tests.bench.engine.stream import Answer, Arrival, BenchError


def answer(*times: float) -> Answer:
    arrivals = tuple(Arrival(at, 4) for at in times)
    return Answer(0, times[-1] if times else 0, arrivals, "", 1, 0, len(times))


def test_all_tokens_over_all_the_time() -> None:
    assert total_rate([answer(1, 2, 3), answer(2, 3, 5)]) == pytest.approx(4 / 4)


def test_waiting_for_one_another_costs() -> None:
    together = total_rate([answer(1, 2, 3), answer(1, 2, 3)])
    assert total_rate([answer(1, 2, 3), answer(4, 5, 6)]) < together


def test_a_client_without_content_is_told() -> None:
    with pytest.raises(BenchError):
        total_rate([answer(1, 2), answer()])
