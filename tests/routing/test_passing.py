"""What a client gets of an answer that breaks off."""

from collections.abc import Sequence

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
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    Wire,
)
from edge.engines.fake import FakeEngine, Step
from edge.errors import UpstreamUnreachable, WorkerCrashed
from edge.routing.guard import Guard
from edge.routing.passing import Rescue, pass_on

ASK = ChatRequest("claude-x", (Message("user", (Text("tell me"),)),), stream=True)
CLAUDE_CODE = ChatRequest(
    "claude-x",
    (),
    stream=True,
    wire=Wire("anthropic", "/v1/messages", (("user-agent", "claude-cli/2.1.332"),), b""),
)
BEGUN = Started("claude-x", Usage())
END = Finished("end_turn", Usage())
CUT = Failed(UpstreamUnreachable("cloud: it broke off"))
CALL = (ToolCallStarted("c1", "Bash"), ToolCallDelta("{}"), ToolCallEnded())


class Box:
    """The box, and who has asked it for what."""

    def __init__(self, request: ChatRequest, *steps: Step) -> None:
        self.engine = FakeEngine(lambda _: steps)
        self.begun = 0
        self.rescue = Rescue("local", request, self.engine.stream, self._begin)

    def _begin(self) -> None:
        self.begun += 1


async def passed(request: ChatRequest, box: Box | None, *steps: Step) -> Sequence[Event]:
    source = FakeEngine(lambda _: steps, name="cloud").stream(request)
    held = (await anext(source),)
    rescue = None if box is None else box.rescue
    return [e async for e in pass_on("cloud", held, source, Guard(request, "rules"), rescue)]


async def test_a_whole_answer_passes_as_it_is():
    assert await passed(ASK, None, BEGUN, TextDelta("x"), END) == [BEGUN, TextDelta("x"), END]
    relayed = [RelayStarted(200, ()), RelayChunk(b"a")]
    assert await passed(ASK, None, *relayed) == relayed


async def test_without_anybody_behind_it_a_cut_is_a_failure():
    assert await passed(ASK, None, BEGUN, TextDelta("x"), CUT) == [BEGUN, TextDelta("x"), CUT]
    *_, last = await passed(ASK, None, BEGUN, TextDelta("x"))
    assert isinstance(last, Failed)


@pytest.mark.parametrize("begin", [(RelayStarted(200, ()), RelayChunk(b"a")), (BEGUN,)])
async def test_who_asks_again_is_dropped_and_finds_the_box_at_work(begin):
    box = Box(CLAUDE_CODE)
    *_, last = await passed(CLAUDE_CODE, box, *begin, CUT)
    assert last == Failed(CUT.error, drop=True)
    assert (box.begun, box.engine.requests) == (1, [])


async def test_behind_a_whole_block_even_who_asks_again_is_given_the_rest():
    box = Box(CLAUDE_CODE, BEGUN, TextDelta(" upon a time"), END)
    said = (BEGUN, ThinkingDelta("hm"), TextDelta("Once"))
    events = await passed(CLAUDE_CODE, box, *said, CUT)
    assert events[-2:] == [TextDelta(" upon a time"), END]
    assert box.begun == 0


async def test_who_has_whole_calls_acts_on_them_and_does_not_ask_again():
    box = Box(CLAUDE_CODE)
    *_, last = await passed(CLAUDE_CODE, box, BEGUN, TextDelta("I will"), *CALL, CUT)
    assert last == Failed(CUT.error, drop=True)
    assert box.begun == 0


async def test_who_does_not_ask_again_is_given_the_rest_by_the_box():
    box = Box(ASK, BEGUN, TextDelta(" upon a time"), END)
    events = await passed(ASK, box, BEGUN, TextDelta("Once"), CUT)
    assert events == [
        BEGUN,
        TextDelta("Once"),
        Continued("local", "cloud broke off: cloud: it broke off"),
        TextDelta(" upon a time"),
        END,
    ]
    (asked,) = box.engine.requests
    assert asked.messages[-1] == Message("assistant", (Text("Once"),))


async def test_whole_calls_end_an_answer_and_half_ones_break_it():
    box = Box(ASK, BEGUN, END)
    assert (await passed(ASK, box, BEGUN, *CALL, CUT))[-1] == Finished("tool_use", Usage())
    assert (await passed(ASK, box, BEGUN, *CALL[:2], CUT))[-1] == CUT
    assert box.engine.requests == []


async def test_a_rescue_that_fails_is_told_once():
    dead = WorkerCrashed("died")
    events = await passed(ASK, Box(ASK, BEGUN, dead), BEGUN, TextDelta("Once"), CUT)
    assert events[-1] == Failed(dead)
    events = await passed(ASK, Box(ASK, BEGUN), BEGUN, TextDelta("Once"), CUT)
    assert isinstance(events[-1], Failed)
    assert sum(isinstance(event, Failed) for event in events) == 1
