import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dialects.rewrite import as_whole, with_model, without_beginning
from edge.errors import BadRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=9
)


def test_only_the_model_changes():
    body = b'{ "a": 1.10, "model":"x", "messages": [ {"role":"user","content":"\\u00e9"} ] }'
    assert with_model(body, "y") == (
        b'{"a":1.10,"model":"y","messages":[ {"role":"user","content":"\\u00e9"} ]}'
    )


@given(st.dictionaries(st.text(), JSON), st.text())
def test_the_rest_is_what_it_was(fields, model):
    changed = json.loads(with_model(json.dumps(fields).encode(), model))
    assert changed == {**fields, "model": model}


def test_a_pattern_is_cut_where_texts_begin():
    body = {
        "system": [{"type": "text", "text": "TAGa"}, {"type": "text", "text": "TAG"}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "TAGb"}, {"type": "image"}]},
            {"role": "user", "content": "TAGc"},
        ],
        "tools": ["TAG"],
    }
    cut = json.loads(without_beginning(json.dumps(body).encode(), re.compile("TAG")))
    assert cut["system"] == [{"type": "text", "text": "a"}]
    assert cut["messages"][0]["content"] == [{"type": "text", "text": "b"}, {"type": "image"}]
    assert cut["messages"][1]["content"] == "TAGc"
    assert cut["tools"] == ["TAG"]


def test_openais_system_messages_are_cut_too():
    body = b'{"messages":[{"role":"system","content":"TAGa"},{"role":"user","content":"TAGb"}]}'
    cut = json.loads(without_beginning(body, re.compile("TAG")))
    assert [message["content"] for message in cut["messages"]] == ["a", "b"]


def test_a_message_never_loses_its_last_block():
    body = b'{"system":"TAG","messages":[{"role":"user","content":[{"type":"text","text":"TAG"}]}]}'
    cut = json.loads(without_beginning(body, re.compile("TAG")))
    assert cut["system"] == ""
    assert cut["messages"][0]["content"] == [{"type": "text", "text": ""}]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"messages":1}', b"{}"])
def test_what_is_no_request_is_a_sentence(body):
    with pytest.raises(BadRequest):
        without_beginning(body, re.compile("x"))


def test_an_answer_in_one_piece():
    body = b'{"stream":true, "model":  "m","stream_options":{"include_usage":true},"n":1e2}'
    assert as_whole(body) == b'{"model":"m","n":1e2}'


def test_what_asks_for_no_stream_keeps_its_bytes():
    body = b'{ "model":  "m" }'
    assert as_whole(body) is body
    with pytest.raises(BadRequest):
        as_whole(b"[]")
