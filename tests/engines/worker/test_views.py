"""Which stretches a draft model has read."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.engines.worker.views import SPARE_TOKENS, Place, Views

TEXT = [n * 7919 % 10_007 for n in range(1000)]


def read(place: Place, text: list[int], views: Views) -> None:
    views.settle(place)
    place.view.tokens.extend(text[place.start + place.kept :])


def test_the_end_of_what_is_not_known():
    place = Views(2, 400, window=100).place(TEXT)
    assert (place.start, place.kept, place.unread(TEXT)) == (900, 0, 100)


def test_a_short_text_is_read_whole():
    assert Views(2, 400, window=100).place(TEXT[:30]).start == 0


def test_a_text_that_goes_on_is_continued():
    views = Views(2, 400, window=100)
    read(views.place(TEXT[:500]), TEXT[:500], views)
    place = views.place(TEXT[:530])
    assert (place.start, place.unread(TEXT[:530])) == (400, 30)


def test_the_last_token_is_never_kept():
    views = Views(2, 400, window=100)
    read(views.place(TEXT[:50]), TEXT[:50], views)
    assert views.place(TEXT[:50]).unread(TEXT[:50]) == 1


def test_wrong_guesses_are_cut():
    views = Views(2, 400, window=100)
    read(views.place(TEXT[:50]), [*TEXT[:50], 1, 2, 3], views)
    text = [*TEXT[:50], 1, 9]
    place = views.place(text)
    assert place.kept == 51
    views.settle(place)
    assert place.view.tokens == text[:51]


def test_sessions_that_take_turns_keep_their_views():
    views = Views(2, 400, window=100)
    one, other = TEXT[:500], TEXT[300:700]
    read(views.place(one), one, views)
    read(views.place(other), other, views)
    assert views.place([*one, 5]).unread([*one, 5]) == 1
    assert views.place([*other, 5]).unread([*other, 5]) == 1


def test_a_full_view_begins_anew():
    views = Views(1, 200, window=50)
    text = TEXT[:100]
    read(views.place(text), text, views)
    text = TEXT[:150]
    read(views.place(text), text, views)
    place = views.place(TEXT[: 51 + 200 - SPARE_TOKENS])
    assert (place.kept, place.start) == (0, 51 + 200 - SPARE_TOKENS - 50)


def test_the_oldest_make_room():
    views = Views(3, 300, window=100)
    texts = [TEXT[n : n + 90] for n in (0, 100, 200)]
    places = [views.place(text) for text in texts if not read(views.place(text), text, views)]
    gone = views.crowding(places[2].view, 50)
    assert [view.tokens for view in gone] == [texts[0]]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 60), st.integers(0, 5)), max_size=30),
    st.integers(100, 300),
)
def test_a_place_always_stands_for_the_texts_own_tokens(
    turns: list[tuple[int, int, int]], capacity: int
):
    """Texts that grow by turns, with wrong guesses behind what was read."""
    views = Views(2, capacity, window=40)
    texts = [[family] * 5 for family in range(3)]
    for family, more, wrong in turns:
        text = texts[family]
        text.extend((family * 7 + n) % 11 for n in range(more))
        place = views.place(text)
        end = place.start + place.kept
        assert place.view.tokens[: place.kept] == text[place.start : end]
        assert 1 <= place.unread(text) <= 40
        views.settle(place)
        for view in views.crowding(place.view, place.unread(text) + wrong):
            view.tokens.clear()
        place.view.tokens.extend([*text[end:], *[99] * wrong])
        assert len(place.view.tokens) <= capacity
