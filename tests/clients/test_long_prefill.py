"""A prefill of 25 minutes: no timer of a client fires, and what it kept does not harm.

Once in real time, and every day on the same path in compressed time.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import anthropic
import pytest

from edge.chat import (
    Finished,
    Progress,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolResult,
    ToolUse,
)
from edge.engines.fake import Pause
from edge.units import Seconds, Tokens
from tests.bench.agent.recorder import Recorder, recording
from tests.clients.box import USAGE, Box, Turns, says, serving
from tests.clients.pace import Compressed, Pace, Ticking
from tests.clients.session import EVERYDAY_SECONDS, Session, converse
from tests.dialects.anthropic.checker import Checked, frames

PREFILL_SECONDS = 1500.0
CHUNK_SECONDS = 2.0
KEEPALIVE_SECONDS = 10.0
QUESTION, ANSWER = "When does the bridge open?", "The bridge opens at 7."

BEGUN = Started("fake", USAGE)
ENDED = Finished("end_turn", USAGE)
QUIET = (Pause(Seconds(PREFILL_SECONDS)),)
CHUNKS = int(PREFILL_SECONDS / CHUNK_SECONDS)
READING = tuple(
    step
    for number in range(CHUNKS)
    for step in (Pause(Seconds(CHUNK_SECONDS)), Progress(Tokens(number), Tokens(CHUNKS)))
)
PREFILLS = {
    "not-begun": (*QUIET, BEGUN),
    "silent": (BEGUN, *QUIET),
    "reading": (BEGUN, *READING),
}
CALL = (
    ToolCallStarted("toolu_1", "Bash"),
    ToolCallDelta('{"command":"cat notes.txt"}'),
    ToolCallEnded(),
    Finished("tool_use", USAGE),
)
TOOL = {"name": "Bash", "input_schema": {"type": "object", "properties": {}}}
THINKING = {"type": "enabled", "budget_tokens": 1024}


def prefilled(way: str, *answer) -> Turns:
    return Turns([(*PREFILLS[way], *answer), says("It is done.")])


def hurried(way: str) -> Pace:
    """Progress beside the keep-alives needs real time; silence is counted exactly."""
    return Compressed(1500.0) if way == "reading" else Ticking(KEEPALIVE_SECONDS)


def assert_kept_waiting(wire: str) -> Checked:
    """A start, pings, then one block with empty deltas, gapless to the answer, true counts.

    A machine with much to do may miss the minute of pings where time is compressed.
    """
    kinds = [frame["type"] for frame in frames(wire.encode())]
    checked = Checked(wire.encode())
    pieces = checked.blocks[0]["pieces"]
    empty = next((i for i, piece in enumerate(pieces) if piece), len(pieces))
    assert checked.pings <= 6
    assert kinds[: checked.pings + 2] == [
        "message_start",
        *["ping"] * checked.pings,
        "content_block_start",
    ]
    assert checked.pings + empty > PREFILL_SECONDS / KEEPALIVE_SECONDS / 2
    assert checked.last["usage"]["input_tokens"] == USAGE.input
    assert checked.last["usage"]["output_tokens"] == USAGE.output
    return checked


# --- the official SDK -------------------------------------------------------------------


@pytest.fixture(params=list(PREFILLS))
def way(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("")


@pytest.fixture
def ask(recorder: Recorder) -> Iterator:
    """Streams one request from a box through the SDK, and a second turn that echoes it."""

    def stream(url: str, messages, **options) -> anthropic.types.Message:
        with (
            anthropic.Anthropic(base_url=url, auth_token="local", max_retries=0) as client,
            client.messages.stream(
                model="claude-sonnet-5",
                max_tokens=2000,
                messages=messages,
                tools=[TOOL],
                **options,
            ) as events,
        ):
            return events.get_final_message()

    def both(box: Box, reply, **options) -> anthropic.types.Message:
        recorder.target = box.url
        question = {"role": "user", "content": QUESTION}
        with recording(recorder) as url:
            final = stream(url, [question], **options)
            echoed = {"role": "assistant", "content": [b.to_dict() for b in final.content]}
            stream(url, [question, echoed, {"role": "user", "content": reply}], **options)
        return final

    return both


def test_a_text_answer(way: str, recorder: Recorder, ask):
    with serving(prefilled(way, TextDelta(ANSWER), ENDED), pace=hurried(way)) as box:
        final = ask(box, "Thanks.")
    checked = assert_kept_waiting(recorder.exchanges[0].response)
    assert checked.pings == 5 or way == "reading"
    assert checked.said == [("text", ANSWER)]
    assert [block.text for block in final.content] == [ANSWER]
    assert final.usage.input_tokens == USAGE.input
    assert box.turns[1].messages[1].parts == (Text(ANSWER),)


def test_a_text_answer_where_thinking_is_on(recorder: Recorder, ask):
    with serving(prefilled("silent", TextDelta(ANSWER), ENDED), pace=Ticking()) as box:
        final = ask(box, "Thanks.", thinking=THINKING)
    checked = assert_kept_waiting(recorder.exchanges[0].response)
    assert checked.said == [("thinking", ""), ("text", ANSWER)]
    assert final.content[-1].text == ANSWER
    assert box.turns[1].messages[1].parts[-1] == Text(ANSWER)


def test_an_answer_that_thinks_first(recorder: Recorder, ask):
    answer = (ThinkingDelta("Seven."), TextDelta(ANSWER), ENDED)
    with serving(prefilled("silent", *answer), pace=Ticking()) as box:
        final = ask(box, "Thanks.", thinking=THINKING)
    checked = assert_kept_waiting(recorder.exchanges[0].response)
    assert checked.said == [("thinking", "Seven."), ("text", ANSWER)]
    assert [block.type for block in final.content] == ["thinking", "text"]
    thought, text = box.turns[1].messages[1].parts
    assert isinstance(thought, Thinking)
    assert (thought.text, text) == ("Seven.", Text(ANSWER))


@pytest.mark.parametrize("options", [{}, {"thinking": THINKING}], ids=["plain", "thinking"])
def test_an_answer_that_calls_a_tool(options, recorder: Recorder, ask):
    reply = [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "7"}]
    with serving(prefilled("silent", *CALL), pace=Ticking()) as box:
        final = ask(box, reply, **options)
    checked = assert_kept_waiting(recorder.exchanges[0].response)
    assert [kind for kind, _ in checked.said] == ["thinking" if options else "text", "tool_use"]
    assert final.content[-1].input == {"command": "cat notes.txt"}
    call = box.turns[1].messages[1].parts[-1]
    assert call == ToolUse("toolu_1", "Bash", {"command": "cat notes.txt"})
    assert isinstance(box.turns[1].messages[2].parts[0], ToolResult)


# --- the real clients -------------------------------------------------------------------


def outlast(
    way: str, client: Path, place: Path, pace: Callable[[str], Pace], timeout_s: float
) -> Session:
    script = prefilled(way, TextDelta(ANSWER), ENDED)
    with serving(script, pace=pace(way)) as box:
        return converse(box, client, place, QUESTION, timeout_s=timeout_s)


def outlast_all(
    clients: list[Path], place: Path, pace: Callable[[str], Pace], timeout_s: float
) -> list[Session]:
    """Every client on every kind of prefill, at the same time."""

    def one(case: tuple[str, Path]) -> Session:
        way, client = case
        return outlast(way, client, place / f"{way}-{client.parent.name}", pace, timeout_s)

    cases = list(product(PREFILLS, clients))
    with ThreadPoolExecutor(len(cases)) as pool:
        return list(pool.map(one, cases))


def assert_outlasted(session: Session) -> None:
    result = session.result
    assert session.run.exit_code == 0, result
    assert result["result"] == ANSWER, result
    (answered,) = session.asked
    assert_kept_waiting(answered.response)


def test_the_clients_in_compressed_time(clients: list[Path], tmp_path: Path):
    for session in outlast_all(clients, tmp_path, hurried, EVERYDAY_SECONDS):
        assert_outlasted(session)


@pytest.mark.slow
@pytest.mark.timeout(PREFILL_SECONDS + 300)
def test_the_clients_in_real_time(clients: list[Path], tmp_path: Path):
    limit = PREFILL_SECONDS + 120
    for session in outlast_all(clients, tmp_path, lambda _: Compressed(), limit):
        assert session.run.seconds >= PREFILL_SECONDS
        assert_outlasted(session)


@pytest.mark.parametrize("at", [0, 1], ids=["pinned", "latest"])
def test_a_client_goes_on_after_a_call(at: int, clients: list[Path], tmp_path: Path):
    with serving(prefilled("silent", *CALL), pace=Ticking()) as box:
        session = converse(box, clients[at], tmp_path, "Read notes.txt.")
    assert session.run.exit_code == 0, session.result
    assert session.result["result"] == "It is done."
    assert_kept_waiting(session.turns[0].response)
    parts = next(m for m in box.turns[1].messages if m.role == "assistant").parts
    assert parts[-1] == ToolUse("toolu_1", "Bash", {"command": "cat notes.txt"})
