"""Model lists for OpenAI's clients."""

import json

from openai.types import Model

from edge.dialects.openai import render_model, render_models
from edge.engines.base import ModelInfo
from edge.units import Tokens


def test_models_keep_their_own_ids():
    listed = json.loads(render_models([ModelInfo("a", "A", Tokens(9)), ModelInfo("b", "B")]))
    assert listed == {
        "object": "list",
        "data": [
            {"id": "a", "object": "model", "created": 0, "owned_by": "codriver",
             "context_length": 9},
            {"id": "b", "object": "model", "created": 0, "owned_by": "codriver"},
        ],
    }  # fmt: skip


def test_one_model_as_the_official_client_reads_it():
    made = Model.model_validate_json(render_model(ModelInfo("a", "A")), strict=True)
    assert made.id == "a"
