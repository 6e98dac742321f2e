"""The client's side: an OpenAI-compatible server's answer read back into events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import (
    Failed,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.framing import LONGEST_EVENT, MOST_BYTES
from edge.dialects.openai import EventParser, MessageBuilder, StreamRenderer, parse_answer
from edge.errors import CodriverError, EngineError, Overloaded, PromptTooLong
from edge.units import Seconds, Tokens
from tests.dialects.openai import strategies
from tests.dialects.openai.reading import (
    calls,
    chunk,
    cut,
    joined,
    new_ids,
    piece,
    read,
    stream,
)

START = Started("m", Usage())
END = Finished("end_turn", Usage())


def rendered(events, usage=True, pauses=False):
    renderer = StreamRenderer("chatcmpl-1", 7, usage=usage)
    return b"".join(
        renderer.render(event) + (renderer.keepalive(Seconds(9)) if pauses else b"")
        for event in events
    )


# --- round trips --------------------------------------------------------------------


@given(strategies.answers(), st.lists(st.integers(0, 9999), max_size=6), st.booleans())
def test_reads_back_what_was_rendered(events, places, pauses):
    sent = rendered(events, pauses=pauses)
    assert read(*cut(sent, places)) == events


@given(strategies.answers(), st.booleans())
def test_line_ends_do_not_matter(events, is_bare_cr):
    sent = rendered(events).replace(b"\n", b"\r" if is_bare_cr else b"\r\n")
    assert read(sent) == events


@given(strategies.answers())
def test_a_whole_answer_tells_the_same(events):
    builder = MessageBuilder("chatcmpl-1", 7)
    for event in events:
        builder.add(event)
    got = joined(parse_answer(builder.body(), new_ids()))
    kinds = (ThinkingDelta, TextDelta)
    said = [e for kind in kinds for e in events if isinstance(e, kind)]
    rest = [e for e in events[1:-1] if not isinstance(e, kinds)]
    assert got == joined([events[0], *said, *rest, events[-1]])


@given(strategies.answers(), st.integers(0, 99999))
def test_a_stream_cut_anywhere_is_never_a_success(events, place):
    sent = rendered(events, usage=False)
    ending = sent.rindex(b"data: {")
    got = read(sent[: place % ending])
    assert isinstance(got[-1], Failed)
    assert [event for event in got if isinstance(event, Failed | Finished)] == got[-1:]
    assert got[-1].error.origin == "upstream"


@given(st.binary(max_size=300))
def test_any_bytes_end_in_one_of_our_errors(data):
    assert isinstance(read(data)[-1], Failed)
    with pytest.raises(CodriverError):
        parse_answer(data, new_ids())


@given(strategies.answers(), st.data())
def test_damaged_answers_raise_nothing(events, data):
    sent = bytearray(rendered(events))
    for _ in range(data.draw(st.integers(1, 5))):
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(read(bytes(sent))[-1], Failed | Finished)


@given(strategies.json_values, st.booleans())
def test_any_json_raises_nothing_but_our_errors(value, whole):
    body = {"choices": [{"delta": value, "message": value, "finish_reason": "stop"}]}
    assert isinstance(read(stream(body))[-1], Failed | Finished)
    assert isinstance(read(stream(value))[-1], Failed)
    try:
        parse_answer(json.dumps(body if whole else value).encode(), new_ids())
    except CodriverError as error:
        assert error.origin == "upstream"


# --- what servers do ----------------------------------------------------------------


def test_the_usual_stream():
    got = read(
        b": OPENROUTER PROCESSING\n\n",
        stream(
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": "Hel"}),
            chunk({"content": "lo", "tool_calls": None}),
            chunk({}, "stop"),
            {
                "choices": [],
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 2,
                    "prompt_tokens_details": {"cached_tokens": 4},
                },
            },
        ),
    )
    usage = Usage(input=Tokens(5), cache_read=Tokens(4), output=Tokens(2))
    assert got == [START, TextDelta("Hel"), TextDelta("lo"), Finished("end_turn", usage)]


def test_counts_in_the_last_chunk_itself():
    counts = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    got = read(stream(chunk({"content": "a"}), chunk({}, "stop", usage=counts)))
    assert got[-1] == Finished("end_turn", Usage(Tokens(3), output=Tokens(1)))


def test_counts_that_make_no_sense_are_bounded():
    counts = {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 99}}
    got = read(stream(chunk({}, "stop", usage=counts)))
    assert got[-1] == Finished("end_turn", Usage(cache_read=Tokens(3)))


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_has_two_names(name):
    got = read(stream(chunk({name: "hm"}), chunk({"content": "a"}), chunk({}, "stop")))
    assert got[1:3] == [ThinkingDelta("hm"), TextDelta("a")]


def test_a_list_of_parts_and_a_refusal():
    parts = [{"type": "text", "text": "a"}, {"type": "other"}, {"type": "text", "text": "b"}]
    got = read(stream(chunk({"content": parts}), chunk({"refusal": "no"}, "content_filter")))
    assert got[1:] == [TextDelta("ab"), TextDelta("no"), Finished("refusal", Usage())]


def test_a_stream_without_done_but_with_its_reason():
    assert read(stream(chunk({"content": "a"}, "stop"), done=False))[-1] == END


def test_what_comes_behind_the_end_is_nothing():
    got = read(stream(chunk({"content": "a"}, "stop")) + stream(chunk({"content": "b"})))
    assert got == [START, TextDelta("a"), END]


def test_heartbeats_are_skipped():
    got = read(stream({"choices": []}, {"type": "ping"}, chunk({"content": "a"}, "stop")))
    assert [type(event) for event in got] == [Started, TextDelta, Finished]


def test_calls_decide_whatever_the_reason_says():
    for reason in ("stop", "tool_calls", "function_call", "eos"):
        got = read(stream(calls(piece(0, "c1", "Run", "{}")), chunk({}, reason)))
        assert got[-1] == Finished("tool_use", Usage())
    assert read(stream(chunk({"content": "a"}, "tool_calls")))[-1].reason == "end_turn"


def test_the_stop_sequence_as_vllm_tells_it():
    ending = chunk({}, "stop")
    ending["choices"][0]["stop_reason"] = "</block>"
    assert read(stream(ending))[-1] == Finished("stop_sequence", Usage(), "</block>")
    ending["choices"][0]["stop_reason"] = 151645
    assert read(stream(ending))[-1] == END


def test_a_call_that_the_length_cut_stays_open():
    got = read(stream(calls(piece(0, "c1", "Run", '{"a')), chunk({}, "length")))
    assert got[1:] == [
        ToolCallStarted("c1", "Run"),
        ToolCallDelta('{"a'),
        Finished("max_tokens", Usage()),
    ]


# --- what goes wrong ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ({"message": "busy", "type": "overloaded_error"}, Overloaded, "busy"),
        ({"message": "busy", "code": 503}, Overloaded, "busy"),
        ({"message": "Provider broke", "code": 502}, EngineError, "Provider broke"),
        ("just words", EngineError, "just words"),
        ({}, EngineError, "did not explain"),
        ({"message": "x", "type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 8},
         PromptTooLong, "prompt is too long: 9 tokens > 8 maximum"),
    ],
)  # fmt: skip
def test_an_error_in_a_stream(error, kind, words):
    got = read(stream(chunk({"content": "half"}), {"error": error}))
    assert isinstance(got[-1].error, kind)
    assert words in str(got[-1].error)
    assert got[-1].error.origin == "upstream"
    with pytest.raises(kind, match=words):
        parse_answer(json.dumps({"error": error}).encode(), new_ids())


def test_other_ways_to_say_error():
    named = b'event: error\ndata: {"message": "gone"}\n\n'
    assert str(read(stream(chunk({"content": "a"}), done=False), named)[-1].error) == "gone"
    object_ = {"object": "error", "message": "gone", "code": 404}
    assert read(stream(object_))[-1].error.status == 404
    assert isinstance(read(stream(chunk({}, "error")))[-1], Failed)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"data: [DONE]\n\n",
        b"<html>captive portal</html>",
        b"data: {\n\n",
        b"data: []\n\n",
        b"data: {}\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        b'data: {"choices": {}}\n\n',
        stream(chunk({"content": 7})),
        stream(chunk({"content": "no reason"})),
        stream(chunk({"content": "a"}, "stop"), chunk({"content": "b"})),
    ],
    ids=range(11),
)
def test_a_stream_of_something_else_fails(sent):
    got = read(sent)
    assert isinstance(got[-1], Failed)
    assert isinstance(got[-1].error, EngineError)
    assert not [event for event in got if isinstance(event, Finished)]


def test_a_line_without_end_is_given_up():
    parser = EventParser(new_ids())
    assert not parser.feed(b"data: ")
    fed = 0
    events = []
    while not events:
        events = parser.feed(b"x" * 65_536)
        fed += 65_536
    assert fed <= LONGEST_EVENT + 65_536
    assert "more than" in str(events[0].error)
    assert parser.feed(b"more") == []
    assert parser.close() == []


def test_an_answer_without_end_is_given_up():
    parser = EventParser(new_ids())
    line = stream(chunk({"content": "x" * 2_000_000}), done=False)
    events = []
    fed = 0
    while not isinstance(events[-1] if events else None, Failed):
        events = parser.feed(line)
        fed += len(line)
    assert fed <= MOST_BYTES + len(line)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"choices": []}', b'{"choices": [{}]}'])
def test_a_whole_answer_of_something_else_fails(body):
    with pytest.raises(EngineError) as caught:
        parse_answer(body, new_ids())
    assert caught.value.origin == "upstream"


def test_ended_calls_are_marked():
    got = read(stream(calls(piece(0, "c1", "Run", "")), chunk({}, "stop")))
    assert got[1:4] == [ToolCallStarted("c1", "Run"), ToolCallDelta("{}"), ToolCallEnded()]
