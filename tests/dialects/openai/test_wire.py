"""Counts both ways."""

import msgspec
from hypothesis import given

from edge.dialects.openai.wire import Counts, text_of, usage_json, usage_of
from tests.dialects.openai.strategies import usages


@given(usages)
def test_counts_both_ways(usage):
    assert usage_of(msgspec.convert(usage_json(usage), Counts)) == usage


def test_counts_add_up():
    assert usage_of(Counts(prompt_tokens=-4)).input == 0


def test_text_of_parts():
    assert text_of(None) == ""
    assert text_of([{"text": "a"}, {"text": 7}, "b", {}]) == "a"
