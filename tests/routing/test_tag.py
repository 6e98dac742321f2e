import json

import pytest

from edge.chat import Text
from edge.routing.tag import find_tag, without_tag
from tests.routing.asked import asked

TAG = "<CCR-SUBAGENT-MODEL>cloud,claude-x</CCR-SUBAGENT-MODEL>"
REMINDER = "<system-reminder>be kind</system-reminder>"


@pytest.mark.parametrize(
    "request_",
    [
        asked(TAG + "\nlook around"),
        asked(f"\n  {TAG} look around", "and then?"),
        asked([{"type": "text", "text": REMINDER}, {"type": "text", "text": TAG + "look around"}]),
        asked("look around", system=[{"type": "text", "text": "a"}, {"type": "text", "text": TAG}]),
    ],
)
def test_a_tag_is_found_and_taken_out_of_parts_and_bytes(request_):
    assert find_tag(request_) == "cloud,claude-x"
    clean = without_tag(request_)
    assert find_tag(clean) is None
    assert "CCR-SUBAGENT" not in repr(clean)
    assert b"CCR-SUBAGENT" not in clean.wire.body
    assert b"look around" in clean.wire.body
    assert json.loads(clean.wire.body)["messages"][0]["role"] == "user"
    said = [part.text for part in clean.messages[0].parts if isinstance(part, Text)]
    assert said[-1] == "look around"


@pytest.mark.parametrize(
    "request_",
    [
        asked("what does " + TAG + " do?"),
        asked("hello", TAG),
        asked([{"type": "tool_result", "tool_use_id": "t", "content": TAG}]),
        asked("<CCR-SUBAGENT-MODEL></CCR-SUBAGENT-MODEL>x"),
        asked("<CCR-SUBAGENT-MODEL>" + 300 * "x" + "</CCR-SUBAGENT-MODEL>"),
    ],
)
def test_what_only_speaks_of_tags_is_left_as_it_is(request_):
    assert find_tag(request_) is None
    assert without_tag(request_) is request_
