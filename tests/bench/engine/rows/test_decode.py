"""The bare loop's rate."""

import pytest

from tests.bench.engine.pretend import PretendServer, pretend
from tests.bench.engine.raw import Steps
from tests.bench.engine.rows import decode
from tests.bench.engine.rows.decode import raw_rate


class Loop:
    def decode(self, text: str, tokens: int, new: int) -> Steps:
        return Steps([float(n) / 10 for n in range(new)], [0.1] * new)


def test_from_the_first_token_to_the_last() -> None:
    assert raw_rate(Loop(), "", 100, 11) == pytest.approx(10)  # type: ignore[arg-type]


def test_against_the_bare_loop_and_beside_a_server() -> None:
    ours, peer = PretendServer(step_s=0.025), PretendServer("llama-server", step_s=0.02)
    result = decode.measure(pretend(ours=ours, peer=peer))
    assert result.value == pytest.approx(40)
    assert [other.name for other in result.beside] == ["raw", "llama-server"]
    assert result.judged == pytest.approx(0.8)
    assert not result.met
