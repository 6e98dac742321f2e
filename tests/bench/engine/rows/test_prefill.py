"""Cold prompts against the bare loop."""

import pytest

from tests.bench.engine.pretend import PretendServer, pretend
from tests.bench.engine.rows import prefill


def test_a_cold_prompt() -> None:
    rig = pretend(peer=PretendServer("llama-server", read_rate=500))
    result = prefill.measure(rig)
    assert result.judged == pytest.approx(1, rel=0.01)
    assert result.met
    assert set(rig.known) == {"codriver cold", "llama-server cold"}
    assert result.beside[1].value == pytest.approx(500, rel=0.01)


def test_a_prompt_from_a_cache_does_not_count() -> None:
    ours = PretendServer()
    rig = pretend(ours=ours)
    ours.ask(rig.long_body(ours))  # type: ignore[arg-type]
    result = prefill.measure(rig)
    assert result.judged > 1
    assert "came from a cache" in (result.spoilt or "")
    assert not result.met
