"""Errors both ways: ours as clients read them, other servers' as our tree."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dialects.openai import parse_error, render_error
from edge.dialects.openai.errors import LONGEST_MESSAGE
from edge.errors import (
    BadRequest,
    CodriverError,
    EngineError,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Overloaded,
    PromptTooLong,
    RequestTooLarge,
    ShuttingDown,
    TimedOut,
    UpstreamUnreachable,
    WorkerCrashed,
)
from edge.units import Seconds, Tokens
from tests.dialects.openai import strategies


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (BadRequest("a"), 400, "invalid_request_error", None),
        (PromptTooLong(Tokens(9), Tokens(8)), 400, "invalid_request_error",
         "context_length_exceeded"),
        (NotAuthenticated("a"), 401, "authentication_error", "invalid_api_key"),
        (NotPermitted("a"), 403, "permission_error", None),
        (NotFound("a"), 404, "not_found_error", None),
        (RequestTooLarge("a"), 413, "invalid_request_error", "request_too_large"),
        (EngineError("a"), 500, "server_error", None),
        (UpstreamUnreachable("a"), 502, "server_error", None),
        (ShuttingDown("a"), 503, "overloaded_error", None),
        (Overloaded("a"), 503, "overloaded_error", None),
        (WorkerCrashed("a"), 503, "overloaded_error", None),
        (TimedOut("a"), 504, "timeout_error", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, CodriverError) else None,
)  # fmt: skip
def test_ours(error, status, kind, code):
    got, body = render_error(error)
    assert got == status
    told = {"message": str(error), "type": kind, "param": None, "code": code}
    assert json.loads(body) == {"error": told}


@pytest.mark.parametrize(
    "error",
    [BadRequest("a"), NotAuthenticated("a"), NotFound("a"), Overloaded("a"), EngineError("a"),
     PromptTooLong(Tokens(9), Tokens(8))],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
@pytest.mark.parametrize("has_status", [True, False])
def test_ours_read_back(error, has_status):
    status, body = render_error(error)
    read = parse_error(body, status if has_status else None)
    assert (type(read), str(read), read.kind) == (type(error), str(error), error.kind)
    assert read.origin == "upstream"


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        # OpenAI
        ({"error": {"message": "This model's maximum context length is 8192 tokens. However, your "
                    "messages resulted in 10000 tokens.", "code": "context_length_exceeded"}},
         400, PromptTooLong, "10000 tokens > 8192 maximum"),
        ({"error": {"message": "Rate limit reached", "type": "tokens"}}, 429, Overloaded, "Rate"),
        # vLLM
        ({"object": "error", "message": "This model's maximum context length is 4096 tokens. "
          "However, you requested 5000 tokens (4000 in the messages, 1000 in the completion).",
          "type": "BadRequestError", "code": 400}, 400, PromptTooLong, "5000 tokens > 4096"),
        ({"object": "error", "message": "The model `x` does not exist.", "code": 404},
         404, NotFound, "does not exist"),
        # llama-server
        ({"error": {"code": 400, "message": "too large", "type": "exceed_context_size_error",
                    "n_prompt_tokens": 900, "n_ctx": 512}},
         400, PromptTooLong, "900 tokens > 512 maximum"),
        ({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
         503, Overloaded, "Loading"),
        ({"error": {"message": "request (900 tokens) exceeds the available context size "
                    "(512 tokens), try increasing it"}},
         500, PromptTooLong, "900 tokens > 512 maximum"),
        # LM Studio, with its status
        ({"error": "Trying to keep the first 900 tokens when context the overflows. However, the "
          "model is loaded with context length of only 512 tokens, which is not enough."},
         500, PromptTooLong, "900 tokens > 512 maximum"),
        # without the numbers
        ({"error": {"message": "too long", "code": "context_length_exceeded"}},
         400, BadRequest, "prompt is too long: too long"),
        # Ollama, LM Studio, OpenRouter
        ({"error": "model not found"}, 404, NotFound, "model not found"),
        ({"error": {"message": "No credits", "code": 402}}, 402, NotPermitted, "No credits"),
        ({"error": {"message": "upstream gone", "code": 502}}, 502, EngineError, "gone"),
        # FastAPI's own, and none at all
        ({"detail": "nope"}, 422, BadRequest, "did not explain"),
        ("<html>", 500, EngineError, "did not explain"),
        ([], 418, BadRequest, "did not explain"),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_servers_say(body, status, kind, words):
    error = parse_error(json.dumps(body), status)
    assert isinstance(error, kind)
    assert words in str(error)
    expected = 400 if isinstance(error, PromptTooLong) else status
    assert (error.status, error.origin) == (expected, "upstream")


def test_when_to_come_back_is_passed_on():
    assert parse_error(b"{}", 429, Seconds(7.0)).retry_after == 7
    assert parse_error(b"{}", 429).retry_after == 5
    assert parse_error(b"{}", 429).kind == "rate_limit_error"
    assert parse_error(b"{}", 500).retry_after is None


def test_a_page_is_not_passed_on_whole():
    assert len(str(parse_error(json.dumps({"error": "x" * 10_000}), 500))) == LONGEST_MESSAGE


@given(st.binary(max_size=100) | strategies.json_values.map(lambda v: json.dumps(v).encode()))
def test_anything_is_an_error_of_ours(body):
    assert str(parse_error(body, 500))
    assert str(parse_error(body))
