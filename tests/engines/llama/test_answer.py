"""Worker frames of one answer, as events."""

import pytest

from edge.chat import (
    Event,
    Failed,
    Finished,
    Progress,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.engines.frames import (
    Accepted,
    Counted,
    Done,
    FromWorker,
    Piece,
    Reading,
    Refused,
    Seated,
)
from edge.engines.llama.answer import Answer, refusal
from edge.errors import (
    EngineError,
    PromptTooLong,
    TemplateFailed,
    UnsatisfiableSchema,
    UnsupportedInput,
)
from edge.units import Tokens


def read(*frames: FromWorker, answer: Answer | None = None) -> list[Event]:
    answer = answer or Answer("claude-x", lambda size: bytes(size))
    return [event for frame in frames for event in answer.read(frame)]


def test_it_starts_when_work_begins_and_counts_what_was_cached():
    assert read(Accepted(1, 10, queued=False)) == []
    started, progress = read(Accepted(1, 10, queued=False), Seated(1, 4), Reading(1, 6, 10))
    assert started == Started("claude-x", Usage(input=Tokens(6), cache_read=Tokens(4)))
    assert progress == Progress(Tokens(6), Tokens(10))


def test_a_queued_one_starts_at_once_and_counts_the_cached_at_its_end():
    events = read(Accepted(1, 10, queued=True), Seated(1, 4), Done(1, "end_turn", 2))
    assert events == [
        Started("claude-x", Usage(input=Tokens(10))),
        Finished("end_turn", Usage(Tokens(6), Tokens(4), output=Tokens(2))),
    ]


def test_pieces_are_content():
    pieces = [
        Piece(1, "thought", "hm"),
        Piece(1, "text", "hello"),
        Piece(1, "open", "Bash"),
        Piece(1, "arguments", "{}"),
        Piece(1, "close"),
    ]
    _, thought, text, opened, arguments, closed = read(Seated(1, 0), *pieces)
    assert (thought, text) == (ThinkingDelta("hm"), TextDelta("hello"))
    assert isinstance(opened, ToolCallStarted)
    assert (opened.id[:6], opened.name) == ("toolu_", "Bash")
    assert (arguments, closed) == (ToolCallDelta("{}"), ToolCallEnded())


def test_two_calls_have_two_ids():
    numbers = iter(range(1, 9))
    answer = Answer("m", lambda size: bytes([next(numbers)] * size))
    first, second = read(Piece(1, "open", "Bash"), Piece(1, "open", "Bash"), answer=answer)
    assert isinstance(first, ToolCallStarted)
    assert isinstance(second, ToolCallStarted)
    assert first.id != second.id


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("end_turn", "end_turn"),
        ("max_tokens", "max_tokens"),
        ("tool_use", "tool_use"),
        ("context", "model_context_window_exceeded"),
    ],
)
def test_every_end_has_its_reason(told, meant):
    answer = Answer("m", bytes)
    (_, finished) = read(Seated(1, 0), Done(1, told, 3), answer=answer)
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.stop_sequence) == (meant, None)
    assert answer.ended


def test_a_stop_sequence_is_named():
    (finished,) = read(Done(1, "stop_sequence", 3, "STOP"))
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.stop_sequence) == ("stop_sequence", "STOP")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("too_long", PromptTooLong),
        ("schema", UnsatisfiableSchema),
        ("template", TemplateFailed),
        ("input", UnsupportedInput),
        ("internal", EngineError),
    ],
)
def test_a_refusal_is_an_error_of_the_tree(kind, error):
    frame = Refused(1, kind, "because", tokens=9, maximum=8)
    assert type(refusal(frame)) is error
    assert str(refusal(frame)) in ("because", "prompt is too long: 9 tokens > 8 maximum")
    answer = Answer("m", bytes)
    with pytest.raises(error):
        read(Accepted(1, 10, queued=False), frame, answer=answer)
    assert answer.ended


def test_a_refusal_after_the_start_ends_the_stream():
    (_, failed) = read(Accepted(1, 10, queued=True), Refused(1, "internal", "because"))
    assert isinstance(failed, Failed)
    assert str(failed.error) == "because"


def test_a_frame_that_is_no_answer_s_is_an_error():
    with pytest.raises(EngineError, match="sent a Counted for a chat"):
        read(Counted(1, 2))
