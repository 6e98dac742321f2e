"""System text without what changes, over the client's own requests."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from edge.chat import ChatRequest, Message, Text, ToolSpec
from edge.dialects.anthropic import parse
from edge.prompts.volatile import settle_environment
from tests.dialects.anthropic.recordings import load

RECORDED = [
    "2.1.197-bare",
    "2.1.197-default-tools",
    "2.1.197-subagent",
    "2.1.330-bare",
    "2.1.330-default-tools",
    "2.1.330-subagent",
]


def recorded(name: str) -> ChatRequest:
    recording = load(name)
    return parse(recording.body, recording.headers, recording.path)


def system_text(request: ChatRequest) -> str:
    return "\n".join(block.text for block in request.system)


def elsewhere(request: ChatRequest) -> ChatRequest:
    """The same client in another project, on another day and machine."""
    changes = {
        "/home/dev/project": "/srv/other",
        "-home-dev-project": "-srv-other",
        "2026-11-22": "2027-01-01",
        "Linux 6.12.48": "Linux 7.1.0",
    }

    def changed(text: str) -> str:
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    return replace(request, system=tuple(replace(b, text=changed(b.text)) for b in request.system))


@pytest.mark.parametrize("name", RECORDED)
def test_the_system_text_is_the_same_everywhere(name: str):
    here, there = recorded(name), elsewhere(recorded(name))
    assert settle_environment(here).system == settle_environment(there).system


@pytest.mark.parametrize("name", RECORDED)
def test_no_word_is_lost(name: str):
    before = recorded(name)
    after = settle_environment(before)
    told = system_text(after) + "".join(
        part.text for message in after.messages for part in message.parts if isinstance(part, Text)
    )
    words = set(re.findall(r"\S+", system_text(before)))
    assert {word for word in words if word.strip("`'\".,;:()") not in told} == set()


def test_bare_mode_before_and_after():
    after = settle_environment(recorded("2.1.330-bare"))
    assert "CWD" not in system_text(after)
    first = after.messages[0].parts[0]
    assert isinstance(first, Text)
    assert first.text == (
        "<system-reminder>\n# Environment\nCWD: /home/dev/project\nDate: 2026-11-22\n"
        "</system-reminder>"
    )


def test_a_snapshot_of_the_repository_moves_whole():
    system = (Text("Be brief.\n\ngitStatus: This is the status.\n\nM a.py\n\nRecent: abc"),)
    request = ChatRequest("m", (Message("user", (Text("hi"),)),), system=system)
    after = settle_environment(request)
    assert system_text(after).strip() == "Be brief."
    assert "M a.py\n\nRecent: abc" in after.messages[0].parts[0].text


def test_a_directory_inside_a_sentence_gets_a_name():
    text = "Put files into `/tmp/cl-0/-home-ada-x/0f3a/scratchpad`, never into /tmp."
    request = ChatRequest("m", (Message("user", (Text("hi"),)),), system=(Text(text),))
    after = settle_environment(request)
    assert system_text(after) == "Put files into `<scratchpad directory>`, never into /tmp."
    told = after.messages[0].parts[0].text
    assert "\n<scratchpad directory> is /tmp/cl-0/-home-ada-x/0f3a/scratchpad\n" in told


def test_a_tool_that_joins_later_is_left_as_it_came():
    month = "The current month is May 2026."
    tools = (ToolSpec("A", month), ToolSpec("B", month, deferred=True))
    request = ChatRequest("m", (Message("user", (Text("hi"),)),), tools=tools)
    after = settle_environment(request)
    assert [tool.description for tool in after.tools] == [
        "The current month is <current month>.",
        month,
    ]
    assert "<current month> is May 2026" in after.messages[0].parts[0].text


def test_a_system_turn_after_the_first_answer_keeps_its_facts():
    said = Message("system", (Text(" - Primary working directory: /b"),))
    turns = (Message("user", (Text("hi"),)), Message("assistant", (Text("yes"),)), said)
    request = ChatRequest("m", turns)
    assert settle_environment(request) == request


def test_twice_is_once():
    once = settle_environment(recorded("2.1.197-default-tools"))
    assert settle_environment(once) == once


def test_others_are_left_alone():
    request = ChatRequest("m", (Message("user", (Text("hi"),)),), system=(Text("Date with care."),))
    assert settle_environment(request) == request
    lonely = ChatRequest("m", (), system=(Text("Date: today"),))
    assert settle_environment(lonely) == lonely
