"""An answer on its way in, whatever its bytes are."""

import pytest

from edge.chat import Event, Failed, Finished, TextDelta, Usage
from edge.dialects.framing import LONGEST_EVENT, ServerSentEvent
from edge.dialects.reading import Reading, broken
from edge.errors import EngineError, Overloaded

END = Finished("end_turn", Usage())


def read(frame: ServerSentEvent) -> list[Event]:
    match frame.data:
        case "end":
            return [END]
        case "full":
            raise Overloaded("full")
        case "odd":
            raise KeyError("choices")
        case text:
            return [TextDelta(text)]


def cut() -> list[Event]:
    raise broken("it was cut")


def reading() -> Reading:
    return Reading("Some API", read, cut)


def test_what_frames_say_until_it_is_over():
    one = reading()
    assert one.feed(b"data: a\n\ndata: b\n\nda") == [TextDelta("a"), TextDelta("b")]
    assert one.feed(b"ta: end\n\ndata: c\n\n") == [END]
    assert one.feed(b"data: d\n\n") == []
    assert one.close() == []


def test_an_end_that_did_not_come():
    one = reading()
    assert one.feed(b"data: a\n\ndata: b") == [TextDelta("a")]
    *said, last = one.close()
    assert said == [TextDelta("b")]
    assert isinstance(last, Failed)
    assert str(last.error) == "it was cut"
    assert one.close() == []


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"data: full\n\n", Overloaded, "full"),
        (b"data: odd\n\n", EngineError, "is not of Some API: KeyError('choices')"),
        (b"data: " + b"x" * (LONGEST_EVENT + 1), EngineError, "an event of more than"),
    ],
)
def test_what_is_wrong_ends_it(data, kind, words):
    one = reading()
    (failed,) = one.feed(data)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, kind)
    assert words in str(failed.error)
    assert one.feed(b"data: a\n\n") == one.close() == []


def test_what_is_broken_is_the_other_servers_fault():
    assert broken("x").origin == "upstream"
