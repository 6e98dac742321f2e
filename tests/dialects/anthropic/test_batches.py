"""Batches as clients send them and as they are shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.dialects.anthropic.batches import (
    MOST_REQUESTS,
    BatchItem,
    BatchView,
    Page,
    parse_batch,
    parse_page,
    render_batch,
    render_batches,
    render_deleted,
    render_errored,
    render_result,
)
from edge.errors import BadRequest

VIEW = BatchView("msgbatch_1", 1_800_000_000.0, 1_800_086_400.5, 3, {})
URL = "http://box/v1/messages/batches/msgbatch_1/results"


def complaint(body: bytes) -> str:
    with pytest.raises(BadRequest) as caught:
        parse_batch(body)
    return str(caught.value)


def batch(*names: str) -> bytes:
    return json.dumps({"requests": [{"custom_id": name, "params": {}} for name in names]}).encode()


def test_the_bytes_of_each_request_stay():
    body = b'{"requests":[{"custom_id":"a-1","params":{"x":  1e2, "y":"\\u00e9"}}],"unknown":1}'
    assert parse_batch(body) == (BatchItem("a-1", b'{"x":  1e2, "y":"\\u00e9"}'),)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is not a batch"),
        (b"[" * 100_000, "is not a batch"),
        (b"{}", "missing required field `requests`"),
        (b'{"requests":[{"custom_id":"a"}]}', "`params`"),
        (b'{"requests":[]}', "requests: List should have at least 1 item"),
        (batch("a", "b", "a"), "requests.2.custom_id: a batch has each custom_id once"),
        (batch("a", ""), "requests.1.custom_id: String should match pattern"),
        (batch("a b"), "requests.0.custom_id: String should match pattern"),
        (batch("a\n"), "requests.0.custom_id: String should match pattern"),
        (batch("a" * 65), "requests.0.custom_id: String should match pattern"),
        (batch(*map(str, range(MOST_REQUESTS + 1))), "requests: List should have at most 10000"),
    ],
)
def test_what_is_no_batch(body: bytes, words: str):
    assert words in complaint(body)


def test_a_page():
    assert parse_page({}) == Page(20)
    assert parse_page({"limit": "1000", "after_id": "x"}) == Page(1000, after="x")
    assert parse_page({"before_id": "x"}) == Page(20, before="x")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "many", "", "9" * 5000, "\u0663"])
def test_a_page_that_is_none(limit: str):
    with pytest.raises(BadRequest, match="limit: Input should be a whole number from 1 to 1000"):
        parse_page({"limit": limit})


def shown(view: BatchView) -> dict[str, Any]:
    return json.loads(render_batch(view, URL))


def test_while_it_is_open_everything_is_processing():
    told = shown(BatchView("b", 0.0, 1.0, 3, {"succeeded": 2}))
    assert told["processing_status"] == "in_progress"
    assert told["request_counts"] == {
        "processing": 3,
        "succeeded": 0,
        "errored": 0,
        "canceled": 0,
        "expired": 0,
    }
    assert told["results_url"] is None
    assert told["ended_at"] is None


def test_once_it_has_ended_everything_is_counted():
    told = shown(BatchView("b", 0.0, 1.0, 3, {"succeeded": 2, "errored": 1}, ended=5.25))
    assert told["processing_status"] == "ended"
    assert told["request_counts"]["processing"] == 0
    assert (told["request_counts"]["succeeded"], told["request_counts"]["errored"]) == (2, 1)
    assert told["results_url"] == URL
    assert told["ended_at"] == "1970-01-01T00:00:05.250000Z"


def test_whose_end_is_wished():
    told = shown(BatchView("b", 0.0, 1.0, 3, {}, cancelled=4.0))
    assert (told["processing_status"], told["cancel_initiated_at"]) == (
        "canceling",
        "1970-01-01T00:00:04Z",
    )


def test_a_list_has_its_ends():
    other = BatchView("msgbatch_0", 0.0, 1.0, 1, {})
    told = json.loads(render_batches([(VIEW, URL), (other, URL)], has_more=True))
    assert (told["first_id"], told["last_id"], told["has_more"]) == (
        "msgbatch_1",
        "msgbatch_0",
        True,
    )
    assert json.loads(render_batches([], has_more=False)) == {
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }


def test_a_result_is_one_line_whatever_the_server_wrote():
    line = render_result("a", "succeeded", b'{\n  "content": [\n{"text": "x\\ny"}], "n": 1.50\n}\n')
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert b"1.50" in line
    assert json.loads(line) == {
        "custom_id": "a",
        "result": {"type": "succeeded", "message": {"content": [{"text": "x\ny"}], "n": 1.5}},
    }


def test_results_without_an_answer():
    assert json.loads(render_result("a", "expired"))["result"] == {"type": "expired"}
    error = json.loads(render_errored("a", BadRequest("no\nway")))["result"]
    assert error["type"] == "errored"
    assert error["error"]["error"] == {"type": "invalid_request_error", "message": "no\nway"}


def test_a_deleted_one():
    assert json.loads(render_deleted("b")) == {"id": "b", "type": "message_batch_deleted"}
