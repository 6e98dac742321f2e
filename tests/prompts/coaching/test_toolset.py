"""What a small model is shown of a client's tools."""

from dataclasses import replace

import pytest

from edge.chat import Text, ToolChoice, ToolSpec
from edge.prompts.coaching.toolset import shown
from tests.prompts.coaching.sessions import BARE, bash, conversation

FULL = (*BARE, *(ToolSpec(n) for n in ("Write", "Agent", "TaskOutput", "ToolSearch", "mcp__db")))


def names(request) -> set[str]:
    return {tool.name for tool in shown(request).tools}


def test_what_organises_a_session_is_left_out():
    assert names(conversation("Fix a.py", tools=FULL)) == {
        "Bash",
        "Edit",
        "Read",
        "Write",
        "mcp__db",
    }


@pytest.mark.parametrize(
    ("request_", "tool"),
    [
        (conversation("Let an Agent look for it", tools=FULL), "Agent"),
        (conversation("Go on", ("Agent", {}, "done", False), tools=FULL), "Agent"),
        (
            conversation("Go on", bash("sleep 9", "Read it with TaskOutput"), tools=FULL),
            "TaskOutput",
        ),
        (
            replace(conversation("Go on", tools=FULL), tool_choice=ToolChoice("tool", "Agent")),
            "Agent",
        ),
        (
            replace(conversation("Go on", tools=FULL), system=(Text("There is mcp__db__query"),)),
            "ToolSearch",
        ),
    ],
)
def test_until_it_is_spoken_of(request_, tool: str):
    assert names(request_) - names(conversation("Fix a.py", tools=FULL)) == {tool}


def test_a_word_in_a_result_may_be_there_by_chance():
    seen = bash("cat a.py", "class Agent: pass")
    assert "Agent" not in names(conversation("What is in a.py?", seen, tools=FULL))


def test_what_joined_later_was_asked_for():
    late = replace(FULL[4], deferred=True)
    assert late.name in names(conversation("Fix a.py", tools=(*BARE, late)))


def test_other_clients_are_left_alone():
    other = conversation("Hello", tools=(ToolSpec("Agent"), ToolSpec("Read")))
    assert shown(other) is other
    bare = conversation("Hello")
    assert shown(bare) is bare
