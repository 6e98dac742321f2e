"""Drafts out of the text before."""

from hypothesis import given
from hypothesis import strategies as st

from edge.engines.worker.lookup import NGRAM, REACH, Lookup, Place


def draft(held: list[int], length: int) -> list[int]:
    lookup = Lookup(held)
    place = lookup.place()
    return [] if place is None else lookup.follow(place, length)


def test_what_followed_before_is_drafted():
    assert draft([1, 2, 3, 4, 5, 6, 1, 2, 3], 2) == [4, 5]


def test_nothing_matches():
    assert draft([1, 2, 3, 4, 5, 6], 4) == []
    assert draft([], 4) == []
    assert draft([1, 2, 3], 4) == []


def test_the_longer_match_is_better_than_the_newer():
    held = [9, 1, 2, 3, 7, 7, 8, 1, 2, 3, 6, 6, 9, 1, 2, 3]
    assert draft(held, 2) == [7, 7]


def test_the_newer_of_equals():
    held = [1, 2, 3, 7, 0, 1, 2, 3, 6, 5, 1, 2, 3]
    assert draft(held, 1) == [6]


def test_it_tells_how_much_was_alike():
    text = list(range(50))
    assert Lookup([*text, *range(3, 9)]).place() == Place(9, 6)
    assert Lookup([*text, 99, *text[:-1]]).place() == Place(49, REACH)


def test_a_repetition_drafts_itself():
    assert draft([5] * 10, 3) == [5]


def test_tokens_are_added():
    lookup = Lookup([1, 2, 3, 4])
    for token in [9] * 600 + [1, 2, 3]:
        lookup.add(token)
    place = lookup.place()
    assert place is not None
    assert lookup.follow(place, 1) == [4]


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 10))
def test_a_draft_stood_behind_the_same_tokens(held: list[int], length: int):
    found = draft(held, length)
    assert len(found) <= length
    if found:
        pattern = [*held[-NGRAM:], *found]
        spans = [held[at : at + len(pattern)] for at in range(len(held))]
        assert pattern in spans
