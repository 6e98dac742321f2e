"""What was met, as long as it is there."""

from edge.chat import Message, Text, ToolSpec
from edge.routing.met import Met


def test_the_same_object_is_known_and_an_equal_one_is_not():
    met = Met()
    for one, other in (
        (Message("user", (Text("a"),)), Message("user", (Text("a"),))),
        (ToolSpec("a"), ToolSpec("a")),
        (Text("a"), Text("a")),
    ):
        assert one not in met
        met.note(one)
        assert one in met
        assert other not in met


def test_nothing_is_kept_alive_and_who_comes_after_is_another():
    met = Met()
    for number in range(1000):
        text = Text(str(number))
        assert text not in met
        met.note(text)


def test_it_is_bounded():
    met = Met(most=2)
    texts = [Text("a"), Text("b"), Text("c")]
    for text in texts:
        met.note(text)
    assert [text in met for text in texts] == [False, True, True]
