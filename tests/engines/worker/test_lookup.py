"""Drafts out of the text before."""

from hypothesis import given
from hypothesis import strategies as st

from edge.engines.worker.lookup import NGRAM, Lookup


def test_what_followed_before_is_drafted():
    assert Lookup([1, 2, 3, 4, 5, 6, 1, 2, 3]).draft(2) == [4, 5]


def test_nothing_matches():
    assert Lookup([1, 2, 3, 4, 5, 6]).draft(4) == []
    assert Lookup([]).draft(4) == []
    assert Lookup([1, 2, 3]).draft(4) == []


def test_the_longer_match_is_better_than_the_newer():
    held = [9, 1, 2, 3, 7, 7, 8, 1, 2, 3, 6, 6, 9, 1, 2, 3]
    assert Lookup(held).draft(2) == [7, 7]


def test_the_newer_of_equals():
    held = [1, 2, 3, 7, 0, 1, 2, 3, 6, 5, 1, 2, 3]
    assert Lookup(held).draft(1) == [6]


def test_a_repetition_drafts_itself():
    assert Lookup([5] * 10).draft(3) == [5]


def test_tokens_are_added():
    lookup = Lookup([1, 2, 3, 4])
    for token in [9] * 600 + [1, 2, 3]:
        lookup.add(token)
    assert lookup.draft(1) == [4]


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 10))
def test_a_draft_stood_behind_the_same_tokens(held: list[int], length: int):
    draft = Lookup(held).draft(length)
    assert len(draft) <= length
    if draft:
        pattern = [*held[-NGRAM:], *draft]
        spans = [held[at : at + len(pattern)] for at in range(len(held))]
        assert pattern in spans
