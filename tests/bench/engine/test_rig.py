"""Rows on a real daemon with a scripted engine: starting, asking, weighing and killing."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.agent.client import PINNED
from tests.bench.engine import launch
from tests.bench.engine.launch import Setting
from tests.bench.engine.record import recorded
from tests.bench.engine.rig import Rig
from tests.bench.engine.rows import after_kill, memory


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A rig whose codriver has no model."""
    real = launch.codriver

    def scripted(setting: Setting, state: Path):
        started = real(setting, state)
        return replace(started, command=(*started.command, "--fake"))

    monkeypatch.setattr(launch, "codriver", scripted)
    return Rig(
        setting=Setting(tmp_path / "none.gguf", 4096, 1),
        bodies=recorded(PINNED, "recordings"),
        peers={},
        out=tmp_path,
        prompt_tokens=1000,
        new_tokens=8,
        rounds=1,
        filler=("one line of code",) * 50,
        tell=print,
    )


def test_a_server_answers_and_is_gone(rig: Rig, tmp_path: Path) -> None:
    with rig.codriver() as served:
        body = rig.long_body(served)
        answer = served.ask(body)
    assert answer.text
    assert answer.ttft <= answer.seconds
    assert rig.long_body(served) is body
    assert not list(tmp_path.glob("state-*"))
    assert list(tmp_path.glob("*-codriver.log"))


def test_the_daemon_is_weighed(rig: Rig) -> None:
    result = memory.measure(rig)
    assert 10 < result.value < 200


def test_a_killed_daemon_starts_again_in_its_state(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(after_kill, "QUIET_S", 0.0)
    result = after_kill.measure(rig)
    assert result.beside[0].name == "codriver cold"
    assert result.notes
