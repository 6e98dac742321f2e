"""Sampling defaults: the file's keys, the family's row, the request's wishes."""

import pytest

from edge.chat import Sampling
from edge.prompts import sampling_defaults, sampling_reason, with_defaults


@pytest.mark.parametrize(
    ("architecture", "name", "temperature"),
    [
        ("qwen2", "Qwen2.5 Coder 0.5B Instruct AWQ", 0.7),
        ("qwen3moe", "Qwen3 Coder 30B A3B", 0.7),
        ("gemma3", "Gemma 3 270m", 1.0),
        ("llama", "Smollm2 135M 8k Lc100K Mix1 Ep2", 0.2),
        ("llama", "Meta Llama 3.1 8B", 0.6),
        ("gpt-oss", "", 1.0),
        ("nobody", "", 0.7),
    ],
)
def test_the_familys_row(architecture: str, name: str, temperature: float) -> None:
    assert sampling_defaults(architecture, name, {}).temperature == temperature


def test_the_files_own_word_comes_first() -> None:
    metadata = {
        "general.sampling.temp": 0.25,
        "general.sampling.top_k": 7.0,
        "general.sampling.top_p": "x",
        "general.sampling.min_p": True,
    }
    sampling = sampling_defaults("gemma3", "", metadata)
    assert sampling == Sampling(temperature=0.25, top_p=0.95, top_k=7, min_p=0.0)
    assert sampling_reason("gemma3", "", metadata).startswith("the model file")
    assert sampling_reason("gemma3", "", {}) == "Gemma 3 generation_config.json"


def test_the_request_comes_before_both() -> None:
    asked = Sampling(temperature=0.0, seed=1)
    both = with_defaults(asked, Sampling(temperature=0.7, top_k=20))
    assert both == Sampling(temperature=0.0, top_k=20, seed=1)


def test_the_first_choice_is_not_moved_by_default_penalties():
    defaults = Sampling(temperature=0.7, repeat_penalty=1.05)
    assert with_defaults(Sampling(temperature=0), defaults).repeat_penalty is None
    assert with_defaults(Sampling(temperature=0.1), defaults).repeat_penalty == 1.05
    asked = Sampling(temperature=0, repeat_penalty=1.2)
    assert with_defaults(asked, defaults).repeat_penalty == 1.2
