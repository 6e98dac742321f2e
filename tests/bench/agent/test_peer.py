"""The peer's settings; the peer itself runs in an environment of its own."""

import pytest

from tests.bench.agent.peer import arguments, settings


def test_settings() -> None:
    found = settings("temperature=0.7,top_k=20,seed=1")
    assert found == {"temperature": 0.7, "top_k": 20, "seed": 1}
    assert isinstance(found["top_k"], int)
    assert settings("") == {}


def test_an_unknown_setting_is_told() -> None:
    with pytest.raises(ValueError, match="unknown sampling setting 'heat'"):
        settings("heat=1")


def test_defaults() -> None:
    options = arguments(["--model", "m.gguf", "--port", "1"])
    assert (options.context, options.threads, options.sampling) == (16384, -1, "")
