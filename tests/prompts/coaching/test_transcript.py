"""Reading a conversation."""

from dataclasses import replace

import pytest

from edge.chat import Message, Text
from edge.prompts.coaching.transcript import (
    Step,
    found_nothing,
    is_listing,
    is_reminder,
    since_task,
    steps,
    task,
    working_directory,
)
from tests.prompts.coaching.sessions import EDIT_CALC, PROJECT, READ_CALC, bash, conversation


def test_the_task_is_the_persons_last_words():
    request = conversation("Fix it", READ_CALC)
    later = replace(request, messages=(*request.messages, Message("user", (Text("Now run it"),))))
    assert task(request) == "Fix it"
    assert task(later) == "Now run it"
    assert since_task(later) == later.messages[-1:]


def test_the_clients_reminders_are_nobodys_words():
    reminder = Text("<system-reminder>The date changed.</system-reminder>")
    request = conversation("Fix it")
    reminded = replace(request, messages=(*request.messages, Message("user", (reminder,))))
    assert task(reminded) == "Fix it"


def test_steps_are_calls_with_their_results():
    made = steps(conversation("Fix it", READ_CALC, EDIT_CALC).messages)
    assert [step.name for step in made] == ["Read", "Edit"]
    assert made[0].path == f"{PROJECT}/calc.py"
    assert made[1].argument("old_string") == "a = 1"
    assert made[1].argument("replace_all") == ""


def test_the_working_directory():
    assert working_directory(conversation("x")) == "/home/dev/project"
    full = "# Environment\n - Primary working directory: /srv/app\n - Platform: linux"
    silent = replace(conversation("x"), messages=(Message("user", (Text("x"),)),))
    assert working_directory(replace(silent, system=(Text(full),))) == "/srv/app"
    assert working_directory(silent) == "."


def test_reminders():
    assert is_reminder("<system-reminder>a</system-reminder>\n<system-reminder>b</system-reminder>")
    assert not is_reminder("<system-reminder>a</system-reminder>\nFix it")
    assert not is_reminder(" ")


def only_step(step: tuple) -> Step:
    (made,) = steps(conversation("x", step).messages)
    return made


@pytest.mark.parametrize(
    ("command", "lists"),
    [
        ("ls -la", True),
        ("find . -type f", True),
        ("find . -exec cat {} +", False),
        ("ls | xargs cat", False),
        ("cat a.py", False),
    ],
)
def test_listings(command: str, lists: bool):
    assert is_listing(only_step(bash(command, "a.py"))) is lists


def test_searches_without_a_find():
    assert found_nothing(only_step(bash("grep -rn RATE .", "")))
    assert found_nothing(only_step(bash("find . -name x", "(Bash completed with no output)")))
    assert not found_nothing(only_step(bash("touch a", "(Bash completed with no output)")))
    assert not found_nothing(only_step(bash("grep -rn RATE .", "./a.py:1:RATE")))
