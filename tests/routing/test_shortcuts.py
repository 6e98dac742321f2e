"""Requests that need no model, as real clients send them."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.chat import ChatRequest, Event, Finished, Message, Started, Text, TextDelta, ToolSpec
from edge.dialects import anthropic
from edge.routing.shortcuts import PROBE_TEXT_LIMIT, answer_without_model
from edge.safeguards import STOP
from edge.units import Tokens
from tests.safeguards.samples import CONTEXT, recorded

HARMFUL = Path(__file__).parents[1] / "recordings"
FIRST_STAGES = ["claude-code-2.1.330-classifier-stage-1", "claude-code-2.1.197-classifier-stage-1"]
SECOND_STAGES = ["claude-code-2.1.330-classifier-stage-2", "claude-code-2.1.197-classifier-stage-2"]


def answered(request: ChatRequest, policy="rules", context=CONTEXT) -> tuple[str, Finished]:
    """The text and the end of an answer that needed no model."""
    found = answer_without_model(request, policy, context)
    assert found is not None
    return read(found[0])


def read(events: tuple[Event, ...]) -> tuple[str, Finished]:
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, TextDelta)), events[-1]


def probe(text: str = "quota", **changes) -> ChatRequest:
    request = ChatRequest("claude-x", (Message("user", (Text(text),)),), max_tokens=Tokens(1))
    return replace(request, **changes)


@pytest.mark.parametrize("name", FIRST_STAGES)
def test_the_first_stage_is_stopped_by_its_stop_sequence(name):
    text, end = answered(recorded(name))
    assert text == "<block>no"
    assert (end.reason, end.stop_sequence) == ("stop_sequence", STOP)


@pytest.mark.parametrize("name", SECOND_STAGES)
def test_the_second_stage_ends_its_turn(name):
    text, end = answered(recorded(name))
    assert text == "<block>no</block>"
    assert (end.reason, end.stop_sequence) == ("end_turn", None)


def test_a_harmful_action_is_blocked_in_both_stages():
    text, end = answered(recorded("claude-code-2.1.197-classifier-1", HARMFUL))
    assert text == "<block>yes"
    assert end.reason == "stop_sequence"
    text, end = answered(recorded("claude-code-2.1.197-classifier-2", HARMFUL))
    assert text.startswith("<block>yes</block><reason>")
    assert end.reason == "end_turn"


@pytest.mark.parametrize("policy", ["rules", "deny", "off"])
@pytest.mark.parametrize("context", [None, {}, CONTEXT])
@pytest.mark.parametrize("name", FIRST_STAGES + SECOND_STAGES)
def test_no_policy_lets_a_classifier_request_reach_a_model(name, context, policy):
    text, _ = answered(recorded(name), policy, context)
    harmless = policy == "rules" and context == CONTEXT
    assert text.startswith("<block>no" if harmless else "<block>yes")


def test_the_reason_names_the_policy():
    found = answer_without_model(recorded(FIRST_STAGES[0]), "off", None)
    assert found is not None
    assert found[1] == "safety classifier request, answered by the off policy"


def test_the_answers_fit_the_dialect():
    found = answer_without_model(recorded(FIRST_STAGES[0]), "rules", CONTEXT)
    assert found is not None
    builder = anthropic.MessageBuilder("msg_1")
    for event in found[0]:
        builder.add(event)
    assert b'"stop_sequence":"</block>"' in builder.body()


@pytest.mark.parametrize("text", ["quota", "test", "hi", ""])
def test_a_probe_of_one_token_is_answered(text):
    said, end = answered(probe(text))
    assert said == "OK"
    assert end.reason == "max_tokens"
    assert end.usage.output == 1


@pytest.mark.parametrize(
    "request_",
    [
        probe(max_tokens=Tokens(2)),
        probe(max_tokens=None),
        probe("x" * (PROBE_TEXT_LIMIT + 1)),
        probe(tools=(ToolSpec("Bash"),)),
        probe(messages=()),
        probe(messages=(Message("user", (Text("a"),)), Message("assistant", (Text("b"),)))),
    ],
    ids=["two tokens", "no limit", "long", "tools", "empty", "conversation"],
)
def test_everything_else_is_the_model_s(request_):
    assert answer_without_model(request_, "rules", None) is None
