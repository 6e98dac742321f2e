"""What the real clients make of an answer that breaks, of a full box and of a long prompt,
and that a conversation goes on afterwards. Both clients at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest

from edge.chat import (
    ChatRequest,
    Failed,
    Finished,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
)
from edge.dialects.anthropic import SIGNATURE
from edge.errors import EngineError, Overloaded, PromptTooLong, WorkerCrashed
from edge.units import Seconds, Tokens
from tests.clients.box import USAGE, Turns, says, serving
from tests.clients.session import Session, converse

QUESTION, ANSWER = "When does the bridge open?", "The bridge opens at 7."
BEGUN = Started("fake", USAGE)
BROKEN = Failed(EngineError("the engine broke"))
CRASHED = Failed(WorkerCrashed("the model's process died while it answered; try again"))
TOO_LONG = PromptTooLong(Tokens(9000), Tokens(8000))
# Ten retries with growing pauses are the default: minutes.
HASTY = {"CLAUDE_CODE_MAX_RETRIES": "1"}
PATIENCE = Seconds(3.0)


def both(clients: list[Path], place: Path, play: Callable[[Path, Path], Session]) -> list[Session]:
    """``play`` with each client and a place of its own, the old client first."""
    places = [place / client.parent.name for client in clients]
    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(play, clients, places))


def answered(session: Session) -> bool:
    return session.run.exit_code == 0 and session.result["result"] == ANSWER


@pytest.mark.parametrize(
    "broken",
    [
        (BEGUN, CRASHED),
        (BEGUN, TextDelta("The bri"), BROKEN),
        (BEGUN, ToolCallStarted("toolu_1", "Bash"), ToolCallDelta('{"comm'), CRASHED),
    ],
    ids=["before-content", "in-text", "in-a-call"],
)
def test_an_answer_that_breaks_is_asked_for_again(broken, clients: list[Path], tmp_path: Path):
    def play(client: Path, place: Path) -> Session:
        with serving(Turns([broken, says(ANSWER)])) as box:
            return converse(box, client, place, QUESTION)

    for session in both(clients, tmp_path, play):
        assert answered(session), session.result
        assert len(session.turns) == 2


def test_an_engine_that_always_breaks_is_told(clients: list[Path], tmp_path: Path):
    def play(client: Path, place: Path) -> Session:
        with serving(Turns([(BEGUN, TextDelta("The bri"), BROKEN)])) as box:
            return converse(box, client, place, QUESTION, env=HASTY)

    for session in both(clients, tmp_path, play):
        assert session.run.exit_code == 1
        assert session.result["is_error"] is True
        assert "the engine broke" in session.result["result"]


def test_a_full_box_is_asked_again_when_it_said(clients: list[Path], tmp_path: Path):
    full = Overloaded("too many requests are waiting; try again")
    full.retry_after = PATIENCE
    gaps = []

    def play(client: Path, place: Path) -> Session:
        turns, times = Turns([(full,), says(ANSWER)]), []

        def script(request: ChatRequest):
            times.append(monotonic())
            return turns(request)

        with serving(script) as box:
            session = converse(box, client, place, QUESTION)
        gaps.append(times[1] - times[0])
        return session

    for session in both(clients, tmp_path, play):
        assert answered(session), session.result
        assert [each.status for each in session.turns] == [529, 200]
    assert min(gaps) >= PATIENCE


def test_a_prompt_too_long_is_told_in_words(clients: list[Path], tmp_path: Path):
    def play(client: Path, place: Path) -> Session:
        with serving(Turns([(TOO_LONG,)])) as box:
            return converse(box, client, place, QUESTION)

    for session in both(clients, tmp_path, play):
        assert session.run.exit_code == 1
        assert session.result["terminal_reason"] == "prompt_too_long"
        assert "9000 tokens (limit 8000)" in session.result["result"]
        assert len(session.turns) == 1


def test_a_conversation_too_long_is_compacted(newest: Path, tmp_path: Path):
    summary = "<analysis>Little.</analysis><summary>The bridge was talked about.</summary>"
    turns = Turns([says(ANSWER + " word" * 300), (TOO_LONG,), says(summary), says(ANSWER)])
    with serving(turns) as box:
        first = converse(box, newest, tmp_path, QUESTION + " please" * 300)
        again = converse(box, newest, tmp_path, "Say it again.", *resume(first))
    assert answered(again), again.result
    assert [each.status for each in again.turns] == [400, 200, 200]
    assert "The bridge was talked about." in str(again.turns[-1].request["messages"])


def resume(session: Session) -> tuple[str, str]:
    return "--resume", session.result["session_id"]


def test_a_session_goes_on_after_thinking_and_a_call(clients: list[Path], tmp_path: Path):
    thoughtful = (
        BEGUN,
        ThinkingDelta("I should look."),
        ToolCallStarted("toolu_1", "Bash"),
        ToolCallDelta('{"command":"cat notes.txt"}'),
        ToolCallEnded(),
        Finished("tool_use", USAGE),
    )

    def play(client: Path, place: Path) -> Session:
        with serving(Turns([thoughtful, says(ANSWER)])) as box:
            first = converse(box, client, place, QUESTION)
            again = converse(box, client, place, "And once more?", *resume(first))
        assert answered(first), first.result
        _, after_call, resumed = box.turns
        thoughts = [
            part
            for message in after_call.messages
            for part in message.parts
            if isinstance(part, Thinking)
        ]
        assert [thought.signature for thought in thoughts] == [SIGNATURE]
        spoken = [message.parts for message in resumed.messages if message.role == "assistant"]
        assert spoken[-1] == (Text(ANSWER),)
        return again

    for session in both(clients, tmp_path, play):
        assert answered(session), session.result
