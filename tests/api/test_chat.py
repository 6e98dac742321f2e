"""The chat handlers over HTTP: whole and streamed answers, silence, breaks and departures."""

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from edge.chat import (
    ChatRequest,
    Continued,
    Event,
    Failed,
    Finished,
    RelayChunk,
    RelayStarted,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.anthropic import PING_ONLY
from edge.engines.base import Late, nobody
from edge.engines.fake import FakeEngine, Pause, Step
from edge.engines.upstream import Server, Upstream, open_session
from edge.engines.upstream.breaker import FAILURES
from edge.errors import EngineError, Overloaded, UpstreamUnreachable, WorkerCrashed
from edge.units import Seconds
from tests.api.serving import ASK, BEGUN, END, HELLO, STREAMED, engine, refusal, serving, sse
from tests.safeguards.samples import CONTEXT

RECORDINGS = Path(__file__).parents[1] / "recordings"
WAIT = Pause(Seconds(60.0))
CALL = (
    BEGUN,
    ToolCallStarted("toolu_1", "Bash"),
    ToolCallDelta('{"command":'),
    ToolCallDelta(' "rm -rf /"}'),
    ToolCallEnded(),
    Finished("tool_use", Usage()),
)


class Sleeper:
    """Stands for time: a Pause lasts until ``awake`` is set. ``left`` tells of its end."""

    def __init__(self, local: FakeEngine) -> None:
        self.asleep, self.awake, self.left = asyncio.Event(), asyncio.Event(), asyncio.Event()
        local.sleep = self.sleep

    async def sleep(self, seconds: float) -> None:
        self.asleep.set()
        try:
            await self.awake.wait()
        finally:
            self.left.set()


# --- answers ----------------------------------------------------------------------------


async def test_a_whole_answer():
    async with serving(engine(*HELLO)) as client:
        response = await client.post("/v1/messages?beta=true", json=ASK)
        body = await response.json()
        assert response.status == 200
        assert response.content_type == "application/json"
        assert response.headers["x-codriver-route"] == "local"
        assert response.headers["x-codriver-reason"] == "local is first in the route's order"
    assert body.pop("id").startswith("msg_")
    assert body == {
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 3,
            "output_tokens": 2,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }


async def test_a_streamed_answer():
    async with serving(engine(*HELLO)) as client:
        response = await client.post("/v1/messages?beta=true", json=STREAMED)
        events = sse(await response.read())
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["x-codriver-route"] == "local"
        assert response.headers["x-codriver-reason"] == "local is first in the route's order"
    assert [name for name, _ in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert all(data["type"] == name for name, data in events)
    assert events[-2][1]["delta"]["stop_reason"] == "end_turn"


async def test_the_engine_gets_the_request_as_it_was_meant():
    local = engine(*HELLO)
    async with serving(local) as client:
        headers = {"X-Claude-Code-Session-Id": "s1"}
        await client.post("/v1/messages?beta=true", json=STREAMED, headers=headers)
    (request,) = local.requests
    assert (request.model, request.max_tokens, request.stream) == ("claude-x", 100, True)
    assert request.session == "s1"
    assert request.wire is not None
    assert request.wire.path == "/v1/messages?beta=true"
    assert json.loads(request.wire.body) == STREAMED


@pytest.mark.parametrize("body", [ASK, STREAMED], ids=["whole", "streamed"])
async def test_tool_calls_come_with_their_verdicts(body):
    asked = {
        **body,
        "tools": [{"name": "Bash", "input_schema": {"type": "object"}}],
        "safeguards": [{"type": "dangerous_tool_use", "classifier_context": CONTEXT}],
    }
    async with serving(engine(*CALL)) as client:
        response = await client.post("/v1/messages", json=asked)
        raw = await response.read()
    message = dict(sse(raw))["message_delta"]["delta"] if body is STREAMED else json.loads(raw)
    (result,) = message["safeguard_results"]
    assert result["status"]["tool_uses"]["toolu_1"]["outcome"] == "flagged"


async def test_tokens_are_counted():
    async with serving(engine(*HELLO)) as client:
        uncounted = {name: value for name, value in ASK.items() if name != "max_tokens"}
        response = await client.post("/v1/messages/count_tokens?beta=true", json=uncounted)
        assert response.status == 200
        assert await response.json() == {"input_tokens": 1}


async def test_a_probe_needs_no_model():
    local = engine(*HELLO)
    async with serving(local) as client:
        probe = {
            "model": "claude-x",
            "max_tokens": 1,
            "messages": [{"role": "user", "content": "quota"}],
        }
        response = await client.post("/v1/messages", json=probe)
        assert (await response.json())["stop_reason"] == "max_tokens"
        assert "without a model" in response.headers["x-codriver-reason"]
    assert local.requests == []


@pytest.mark.parametrize(
    ("stage", "text", "reason", "stopped_by"),
    [
        (1, "<block>yes", "stop_sequence", "</block>"),
        (2, "<block>yes</block><reason>codriver", "end_turn", None),
    ],
)
async def test_a_client_s_own_safety_check_needs_no_model(stage, text, reason, stopped_by):
    local = engine(*HELLO)
    recording = json.loads(
        (RECORDINGS / f"claude-code-2.1.197-classifier-{stage}.json").read_text()
    )
    async with serving(local) as client:
        response = await client.post(recording["path"], json=recording["body"])
        answer = await response.json()
    assert answer["content"][0]["text"].startswith(text)
    assert (answer["stop_reason"], answer["stop_sequence"]) == (reason, stopped_by)
    assert local.requests == []


# --- silence ----------------------------------------------------------------------------


async def read_until(response: aiohttp.ClientResponse, mark: bytes, times: int) -> bytes:
    data = b""
    while data.count(mark) < times:
        chunk = await response.content.readany()
        assert chunk, data
        data += chunk
    return data


async def test_a_silence_is_filled_with_pings():
    local = engine(BEGUN, WAIT, TextDelta("late"), END)
    sleeper = Sleeper(local)
    async with serving(local, keepalive=0.001) as client:
        response = await client.post("/v1/messages", json=STREAMED)
        head = await read_until(response, b"event: ping", 3)
        sleeper.awake.set()
        events = sse(head + await response.read())
    names = [name for name, _ in events]
    assert names[0] == "message_start"
    assert names[-1] == "message_stop"
    assert ("ping", {"type": "ping"}) in events
    said = [data["delta"].get("text") for name, data in events if name == "content_block_delta"]
    assert said == ["late"]


async def test_a_long_silence_is_filled_with_empty_deltas():
    """Clients do not count pings as events; after a while a block is opened."""
    local = engine(BEGUN, WAIT, TextDelta("late"), END)
    sleeper = Sleeper(local)
    moments = iter([0.0, 0.0])
    async with serving(
        local, keepalive=0.001, clock=lambda: next(moments, PING_ONLY + 1.0)
    ) as client:
        response = await client.post("/v1/messages", json=STREAMED)
        head = await read_until(response, b'"text":""}}', 3)
        sleeper.awake.set()
        events = sse(head + await response.read())
    names = [name for name, _ in events]
    assert names[:3] == ["message_start", "content_block_start", "content_block_delta"]
    assert names.count("content_block_start") == 1
    said = [data["delta"]["text"] for name, data in events if name == "content_block_delta"]
    assert said[-1] == "late"
    assert set(said[:-1]) == {""}


# --- an engine that begins late ---------------------------------------------------------


async def late(*steps: Step, body: bytes = b"message_start") -> list[tuple[str, Any]]:
    """The events of an answer whose engine goes on only after ``body`` has been heard."""
    local = engine(WAIT, *steps)
    sleeper = Sleeper(local)
    async with serving(local, patience=0.0) as client:
        response = await client.post("/v1/messages", json=STREAMED)
        head = await read_until(response, body, 1)
        sleeper.awake.set()
        return sse(head + await response.read())


async def test_a_stream_begins_without_an_engine_that_takes_long():
    events = await late(*HELLO)
    names = [name for name, _ in events]
    assert names.count("message_start") == 1
    assert names[-1] == "message_stop"
    assert events[0][1]["message"]["usage"]["input_tokens"] == 0
    assert dict(events)["message_delta"]["usage"]["input_tokens"] == 3


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Overloaded("full"), "full"),
        (RelayStarted(200, ()), "local began too late to be passed on"),
    ],
)
async def test_a_late_refusal_is_an_error_event(step, words):
    events = await late(step)
    assert [name for name, _ in events] == ["message_start", "error"]
    assert events[-1][1]["error"]["message"] == words


async def test_leaving_before_the_engine_has_begun_cancels_it():
    local = engine(WAIT, *HELLO)
    sleeper = Sleeper(local)
    async with serving(local, patience=0.0) as client:
        response = await client.post("/v1/messages", json=STREAMED)
        await read_until(response, b"message_start", 1)
        response.close()
        await sleeper.left.wait()
        assert local.cancelled == 1


# --- a client that goes away ------------------------------------------------------------


async def test_leaving_a_stream_cancels_the_engine():
    local = engine(BEGUN, TextDelta("x"), WAIT, END)
    sleeper = Sleeper(local)
    async with serving(local) as client:
        response = await client.post("/v1/messages", json=STREAMED)
        await sleeper.asleep.wait()
        response.close()
        await sleeper.left.wait()
        assert local.cancelled == 1


@pytest.mark.parametrize("steps", [(WAIT,), (BEGUN, WAIT)], ids=["unstarted", "started"])
async def test_leaving_a_whole_answer_cancels_the_engine(steps):
    local = engine(*steps)
    sleeper = Sleeper(local)
    async with serving(local) as client:
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(client.post("/v1/messages", json=ASK))
            await sleeper.asleep.wait()
            asking.cancel()
        await sleeper.left.wait()
        assert local.cancelled == 1


# --- breaks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "kind", "words"),
    [
        (Failed(WorkerCrashed("the process died")), "overloaded_error", "the process died"),
        (Overloaded("full"), "overloaded_error", "full"),
        (EngineError("no"), "api_error", "no"),
    ],
)
async def test_a_break_in_a_stream_is_an_error_event(last, kind, words):
    async with serving(engine(BEGUN, TextDelta("half"), last)) as client:
        response = await client.post("/v1/messages", json=STREAMED)
        events = sse(await response.read())
    assert response.status == 200
    assert events[-1] == (
        "error",
        {"type": "error", "error": {"type": kind, "message": words}},
    )
    assert "message_stop" not in dict(events)
    assert "message_delta" not in dict(events)


@pytest.mark.parametrize(
    "last", [Failed(WorkerCrashed("the process died")), WorkerCrashed("the process died")]
)
async def test_a_break_in_a_whole_answer_is_an_http_error(last):
    async with serving(engine(BEGUN, TextDelta("half"), last)) as client:
        response = await client.post("/v1/messages", json=ASK)
        assert await refusal(response) == (529, "overloaded_error", "the process died")
        assert response.headers["retry-after"] == "5"


async def test_an_answer_without_an_end_is_no_success():
    async with serving(engine(BEGUN, TextDelta("half"))) as client:
        streamed = await client.post("/v1/messages", json=STREAMED)
        events = sse(await streamed.read())
        assert events[-1][1]["error"]["message"] == "local ended in the middle of its answer"
        whole = await client.post("/v1/messages", json=ASK)
        assert (await refusal(whole))[0] == 500


class Buggy(FakeEngine):
    """Breaks in a way that no engine may."""

    async def stream(
        self, request: ChatRequest, late: Late = nobody
    ) -> AsyncGenerator[Event, None]:
        yield BEGUN
        yield TextDelta("half")
        raise ZeroDivisionError("a secret of the code")


MISTAKE = "codriver made a mistake; its log has the details"


async def test_a_mistake_of_ours_ends_the_answer_and_is_logged(caplog):
    async with serving(Buggy()) as client:
        streamed = await client.post("/v1/messages", json=STREAMED)
        events = sse(await streamed.read())
        assert events[-1] == (
            "error",
            {"type": "error", "error": {"type": "api_error", "message": MISTAKE}},
        )
        assert "a secret of the code" in caplog.text
        whole = await client.post("/v1/messages", json=ASK)
        assert await refusal(whole) == (500, "api_error", MISTAKE)


async def test_events_out_of_order_end_the_answer():
    """Without a start there is no stream for an error event to end: the connection is cut."""
    async with serving(engine(TextDelta("before the start"), BEGUN, END)) as client:
        streamed = await client.post("/v1/messages", json=STREAMED)
        with pytest.raises(aiohttp.ClientError):
            await streamed.read()
        whole = await client.post("/v1/messages", json=ASK)
        assert (await refusal(whole))[:2] == (500, "api_error")


# --- relayed answers --------------------------------------------------------------------


async def test_a_relayed_answer_passes_untouched():
    started = RelayStarted(
        418, (("Content-Type", "application/json"), ("request-id", "req_theirs"), ("X-A", "1"))
    )
    steps = (started, RelayChunk(b'{"a":'), RelayChunk(b"  1}"))
    async with serving(engine(*steps, name="cloud")) as client:
        response = await client.post("/v1/messages", json=ASK)
        assert response.status == 418
        assert await response.read() == b'{"a":  1}'
        assert response.headers.getall("request-id") == ["req_theirs"]
        assert response.headers["x-a"] == "1"
        assert response.headers["x-codriver-route"] == "cloud"


@pytest.mark.parametrize(
    "broken",
    [Failed(UpstreamUnreachable("cut")), UpstreamUnreachable("cut"), TextDelta("not a relay's")],
)
async def test_a_relayed_answer_that_breaks_is_cut(broken):
    """The client then sends the same request again; a clean end would pass for success."""
    steps = (RelayStarted(200, (("Content-Type", "text/plain"),)), RelayChunk(b"half"), broken)
    async with serving(engine(*steps, name="cloud")) as client:
        response = await client.post("/v1/messages", json=STREAMED)
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_a_relayed_answer_is_gone_on_with_in_the_same_stream():
    half = b'event: content_block_start\ndata: {"index":0}\n\n'
    rest = (TextDelta("more"), Finished("end_turn", Usage()))
    steps = (RelayStarted(200, ()), RelayChunk(half), Continued("local", "cut", 1, "text"), *rest)
    async with serving(engine(*steps, name="cloud")) as client:
        response = await client.post("/v1/messages", json=STREAMED)
        body = await response.read()
    assert body.startswith(half + b": local goes on with this answer\n\n")
    events = [line for line in body[len(half) :].split(b"\n") if line.startswith(b"event: ")]
    assert events == [
        b"event: content_block_delta",
        b"event: content_block_stop",
        b"event: message_delta",
        b"event: message_stop",
    ]
    assert b'"index":0' in body.rpartition(b"content_block_delta")[2]


async def test_a_relayed_answer_with_a_bug_in_it_is_cut(caplog):
    class Relay(FakeEngine):
        async def stream(
            self, request: ChatRequest, late: Late = nobody
        ) -> AsyncGenerator[Event, None]:
            yield RelayStarted(200, ())
            yield RelayChunk(b"half")
            raise ZeroDivisionError

    async with serving(Relay(name="cloud")) as client:
        response = await client.post("/v1/messages", json=ASK)
        with pytest.raises(aiohttp.ClientError):
            await response.read()
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("body", [ASK, STREAMED], ids=["whole", "streamed"])
async def test_an_upstream_out_of_reach_leaves_the_answer_to_the_box(body):
    local = engine(*HELLO)
    async with open_session() as session:
        cloud = Upstream(
            "cloud",
            Server(f"http://127.0.0.1:{unused_port()}", credential="none"),
            session,
            clock=lambda: 1000.0,
            is_own_token=lambda token: False,
        )
        async with serving(cloud, local) as client:
            first = await client.post("/v1/messages", json=body)
            for _ in range(FAILURES):
                second = await client.post("/v1/messages", json=body)
            assert b"Hel" in await first.read()
    refused = "no connection: Connection refused"
    assert first.headers["x-codriver-route"] == "local"
    assert first.headers["x-codriver-reason"] == (
        f"cloud is first in the route's order; cloud did not take it: cloud (127.0.0.1): {refused}"
    )
    assert second.headers["x-codriver-reason"] == (
        "local is first in the route's order; "
        f"cloud is down: {refused} (left alone for another 5 s)"
    )
    assert len(local.requests) == FAILURES + 1


async def test_a_reason_is_safe_in_a_header():
    cloud = engine(UpstreamUnreachable("tunnel\r\nSet-Cookie: a=1\n§ längs\x00"), name="cloud")
    async with serving(cloud, engine(*HELLO)) as client:
        response = await client.post("/v1/messages", json=ASK)
        assert response.status == 200
        assert "Set-Cookie" not in response.headers
        assert response.headers["x-codriver-reason"].endswith("Set-Cookie: a=1 ? l?ngs?")


# --- bodies -----------------------------------------------------------------------------


async def test_a_compressed_body_is_read():
    async with serving(engine(*HELLO)) as client:
        packed = gzip.compress(json.dumps(ASK).encode())
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        response = await client.post("/v1/messages", data=packed, headers=headers)
        assert response.status == 200


def broken_bodies() -> Sequence[tuple[bytes, dict[str, str]]]:
    return [
        (b"", {}),
        (b"{", {}),
        (b"[]", {}),
        (b'{"model": "\xff"}', {}),
        (b"[" * 10_000, {}),
        (b"not gzip at all", {"Content-Encoding": "gzip"}),
    ]


@pytest.mark.parametrize(("body", "headers"), broken_bodies())
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
async def test_a_body_that_cannot_be_read_is_the_client_s_mistake(path, body, headers):
    local = engine(*HELLO)
    async with serving(local) as client:
        closing = {**headers, "Connection": "close"}
        response = await client.post(path, data=body, headers=closing)
        assert (await refusal(response))[:2] == (400, "invalid_request_error")
        again: Any = await client.post("/v1/messages", json=ASK)
        assert again.status == 200
    assert len(local.requests) == 1
