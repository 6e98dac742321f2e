"""Model lists, counts, and ids that Claude Code keeps."""

import json

import pytest

from edge.dialects.anthropic import (
    bare_model,
    listed_id,
    render_count,
    render_model,
    render_models,
)
from edge.engines.base import ModelInfo
from edge.units import Tokens

QWEN = ModelInfo("qwen2.5-coder-0.5b", "Qwen2.5 Coder 0.5B", Tokens(32768))
OTHER = ModelInfo("smollm2", "SmolLM2")


def test_the_list():
    page = json.loads(render_models([QWEN, OTHER]))
    assert page == {
        "data": [
            {
                "type": "model",
                "id": "anthropic-local-qwen2.5-coder-0.5b",
                "display_name": "Qwen2.5 Coder 0.5B",
                "created_at": "1970-01-01T00:00:00Z",
                "max_input_tokens": 32768,
                "lifecycle": "active",
            },
            {
                "type": "model",
                "id": "anthropic-local-smollm2",
                "display_name": "SmolLM2",
                "created_at": "1970-01-01T00:00:00Z",
                "max_input_tokens": None,
                "lifecycle": "active",
            },
        ],
        "has_more": False,
        "first_id": "anthropic-local-qwen2.5-coder-0.5b",
        "last_id": "anthropic-local-smollm2",
    }
    assert json.loads(render_model(QWEN)) == page["data"][0]


def test_an_empty_list():
    assert json.loads(render_models([])) == {
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }


@pytest.mark.parametrize("model", ["qwen", "my-claude-like", "x/anthropic", "Qwen3-8B.gguf"])
def test_local_ids_pass_both_discoveries_and_come_back(model):
    shown = listed_id(model)
    assert shown.startswith("anthropic")
    assert bare_model(shown) == model


@pytest.mark.parametrize("model", ["claude-opus-5-5", "Claude-x", "anthropic-local-qwen"])
def test_ids_that_pass_already_stay(model):
    assert listed_id(model) == model


def test_the_prefix_alone_is_an_id():
    assert bare_model("anthropic-local-") == "anthropic-local-"
    assert bare_model("claude-opus-5-5") == "claude-opus-5-5"


def test_the_count():
    assert render_count(Tokens(1234)) == b'{"input_tokens":1234}'
