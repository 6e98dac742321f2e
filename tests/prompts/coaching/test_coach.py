"""The coached conversation."""

from dataclasses import replace

import pytest

from edge.chat import Text, ToolSpec
from edge.prompts.coaching import coach
from edge.prompts.coaching.coach import AGENT_TEMPERATURE
from tests.prompts.coaching.sessions import BARE, READ_CALC, bash, conversation


def test_an_introduction_and_an_example_in_the_projects_own_paths():
    coached = coach(conversation("Fix calc.py"))
    assert 'old_string ""' in coached.system[-1].text
    facts, example, words = coached.messages[0].parts
    assert facts == conversation("").messages[0].parts[0]
    assert isinstance(example, Text)
    assert "/home/dev/project/limits.py" in example.text
    assert words == Text("Fix calc.py")
    assert coached.sampling.temperature == AGENT_TEMPERATURE


def test_the_system_text_is_the_same_in_every_project():
    here = coach(conversation("Fix calc.py"))
    there = coach(conversation("Fix calc.py", directory="/srv/other"))
    assert here.system == there.system
    assert here.messages != there.messages


def test_a_client_with_write_creates_by_write():
    coached = coach(conversation("x", tools=(*BARE, ToolSpec("Write"))))
    assert "call Write" in coached.system[-1].text


def test_other_conversations_are_left_alone():
    request = conversation("hi", tools=(ToolSpec("get_weather"),))
    assert coach(request) == request


def test_what_the_client_asks_for_is_kept():
    request = conversation("x")
    warm = replace(request, sampling=replace(request.sampling, temperature=0.9))
    assert coach(warm).sampling.temperature == 0.9


def test_the_task_is_told_again_when_it_is_time_for_words():
    coached = coach(conversation("What is in calc.py?", READ_CALC, READ_CALC))
    last = coached.messages[-1].parts[0]
    assert isinstance(last, Text)
    assert last.text.endswith("What is in calc.py?")


@pytest.mark.parametrize(
    ("output", "again"), [("7 bridges\n", True), ("x" * 900, False), ("", False)]
)
def test_a_short_output_that_was_wanted_is_told_again(output: str, again: bool):
    coached = coach(conversation("Run ls -a and tell me what it prints.", bash("ls -a", output)))
    last = coached.messages[-1].parts[0]
    assert isinstance(last, Text)
    assert last.text.endswith("has printed:\n7 bridges") is again
    assert "Run ls -a and tell me what it prints." in last.text
