"""The forgiving JSON reader."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.toolcalls.lenient import MAX_DEPTH, JsonReader, Step, loads

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(values) | st.dictionaries(st.text(), values), st.booleans(), st.booleans())
def test_agrees_with_json(value: Any, ascii_only: bool, strict: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    reader = JsonReader(strict=strict)
    steps = [reader.push(ch) for ch in text]
    assert steps[-1] is Step.DONE
    assert reader.value == json.loads(text.encode("utf-8", "replace")) or "\\ud" in text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "x\\.y"}', {"a": "x\\.y"}),
        ('{"a": "\\$HOME"}', {"a": "\\$HOME"}),
        ('{"a": "it\\\'s"}', {"a": "it's"}),
        ('{"a": "one\ntwo\t"}', {"a": "one\ntwo\t"}),
        ('{"a": 1,}', {"a": 1}),
        ("[1, 2,]", [1, 2]),
        ('{"a": True, "b": None, "c": False}', {"a": True, "b": None, "c": False}),
        ('{{"a": 1}}', {"a": 1}),
        ('{"a": {{"b": 1}}}', {"a": {"b": 1}}),
        ('{"a": {"b": [1, 2', {"a": {"b": [1, 2]}}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "\N{GRINNING FACE}"}),
        ('{"a": "\\ud83d"}', {"a": "\N{REPLACEMENT CHARACTER}"}),
        ('{"a": "\\u12"}', {"a": "\\u12"}),
        ('{"a": "x', None),
        ('{"a":', None),
        ('{"a"', None),
        ("{a: 1}", None),
        ('{"a" 1}', None),
        ('{"a": 1 "b": 2}', None),
        ('{"a": nope}', None),
        ('{"a": Infinity}', None),
        ('{"a": 1e999}', None),
        ('{"a": NaN}', None),
        ("[1}", None),
        ("{{{", None),
        ("3", None),
        ("", None),
        ('{"a": 1} x', None),
    ],
)
def test_forgives(text: str, value: Any) -> None:
    assert loads(text) == value


@pytest.mark.parametrize(
    "text",
    ['{"a": "\\."', '{"a": "\n"', '{"a": 1,}', "[1,]", '{"a": True}', "{{", '{"a": "\\u1x"', "{x"],
)
def test_strict_forgives_nothing(text: str) -> None:
    reader = JsonReader(strict=True)
    assert Step.BROKEN in [reader.push(ch) for ch in text]


def test_depth_is_bounded() -> None:
    assert loads("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert loads("[" * (MAX_DEPTH + 1)) is None


def test_what_is_known_on_the_way() -> None:
    reader = JsonReader()
    steps = {ch: reader.push(ch) for ch in '{"ke'}
    assert reader.partial == "ke"
    assert reader.in_key
    assert set(steps.values()) == {Step.NONE}
    assert [reader.push(ch) for ch in 'y": "v"'] == [
        Step.NONE, Step.KEY, Step.COLON, Step.NONE, Step.NONE, Step.NONE, Step.STRING,
    ]  # fmt: skip
    assert (reader.key, reader.text, reader.partial, reader.depth) == ("key", "v", None, 1)
    assert reader.innermost == {"key": "v"}
