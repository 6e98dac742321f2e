"""The streamed answer: golden bytes, the protocol under any events, keep-alive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import (
    Failed,
    Finished,
    Progress,
    RelayChunk,
    SafeguardResult,
    Started,
    TextDelta,
    ThinkingDelta,
    ThinkingOption,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    Verdict,
)
from edge.dialects.anthropic import SIGNATURE, StreamRenderer
from edge.errors import EngineError, Overloaded, PromptTooLong
from edge.units import Seconds, Tokens
from tests.dialects.anthropic import strategies
from tests.dialects.anthropic.checker import Checked, frames

START = Started("m", Usage(Tokens(3), Tokens(2), Tokens(1), Tokens(0)))
END = Finished("end_turn", Usage(Tokens(3), Tokens(2), Tokens(1), Tokens(9)))
ON = ThinkingOption("adaptive")
OMITTED = ThinkingOption("adaptive", display="omitted")
CALL = [ToolCallStarted("toolu_1", "Bash"), ToolCallDelta('{"a":1}'), ToolCallEnded()]
SHORT, LONG = Seconds(10), Seconds(61)


def render(events, thinking=ON):
    renderer = StreamRenderer("msg_1", thinking)
    return b"".join(
        renderer.keepalive(event) if isinstance(event, float | int) else renderer.render(event)
        for event in events
    )


def test_golden_stream():
    events = [
        START,
        ThinkingDelta("hm"),
        TextDelta("Hi"),
        ToolCallStarted("toolu_1", "Bash"),
        ToolCallDelta('{"command":'),
        ToolCallDelta('"ls"}'),
        ToolCallEnded(),
        Finished(
            "tool_use",
            END.usage,
            None,
            (
                SafeguardResult(
                    "dangerous_tool_use",
                    (
                        ("toolu_1", Verdict("not_flagged")),
                        ("toolu_2", Verdict("flagged", "It deletes.")),
                    ),
                ),
            ),
        ),
    ]
    usage = (
        '"usage":{"input_tokens":3,"cache_creation_input_tokens":1,'
        '"cache_read_input_tokens":2,"output_tokens":%d}'
    )
    expected = [
        (
            "message_start",
            '{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",'
            '"model":"m","content":[],"stop_reason":null,"stop_sequence":null,' + usage % 0 + "}}",
        ),
        (
            "content_block_start",
            '{"type":"content_block_start","index":0,"content_block":'
            '{"type":"thinking","thinking":"","signature":""}}',
        ),
        (
            "content_block_delta",
            '{"type":"content_block_delta","index":0,"delta":'
            '{"type":"thinking_delta","thinking":"hm"}}',
        ),
        (
            "content_block_delta",
            '{"type":"content_block_delta","index":0,"delta":'
            '{"type":"signature_delta","signature":"Y29kcml2ZXI="}}',
        ),
        ("content_block_stop", '{"type":"content_block_stop","index":0}'),
        (
            "content_block_start",
            '{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}',
        ),
        (
            "content_block_delta",
            '{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi"}}',
        ),
        ("content_block_stop", '{"type":"content_block_stop","index":1}'),
        (
            "content_block_start",
            '{"type":"content_block_start","index":2,"content_block":'
            '{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}}',
        ),
        (
            "content_block_delta",
            '{"type":"content_block_delta","index":2,"delta":'
            '{"type":"input_json_delta","partial_json":"{\\"command\\":"}}',
        ),
        (
            "content_block_delta",
            '{"type":"content_block_delta","index":2,"delta":'
            '{"type":"input_json_delta","partial_json":"\\"ls\\"}"}}',
        ),
        ("content_block_stop", '{"type":"content_block_stop","index":2}'),
        (
            "message_delta",
            '{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null,'
            '"safeguard_results":[{"type":"dangerous_tool_use","status":{"type":"available",'
            '"tool_uses":{"toolu_1":{"type":"evaluated","outcome":"not_flagged"},'
            '"toolu_2":{"type":"evaluated","outcome":"flagged","explanation":"It deletes."}}}}]},'
            + usage % 9
            + "}",
        ),
        ("message_stop", '{"type":"message_stop"}'),
    ]
    golden = "".join(f"event: {event}\ndata: {data}\n\n" for event, data in expected)
    assert render(events).decode() == golden


@given(
    strategies.wild_answers(),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from([1.0, 61.0])), max_size=8),
    strategies.thinking_options,
)
def test_any_legal_events_make_a_valid_stream(events, pauses, thinking):
    texts = "".join(event.text for event in events if isinstance(event, TextDelta))
    calls = [event.id for event in events if isinstance(event, ToolCallStarted)]
    for place, silence in pauses:
        events.insert(place % (len(events) + 1), silence)
    checked = Checked(render(events, thinking))
    assert "".join(whole for kind, whole in checked.said if kind == "text") == texts
    assert [block["id"] for block in checked.blocks if block["type"] == "tool_use"] == calls
    if thinking.mode == "disabled":
        assert "thinking" not in [block["type"] for block in checked.blocks]


@given(strategies.wild_answers(), st.integers(0, 40))
def test_a_stream_that_breaks_ends_with_an_error_and_never_as_a_success(events, place):
    events = events[:-1]
    at = 1 + place % len(events)
    sent = frames(render([*events[:at], LONG, Failed(Overloaded("busy")), LONG, SHORT]))
    assert [frame["type"] for frame in sent].count("error") == 1
    assert sent[-1] == {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    assert not {"message_delta", "message_stop"} & {frame["type"] for frame in sent}


def test_failure_before_the_start_is_raised_for_its_status():
    renderer = StreamRenderer("msg_1")
    with pytest.raises(PromptTooLong):
        renderer.render(Failed(PromptTooLong(Tokens(9), Tokens(8))))
    assert not renderer.started


def test_an_answer_without_content():
    assert Checked(render([START, END])).blocks == []


def test_empty_pieces_open_no_block():
    assert Checked(render([START, TextDelta(""), ThinkingDelta(""), END])).blocks == []


def test_a_call_without_arguments_is_an_empty_object():
    checked = Checked(render([START, CALL[0], ToolCallDelta(""), CALL[2], END]))
    assert checked.said == [("tool_use", "{}")]


def test_alternating_thinking_does_not_break_the_text_up():
    alternating = [ThinkingDelta("a"), TextDelta("1"), ThinkingDelta("b"), TextDelta("2")]
    before_call = Checked(render([START, *alternating, ThinkingDelta("c"), *CALL, END]))
    assert before_call.said == [
        ("thinking", "a"),
        ("text", "12"),
        ("thinking", "bc"),
        ("tool_use", '{"a":1}'),
    ]
    at_the_end = Checked(render([START, *alternating, END]))
    assert at_the_end.said == [("thinking", "a"), ("text", "12")]


def test_thinking_between_calls_keeps_its_place():
    checked = Checked(render([START, *CALL, ThinkingDelta("a"), *CALL, TextDelta("b"), END]))
    assert [kind for kind, _ in checked.said] == ["tool_use", "thinking", "tool_use", "text"]


def test_omitted_thinking_is_a_signature_alone():
    checked = Checked(render([START, ThinkingDelta("secret"), TextDelta("x"), END], OMITTED))
    assert checked.said == [("thinking", ""), ("text", "x")]
    assert b"secret" not in render([START, ThinkingDelta("secret"), END], OMITTED)
    assert SIGNATURE.encode() in render([START, ThinkingDelta("secret"), END], OMITTED)


def test_thinking_that_was_not_asked_for_is_dropped():
    checked = Checked(render([START, ThinkingDelta("a"), TextDelta("x"), END], ThinkingOption()))
    assert checked.said == [("text", "x")]


def test_usage_is_real_from_the_start_and_final_at_the_end():
    checked = Checked(render([START, TextDelta("x"), Progress(Tokens(1), Tokens(2)), END]))
    assert checked.message["usage"] == {
        "input_tokens": 3,
        "cache_creation_input_tokens": 1,
        "cache_read_input_tokens": 2,
        "output_tokens": 0,
    }
    assert checked.last["usage"]["output_tokens"] == 9


def test_the_stop_sequence_is_named():
    end = Finished("stop_sequence", END.usage, "</block>")
    delta = Checked(render([START, TextDelta("x"), end])).last["delta"]
    assert delta == {"stop_reason": "stop_sequence", "stop_sequence": "</block>"}


@pytest.mark.parametrize(
    "events",
    [
        [TextDelta("x")],
        [END],
        [START, START],
        [START, END, END],
        [START, END, TextDelta("x")],
        [START, ToolCallDelta("{}")],
        [START, ToolCallEnded()],
        [START, CALL[0], TextDelta("x")],
        [START, CALL[0], ThinkingDelta("x")],
        [START, CALL[0], CALL[0]],
        [START, CALL[0], END],
        [START, RelayChunk(b"x")],
    ],
    ids=lambda events: "-".join(type(event).__name__ for event in events),
)
def test_an_engine_out_of_order_is_an_error(events):
    with pytest.raises(EngineError):
        render(events)


class TestKeepAlive:
    def test_nothing_before_the_start_and_after_the_end(self):
        renderer = StreamRenderer("msg_1", ON)
        assert renderer.keepalive(LONG) == b""
        renderer.render(START)
        renderer.render(END)
        assert renderer.keepalive(LONG) == b""

    def test_pings_for_a_minute(self):
        renderer = StreamRenderer("msg_1", ON)
        renderer.render(START)
        assert renderer.keepalive(SHORT) == b'event: ping\ndata: {"type":"ping"}\n\n'
        assert renderer.blocks_completed == 0

    @pytest.mark.parametrize(
        ("thinking", "kind"), [(ON, "thinking"), (OMITTED, "thinking"), (ThinkingOption(), "text")]
    )
    def test_then_a_block_with_empty_deltas(self, thinking, kind):
        sent = frames(render([START, LONG, SHORT, LONG], thinking))[1:]
        assert sent[0]["content_block"]["type"] == kind
        assert [frame["delta"][kind] for frame in sent[1:]] == ["", "", ""]

    def test_content_of_that_kind_continues_the_block(self):
        assert Checked(render([START, LONG, ThinkingDelta("a"), END])).said == [("thinking", "a")]
        checked = Checked(render([START, LONG, TextDelta("a"), END], ThinkingOption()))
        assert checked.said == [("text", "a")]

    def test_content_of_another_kind_closes_it(self):
        checked = Checked(render([START, LONG, TextDelta("a"), END]))
        assert checked.said == [("thinking", ""), ("text", "a")]
        checked = Checked(render([START, LONG, *CALL, END], ThinkingOption()))
        assert checked.said == [("text", ""), ("tool_use", '{"a":1}')]

    def test_inside_a_call_an_empty_piece(self):
        checked = Checked(render([START, *CALL[:2], SHORT, LONG, CALL[2], END]))
        assert checked.said == [("tool_use", '{"a":1}')]
        assert checked.blocks[0]["pieces"] == ['{"a":1}', "", ""]
        assert checked.pings == 0

    def test_a_call_without_arguments_after_it(self):
        checked = Checked(render([START, CALL[0], LONG, CALL[2], END]))
        assert checked.said == [("tool_use", "{}")]

    def test_between_two_calls(self):
        checked = Checked(render([START, *CALL, SHORT, LONG, *CALL, END]))
        assert [kind for kind, _ in checked.said] == ["tool_use", "thinking", "tool_use"]
        assert checked.pings == 1


def test_counts_the_blocks_that_the_client_has_whole():
    renderer = StreamRenderer("msg_1", ON)
    counts = []
    for event in [START, ThinkingDelta("a"), TextDelta("x"), *CALL, END]:
        renderer.render(event)
        counts.append(renderer.blocks_completed)
    assert counts == [0, 0, 1, 2, 2, 3, 3]
