"""The parser and the grammar engine together, as the worker drives them."""

import json
import random
from collections.abc import Callable

import pytest
from llguidance import LLMatcher

from edge.chat import ToolSpec
from edge.toolcalls import CallArguments, CallClosed, CallOpened, Family, Narrowing, Parser
from edge.toolcalls.toolbox import Tool

OPENINGS = {
    "object": '{"name": "NAME", "arguments":',
    "nested": '{"tool_calls": [{"type": "function", "function": {"name": "NAME", "arguments":',
    "doubled": '{{"name": "NAME", "arguments":',
    "named": "[TOOL_CALLS]NAME[ARGS]",
    "qwen": "<function=NAME>",
    "glm": "<tool_call>NAME\n",
    "invoke": '<invoke name="NAME">',
}


def walk(matcher: LLMatcher, rng: random.Random) -> str:
    """A random text under the grammar's mask, drawn towards its end."""
    data = b""
    while not matcher.is_stopped():
        mask = matcher.compute_bitmask()
        allowed = [n for n in range(256) if mask[n // 8] >> (n % 8) & 1]
        closing = [n for n in allowed if chr(n) in '"}]>/']
        tags = [n for n in allowed if chr(n) in "</parmetgunciovl_kye>"]
        pick = closing if closing and rng.random() < 0.6 else allowed
        if len(data) > 150 and tags and len(allowed) > 90:
            pick = tags if not closing else pick
        if len(data) > 300:
            return ""
        token = rng.choice(pick)
        assert matcher.consume_token(token)
        data += bytes([token])
    return data.decode("utf-8")


@pytest.mark.parametrize("opening", OPENINGS)
def test_whatever_the_grammar_lets_through_is_a_valid_call(
    opening: str, tools: tuple[ToolSpec, ...], compile_grammar: Callable[[str], LLMatcher]
) -> None:
    rng = random.Random(7)
    narrowings = [Narrowing("Edit", "old_string", ["a = 1\n", "b = 2\n"])]
    ended = 0
    for round_ in range(40):
        spec = tools[round_ % len(tools)]
        parser = Parser(tools, Family.GENERIC, narrowings=narrowings)
        parser.feed("Well. " + OPENINGS[opening].replace("NAME", spec.name))
        assert parser.pending is not None
        matcher = compile_grammar(parser.pending.grammar)
        if parser.pending.tail:
            assert matcher.consume_tokens(list(parser.pending.tail.encode()))
        events = parser.guard(True)
        text = walk(matcher, rng)
        if not text:
            continue
        ended += 1
        for ch in text:
            assert parser.guarding
            events += parser.feed(ch)
        assert not parser.guarding
        assert events[0] == CallOpened(spec.name)
        assert events[-1] == CallClosed()
        arguments = json.loads("".join(e.json for e in events if isinstance(e, CallArguments)))
        assert Tool(spec).is_valid(arguments)
        if spec.name == "Edit":
            assert arguments["old_string"].strip("\n") in ("a = 1", "b = 2", "a = 1\nb = 2")
    assert ended >= 8
