"""What becomes of an answer that breaks off."""

import pytest

from edge.chat import (
    ChatRequest,
    Message,
    Text,
    TextDelta,
    ThinkingDelta,
    ThinkingOption,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Wire,
)
from edge.routing.takeover import Said, continued, resends

CALL = (ToolCallStarted("c1", "Bash"), ToolCallDelta("{}"), ToolCallEnded())
ASK = ChatRequest(
    "claude-x", (Message("user", (Text("tell me"),)),), thinking=ThinkingOption("adaptive")
)


def said(*events):
    found = Said()
    for event in events:
        found.hear(event)
    return found


def by(agent: str) -> ChatRequest:
    return ChatRequest("m", (), wire=Wire("anthropic", "/", (("User-Agent", agent),), b""))


def test_claude_code_asks_again_and_others_do_not():
    assert resends(by("claude-cli/2.1.332 (external, cli)"))
    assert not resends(by("Anthropic/Python 2.12"))
    assert not resends(ASK)


def test_a_text_goes_on_where_it_stands():
    more = continued(ASK, said(TextDelta("Once "), ThinkingDelta("hm"), TextDelta("upon")))
    assert more is not None
    assert more.messages == (*ASK.messages, Message("assistant", (Text("Once upon"),)))
    assert more.thinking.mode == "disabled", "what it thought is not said again"


def test_an_answer_that_has_said_nothing_is_asked_for_once_more():
    more = continued(ASK, said(ThinkingDelta("hm")))
    assert more is not None
    assert more.messages == ASK.messages


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_call_is_never_guessed_at(cut):
    broken = said(TextDelta("I will"), *CALL[:cut])
    assert continued(ASK, broken) is None
    assert broken.is_whole is (cut == 3)


def test_half_of_a_second_call_leaves_nothing_whole():
    assert not said(*CALL, CALL[0]).is_whole


def test_half_a_document_that_has_to_fit_a_schema_is_not_continued():
    asked = ChatRequest("m", (), output_schema={"type": "object"})
    assert continued(asked, said(TextDelta('{"a'))) is None
