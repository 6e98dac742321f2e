"""The error envelope, written and read."""

import json

import pytest

from edge.dialects.anthropic import parse_error, render_error
from edge.dialects.anthropic.errors import render_error_event
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
    TimedOut,
    UpstreamUnreachable,
    WorkerCrashed,
)
from edge.units import Tokens


def test_the_wording_that_makes_claude_code_compact():
    status, body = render_error(PromptTooLong(Tokens(50000), Tokens(8192)), "req_1")
    assert status == 400
    assert json.loads(body) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "prompt is too long: 50000 tokens > 8192 maximum",
        },
        "request_id": "req_1",
    }


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (BadRequest, 400, "invalid_request_error"),
        (NotAuthenticated, 401, "authentication_error"),
        (NotPermitted, 403, "permission_error"),
        (NotFound, 404, "not_found_error"),
        (RequestTooLarge, 413, "request_too_large"),
        (EngineError, 500, "api_error"),
        (ModelNotLoaded, 400, "invalid_request_error"),
        (TimedOut, 504, "timeout_error"),
        (UpstreamUnreachable, 502, "api_error"),
        (ShuttingDown, 503, "overloaded_error"),
        (Overloaded, 529, "overloaded_error"),
        (WorkerCrashed, 529, "overloaded_error"),
    ],
)
def test_status_and_kind(error, status, kind):
    given, body = render_error(error("why"), "req_1")
    assert given == status
    assert json.loads(body)["error"] == {"type": kind, "message": "why"}


def test_the_event():
    assert render_error_event(Overloaded("busy")) == (
        b'event: error\ndata: {"type":"error","error":'
        b'{"type":"overloaded_error","message":"busy"}}\n\n'
    )


@pytest.mark.parametrize(
    "error",
    [
        BadRequest,
        NotAuthenticated,
        NotPermitted,
        NotFound,
        RequestTooLarge,
        Overloaded,
        TimedOut,
    ],
)
def test_reads_back_what_was_rendered(error):
    read = parse_error(render_error(error("why"), "req_1")[1])
    assert type(read) is error
    assert (str(read), read.origin) == ("why", "upstream")


def test_a_rate_limit_and_a_foreign_status():
    limited = b'{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}'
    assert (parse_error(limited).status, parse_error(limited).kind) == (429, "rate_limit_error")
    assert parse_error(b'{"error":{"type":"novel","message":"x"}}', 418).status == 418


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"x"}', b"\xff", b"[" * 100_000])
def test_a_body_in_no_known_shape(body):
    read = parse_error(body, 503)
    assert isinstance(read, CodriverError)
    assert (read.status, read.kind, read.origin) == (503, "api_error", "upstream")


def test_one_error_does_not_change_its_class():
    parse_error(b"", 503)
    assert (EngineError.status, EngineError.origin) == (500, "codriver")
