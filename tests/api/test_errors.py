"""Every error of the tree as a client gets it."""

import json
import logging

import pytest
from aiohttp import web

from edge.api.doors import ANTHROPIC, OPENAI
from edge.api.errors import error_response, from_http, log_failure
from edge.errors import (
    BadRequest,
    CodriverError,
    EngineError,
    ModelNotLoaded,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Overloaded,
    PromptTooLong,
    RequestTooLarge,
    ShuttingDown,
    TemplateFailed,
    TimedOut,
    UnsatisfiableSchema,
    UnsupportedInput,
    UpstreamUnreachable,
    WorkerCrashed,
)
from edge.units import Seconds, Tokens
from tests.api.serving import ASK, STREAMED, engine, refusal, serving

TREE = [
    (BadRequest("a"), 400, "invalid_request_error"),
    (PromptTooLong(Tokens(9), Tokens(8)), 400, "invalid_request_error"),
    (UnsatisfiableSchema("a"), 400, "invalid_request_error"),
    (UnsupportedInput("a"), 400, "invalid_request_error"),
    (ModelNotLoaded("a"), 400, "invalid_request_error"),
    (NotAuthenticated("a"), 401, "authentication_error"),
    (NotPermitted("a"), 403, "permission_error"),
    (NotFound("a"), 404, "not_found_error"),
    (RequestTooLarge("a"), 413, "request_too_large"),
    (EngineError("a"), 500, "api_error"),
    (TemplateFailed("a"), 500, "api_error"),
    (UpstreamUnreachable("a"), 502, "api_error"),
    (ShuttingDown("a"), 503, "overloaded_error"),
    (TimedOut("a"), 504, "timeout_error"),
    (WorkerCrashed("a"), 529, "overloaded_error"),
    (Overloaded("a"), 529, "overloaded_error"),
]
NAMES = [type(error).__name__ for error, _, _ in TREE]


@pytest.mark.parametrize("body", [ASK, STREAMED], ids=["whole", "streamed"])
@pytest.mark.parametrize(("error", "status", "kind"), TREE, ids=NAMES)
async def test_a_refusal_before_the_answer_is_an_http_error(error, status, kind, body):
    async with serving(engine(error)) as client:
        response = await client.post("/v1/messages", json=body)
        assert await refusal(response) == (status, kind, str(error))
        told = None if error.retry_after is None else f"{error.retry_after:.0f}"
        assert response.headers.get("retry-after") == told


def test_who_may_come_back_is_told_when():
    for error, _, kind in TREE:
        if isinstance(error, WorkerCrashed | Overloaded):
            assert kind == "overloaded_error"
            assert error_response(error, ANTHROPIC).headers["retry-after"] == "5"


def test_a_part_of_a_second_is_rounded_up():
    error = Overloaded("full")
    error.retry_after = Seconds(0.2)
    assert error_response(error, ANTHROPIC).headers["retry-after"] == "1"


def test_a_prompt_too_long_is_worded_so_that_the_client_compacts():
    body = json.loads(
        error_response(PromptTooLong(Tokens(40_000), Tokens(32_768)), ANTHROPIC).text or ""
    )
    assert body["error"]["message"] == "prompt is too long: 40000 tokens > 32768 maximum"


def test_no_two_errors_share_an_id():
    first, second = error_response(NotFound("a"), ANTHROPIC), error_response(NotFound("a"), OPENAI)
    assert first.headers["request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize(
    ("raised", "status", "kind", "words"),
    [
        (web.HTTPNotFound(), 404, "not_found_error", "no such path"),
        (web.HTTPMethodNotAllowed("GET", ["POST"]), 405, "invalid_request_error", "that method"),
        (web.HTTPRequestEntityTooLarge(1, 2), 413, "request_too_large", "max_body_bytes"),
        (web.HTTPExpectationFailed(), 417, "invalid_request_error", "Expectation Failed"),
        (web.HTTPServiceUnavailable(), 500, "api_error", "Service Unavailable"),
    ],
)
def test_the_server_s_own_refusals_join_the_tree(raised, status, kind, words):
    error = from_http(raised)
    assert (error.status, error.kind) == (status, kind)
    assert words in str(error)


@pytest.mark.parametrize(
    ("error", "level"),
    [(BadRequest("a"), logging.INFO), (EngineError("a"), logging.ERROR)],
)
def test_our_failures_are_logged_loudly(error: CodriverError, level, caplog):
    caplog.set_level(logging.INFO)
    log_failure(error)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (level, f"{type(error).__name__}: a")
