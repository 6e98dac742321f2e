"""What a client gets of a relayed answer that breaks off."""

from dataclasses import replace

import pytest

from edge.chat import (
    ChatRequest,
    Continued,
    Event,
    Failed,
    Finished,
    Message,
    RelayChunk,
    RelayStarted,
    Started,
    Text,
    TextDelta,
    Usage,
    Wire,
)
from edge.engines.fake import FakeEngine, Step
from edge.errors import UpstreamUnreachable
from edge.routing.guard import Guard
from edge.routing.passing import Rescue, pass_on
from tests.dialects.anthropic.test_relayed import (
    CALL,
    DELTA,
    END,
    START,
    TEXT,
    block,
    stop,
    text,
)

WIRE = Wire("anthropic", "/v1/messages", (("user-agent", "an-sdk"),), b"")
SDK = ChatRequest("claude-x", (Message("user", (Text("tell me"),)),), stream=True, wire=WIRE)
AGENT = replace(SDK, wire=replace(WIRE, headers=(("user-agent", "claude-cli/2.1.332"),)))
ENDED = "cloud ended in the middle of its answer"
CUT = Failed(UpstreamUnreachable("cloud: it broke off"))
REST = (TextDelta(" there."), Finished("end_turn", Usage()))


class Box:
    """Who goes on, with what was asked of it."""

    def __init__(self) -> None:
        self.engine = FakeEngine(lambda _: (Started("m", Usage()), *REST))
        self.begun = 0

    def begin(self) -> None:
        self.begun += 1


async def passed(request: ChatRequest, box: Box, *steps: Step, head=()) -> list[Event]:
    source = FakeEngine(lambda _: (RelayStarted(200, head), *steps)).stream(request)
    held = (await anext(source),)
    rescue = Rescue("local", request, box.engine.stream, box.begin)
    return [e async for e in pass_on("cloud", held, source, Guard(request, "rules"), rescue)]


def bytes_of(events: list[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, RelayChunk))


@pytest.mark.parametrize("request_", [SDK, AGENT])
async def test_a_whole_answer_passes_as_it_is(request_):
    box, whole = Box(), START + TEXT + CALL + DELTA + END
    events = await passed(request_, box, RelayChunk(whole[:99]), RelayChunk(whole[99:]))
    assert bytes_of(events) == whole
    assert (box.begun, box.engine.requests) == (0, [])


async def test_the_rest_comes_in_the_same_stream():
    box, half = Box(), START + block(0, "text") + text(0, "Hello")
    events = await passed(SDK, box, RelayChunk(half), CUT)
    assert bytes_of(events) == half
    reason = "cloud broke off: cloud: it broke off"
    assert events[-3:] == [Continued("local", reason, 1, "text"), *REST]
    (asked,) = box.engine.requests
    assert asked.messages[-1] == Message("assistant", (Text("Hello"),))


async def test_who_asks_again_is_dropped_while_nothing_is_complete():
    box, half = Box(), START + TEXT + CALL[:50]
    events = await passed(AGENT, box, RelayChunk(half), CUT)
    assert bytes_of(events) == START + TEXT.removesuffix(stop(0))
    assert events[-1] == Failed(CUT.error, drop=True)
    assert (box.begun, box.engine.requests) == (1, [])


async def test_behind_a_complete_block_the_rest_comes_in_the_same_stream_for_everybody():
    half = START + TEXT + block(1, "text") + text(1, "And")
    box = Box()
    events = await passed(AGENT, box, RelayChunk(half), CUT)
    assert isinstance(events[-3], Continued)
    assert (events[-3].blocks, events[-3].open) == (2, "text")
    assert box.begun == 0


async def test_behind_a_whole_call_an_agent_is_dropped_and_nothing_is_begun():
    box = Box()
    events = await passed(AGENT, box, RelayChunk(START + TEXT + CALL), CUT)
    assert events[-1] == Failed(CUT.error, drop=True)
    assert (box.begun, box.engine.requests) == (0, [])


async def test_behind_a_whole_call_the_others_are_told_that_it_is_over():
    box = Box()
    events = await passed(SDK, box, RelayChunk(START + TEXT + CALL), CUT)
    assert isinstance(events[-2], Continued)
    assert events[-1] == Finished("tool_use", Usage())
    assert box.engine.requests == []


async def test_a_missing_last_event_is_no_loss():
    box = Box()
    events = await passed(SDK, box, RelayChunk(START + TEXT + DELTA), CUT)
    assert bytes_of(events).startswith(START + TEXT + DELTA)
    assert b"message_stop" in bytes_of(events)
    assert box.engine.requests == []


async def test_an_end_without_the_last_event_is_a_cut_unless_the_stream_is_strange():
    box, half = Box(), START + block(0, "text") + text(0, "Hello")
    events = await passed(SDK, box, RelayChunk(half))
    assert events[-3] == Continued("local", "cloud broke off: " + ENDED, 1, "text")
    strange = START + block(0, "made_up")
    assert await passed(SDK, Box(), RelayChunk(strange)) == [
        RelayStarted(200, ()),
        RelayChunk(strange),
    ]


async def test_what_cannot_be_read_is_passed_on_and_fails_as_it_is():
    box, packed = Box(), RelayChunk(b"\x1f\x8b")
    head = (("Content-Encoding", "gzip"),)
    events = await passed(SDK, box, packed, CUT, head=head)
    assert events[1] == packed
    assert isinstance(events[-1], Failed)
    strange = START + block(0, "server_tool_use")
    assert (await passed(SDK, box, RelayChunk(strange), CUT))[-1] == CUT
    assert box.engine.requests == []
