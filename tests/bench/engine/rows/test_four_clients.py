"""What four clients get together."""

import pytest

from tests.bench.engine.pretend import PretendServer, pretend
from tests.bench.engine.rows import four_clients
from tests.bench.engine.rows.four_clients import total_rate
from tests.bench.engine.stream import Answer, Arrival, BenchError


def answer(*times: float) -> Answer:
    arrivals = tuple(Arrival(at, 4) for at in times)
    return Answer(0, times[-1] if times else 0, arrivals, "", 1, 0, len(times))


def test_all_tokens_while_all_are_answered() -> None:
    assert total_rate([answer(1, 2, 3), answer(2, 3, 5)]) == pytest.approx(2 / 1)
    assert total_rate([answer(1, 2, 3, 4, 5), answer(1, 2, 3)]) == pytest.approx(4 / 2)


def test_waiting_for_one_another_costs() -> None:
    together = total_rate([answer(1, 2, 3), answer(1, 2, 3)])
    assert total_rate([answer(1, 2, 3), answer(4, 5, 6)]) < together


def test_a_client_without_content_is_told() -> None:
    with pytest.raises(BenchError):
        total_rate([answer(1, 2), answer()])


def test_beside_llama_server() -> None:
    peer = PretendServer("llama-server", step_s=0.04)
    result = four_clients.measure(pretend(peer=peer))
    assert result.judged == pytest.approx(2, rel=0.1)
    assert result.met


def test_without_llama_server_nothing_is_met() -> None:
    assert not four_clients.measure(pretend()).met
