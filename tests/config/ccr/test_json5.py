import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.ccr.json5 import loads

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.sampled_from([None, 2]))
def test_plain_json_means_what_it_meant(value, indent):
    assert loads(json.dumps(value, indent=indent)) == value
    assert loads(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, $b_2: [true,], /* x\n, y */ }", {"a": 1, "$b_2": [True]}),
        ("// c\n{'it\\'s': 'a \"b\" \\\\' } // end", {"it's": 'a "b" \\'}),
        ('{"url": "https://x//y" /* no comment */}', {"url": "https://x//y"}),
        ("{null: null, true: [,]}".replace("[,]", "[]"), {"null": None, "true": []}),
        ("[+1, -2, 1e3]", [1, -2, 1000.0]),
        ('{"a": "one \\\n two"}', {"a": "one  two"}),
        ("[{},]", [{}]),
        ('["a", "}",]', ["a", "}"]),
    ],
)
def test_what_people_write(text: str, value):
    assert loads(text) == value


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Expecting value"),
        ("{\n\n@}", "line 3 cannot be read"),
        ('{"sk-secret', "line 1 cannot be read"),
        ("/* for ever", "line 1 cannot be read"),
        ("{a: 1", "Expecting"),
        ("[1,,2]", "Expecting value"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_says_where_and_quotes_nothing(text: str, complaint: str):
    with pytest.raises(ValueError, match=complaint) as caught:
        loads(text)
    assert "secret" not in str(caught.value)
