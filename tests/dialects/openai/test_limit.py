"""Which refusals are about the name of the limit."""

import json

import pytest

from edge.dialects.openai.limit import READ, other_name, refuses_name

OPENAI = {
    "error": {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        "type": "invalid_request_error",
        "param": "max_tokens",
        "code": "unsupported_parameter",
    }
}
PYDANTIC = {
    "detail": [
        {
            "type": "extra_forbidden",
            "loc": ["body", "max_completion_tokens"],
            "msg": "Extra inputs are not permitted",
        }
    ]
}
TOO_LARGE = {
    "error": {
        "message": "'max_tokens' or 'max_completion_tokens' is too large: 9000. This model's "
        "maximum context length is 8192 tokens",
        "code": 400,
    }
}
OTHER = {
    "error": {
        "message": "Unsupported value: 'temperature' does not support 0.2 with this model.",
        "param": "temperature",
    }
}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (OPENAI, "max_tokens"),
        (PYDANTIC, "max_completion_tokens"),
        ({"error": "Unrecognized request argument supplied: max_completion_tokens"},
         "max_completion_tokens"),
        ({"message": "unknown field max_tokens"}, "max_tokens"),
    ],
)  # fmt: skip
def test_a_server_that_does_not_know_the_name(body, name):
    assert refuses_name(json.dumps(body).encode(), name)


@pytest.mark.parametrize("body", [TOO_LARGE, OTHER, {}, "max_tokens"])
def test_another_refusal(body):
    assert not refuses_name(json.dumps(body).encode(), "max_tokens")


def test_a_name_within_another_word_is_none():
    body = b'{"error": "unknown parameter max_tokens_to_sample"}'
    assert not refuses_name(body, "max_tokens")
    assert not refuses_name(b"unsupported " + b" " * READ + b"max_tokens", "max_tokens")
    assert not refuses_name(b"\xff\xfe", "max_tokens")


def test_there_are_two():
    assert other_name("max_tokens") == "max_completion_tokens"
    assert other_name(other_name("max_tokens")) == "max_tokens"
