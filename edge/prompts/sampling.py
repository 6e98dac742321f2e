"""How a model is sampled when the request does not say: its file's word, else its maker's.

A table with its sources. Knows names and metadata, reads no file. Called by whatever
serves a local model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from edge.chat import Sampling


@dataclass(frozen=True, slots=True)
class _Row:
    """``pattern`` is searched in "architecture name", lower case; ``source`` says who says so."""

    pattern: str
    sampling: Sampling
    source: str


def _s(
    temperature: float,
    top_p: float | None = None,
    top_k: int | None = None,
    min_p: float | None = None,
    repeat: float | None = None,
) -> Sampling:
    return Sampling(
        temperature=temperature, top_p=top_p, top_k=top_k, min_p=min_p, repeat_penalty=repeat
    )


# The first that fits. A repeat penalty above 1.05 is left out on purpose: an agent copies
# file names and code, and a penalty makes it miscopy them.
_TABLE: tuple[_Row, ...] = (
    _Row(r"qwen3[-.]?coder|qwen3next", _s(0.7, 0.8, 20, 0.0, 1.05), "Qwen3-Coder model card"),
    _Row(r"qwen3.*thinking|qwq", _s(0.6, 0.95, 20, 0.0), "Qwen3 model card, thinking mode"),
    _Row(r"qwen3", _s(0.7, 0.8, 20, 0.0), "Qwen3 model card, non-thinking mode"),
    _Row(r"qwen2", _s(0.7, 0.8, 20, None, 1.05), "Qwen2.5-Instruct generation_config.json"),
    _Row(r"gpt-oss", _s(1.0, 1.0), "gpt-oss README"),
    _Row(r"gemma", _s(1.0, 0.95, 64, 0.0), "Gemma 3 generation_config.json"),
    _Row(r"glm4moe|glm-4\.[5-9]", _s(0.6, 0.95), "GLM-4.5 model card"),
    _Row(r"devstral|ministral|mistral-small", _s(0.15), "Mistral model cards"),
    _Row(r"nemo", _s(0.3), "Mistral-Nemo model card"),
    _Row(r"deepseek.*r1", _s(0.6, 0.95), "DeepSeek-R1 README"),
    _Row(r"deepseek", _s(0.3), "DeepSeek-V3 README"),
    _Row(r"smollm2", _s(0.2, 0.9), "SmolLM2-Instruct model card"),
    _Row(r"smollm3", _s(0.6, 0.95), "SmolLM3 model card"),
    _Row(r"lfm2", _s(0.3, None, None, 0.15, 1.05), "LFM2 model card"),
    _Row(r"granite", _s(0.0), "Granite documentation: greedy decoding"),
    _Row(r"phi-?4-?mini", _s(0.0), "Phi-4-mini model card: greedy decoding"),
    _Row(r"llama", _s(0.6, 0.9), "Llama 3 generation_config.json"),
)

_UNKNOWN = _Row(r"", Sampling(temperature=0.7, top_p=0.95), "no family known by this name")

_KEYS = ("temp", "top_p", "top_k", "min_p", "penalty_repeat")


def sampling_defaults(architecture: str, name: str, metadata: Mapping[str, object]) -> Sampling:
    """The file's own general.sampling keys over its family's row."""
    row = _family(architecture, name).sampling
    own = {key: _number(metadata.get(f"general.sampling.{key}")) for key in _KEYS}
    top_k = own["top_k"]
    return replace(
        row,
        temperature=_first(own["temp"], row.temperature),
        top_p=_first(own["top_p"], row.top_p),
        top_k=row.top_k if top_k is None else int(top_k),
        min_p=_first(own["min_p"], row.min_p),
        repeat_penalty=_first(own["penalty_repeat"], row.repeat_penalty),
    )


def sampling_reason(architecture: str, name: str, metadata: Mapping[str, object]) -> str:
    """Where the defaults come from, for the log and the status page."""
    source = _family(architecture, name).source
    own = any(_number(metadata.get(f"general.sampling.{key}")) is not None for key in _KEYS)
    return f"the model file, then {source}" if own else source


def with_defaults(asked: Sampling, defaults: Sampling) -> Sampling:
    """What the request asks for, filled up with the defaults.

    Who asks for temperature 0 wants the model's first choice: no default penalty moves it.
    """
    if asked.temperature == 0:
        defaults = replace(defaults, repeat_penalty=None)
    missing = {
        field.name: getattr(defaults, field.name)
        for field in fields(Sampling)
        if getattr(asked, field.name) is None
    }
    return replace(asked, **missing)


def _family(architecture: str, name: str) -> _Row:
    text = f"{architecture} {name}".lower().replace(" ", "-")
    return next((row for row in _TABLE if re.search(row.pattern, text)), _UNKNOWN)


def _first(own: float | None, other: float | None) -> float | None:
    return other if own is None else own


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)
