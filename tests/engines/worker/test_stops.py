from hypothesis import given
from hypothesis import strategies as st

from edge.engines.worker.stops import StopFilter


def run(stops: list[str], pieces: list[str]) -> tuple[str, str | None]:
    stop_filter = StopFilter(stops)
    text = "".join(stop_filter.feed(piece) for piece in pieces)
    return text + ("" if stop_filter.met else stop_filter.flush()), stop_filter.met


def test_text_up_to_the_stop_passes():
    assert run(["</block>"], ["<block>yes</bl", "ock> and more"]) == ("<block>yes", "</block>")


def test_a_false_beginning_passes_in_the_end():
    assert run(["END"], ["the EN", "GINE"]) == ("the ENGINE", None)


def test_the_earliest_of_several_wins():
    assert run(["b", "ab"], ["xab"]) == ("x", "ab")


def test_nothing_passes_after_the_stop():
    stop_filter = StopFilter(["."])
    assert stop_filter.feed("one. two") == "one"
    assert stop_filter.feed(" three") == ""


def test_empty_stops_are_ignored():
    assert run([""], ["text"]) == ("text", None)


@given(
    st.text("ab", max_size=30),
    st.lists(st.text("ab", min_size=1, max_size=4), max_size=3),
    st.data(),
)
def test_any_split_gives_the_same(text, stops, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[i:j] for i, j in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert run(stops, pieces) == run(stops, list(text))
