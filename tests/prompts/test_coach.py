"""The coach over conversations as Claude Code's bare mode makes them."""

from dataclasses import replace

from edge.chat import ChatRequest, Message, Text, ToolResult, ToolSpec, ToolUse
from edge.prompts.coach import (
    AGENT_TEMPERATURE,
    KnownFile,
    coach,
    is_owed_a_call,
    known_files,
    may_create,
    resting_tools,
)

BARE = tuple(ToolSpec(name) for name in ("Bash", "Edit", "Read"))
SYSTEM = (Text("You are a Claude agent."), Text("CWD: /home/dev/project\nDate: 2026-11-22"))


def conversation(task: str, *steps: tuple[str, dict, str, bool], tools=BARE) -> ChatRequest:
    """``steps``: a tool's name, its input, its result, and whether that is an error."""
    messages = [Message("user", (Text(task),))]
    for number, (name, given, result, is_error) in enumerate(steps):
        call = ToolUse(f"toolu_{number}", name, given)
        messages.append(Message("assistant", (call,)))
        answer = ToolResult(call.id, (Text(result),), is_error)
        messages.append(Message("user", (answer,)))
    return ChatRequest("m", tuple(messages), system=SYSTEM, tools=tools)


def last_result(request: ChatRequest) -> str:
    part = coach(request).messages[-1].parts[0]
    assert isinstance(part, ToolResult)
    return "".join(text.text for text in part.content if isinstance(text, Text))


READ_CALC = ("Read", {"file_path": "/home/dev/project/calc.py"}, "1\ta = 1\n2\t  b = 2\n3\t", False)
EDIT_CALC = (
    "Edit",
    {"file_path": "/home/dev/project/calc.py", "old_string": "a = 1", "new_string": "a = 3"},
    "The file has been updated.",
    False,
)


def test_an_introduction_with_the_projects_own_paths():
    coached = coach(conversation("Fix calc.py"))
    assert "/home/dev/project/limits.py" in coached.system[-1].text
    assert 'old_string ""' in coached.system[-1].text
    assert coached.sampling.temperature == AGENT_TEMPERATURE


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


def test_a_failed_edit_gets_a_hint():
    step = ("Edit", {"file_path": "/a"}, "String to replace not found in file.", True)
    assert "Copy old_string from the file exactly" in last_result(conversation("Fix a.py", step))


def test_a_failure_that_repeats_is_told():
    step = ("Bash", {"command": "make"}, "exit code 2", True)
    assert "made this same call before" in last_result(conversation("Fix it", step, step))


def test_a_success_that_repeats_gets_no_hint():
    part = coach(conversation("Fix calc.py", READ_CALC, READ_CALC)).messages[-2].parts[0]
    assert isinstance(part, ToolResult)
    assert part.content[-1].text == "1\ta = 1\n2\t  b = 2\n3\t"


def test_files_that_are_left_are_named():
    request = conversation("Rename a in calc.py and main.py", READ_CALC, EDIT_CALC)
    assert "also named main.py" in last_result(request)


def test_the_end_is_told():
    request = conversation("Rename a in calc.py", READ_CALC, EDIT_CALC)
    assert "give the final answer" in last_result(request)


def test_lines_are_counted():
    assert "(2 lines)" in last_result(conversation("How long is calc.py?", READ_CALC))


def test_hints_do_not_change_when_the_conversation_grows():
    shorter = coach(conversation("Rename a in calc.py and main.py", READ_CALC, EDIT_CALC))
    longer = coach(conversation("Rename a in calc.py and main.py", READ_CALC, EDIT_CALC, READ_CALC))
    assert longer.messages[: len(shorter.messages)] == shorter.messages


def test_known_files_are_newest_first_and_without_line_numbers():
    main = ("Read", {"file_path": "/home/dev/project/main.py"}, "1\tx", False)
    files = known_files(conversation("x", READ_CALC, main))
    assert files == (
        KnownFile("/home/dev/project/main.py", "x"),
        KnownFile("/home/dev/project/calc.py", "a = 1\n  b = 2\n"),
    )


def test_an_edits_text_stands_in_the_file():
    (file,) = known_files(conversation("x", READ_CALC, EDIT_CALC))
    assert file.text is not None
    assert "a = 3" in file.text


def test_a_file_that_was_only_met_is_known_without_text():
    met = ("Edit", {"file_path": "/p/x.py", "old_string": ""}, "file already exists.", True)
    assert known_files(conversation("x", met)) == (KnownFile("/p/x.py", None),)


def test_a_tool_called_in_circles_rests():
    ls = ("Bash", {"command": "pytest"}, "exit code 1", True)
    assert "Bash" in resting_tools(conversation("Fix store.py", ls, ls))
    assert "Read" not in resting_tools(conversation("Fix store.py", ls, ls))
    assert "Bash" not in resting_tools(conversation("Fix store.py", ls))


def test_a_circle_without_failure_is_time_for_words():
    resting = resting_tools(conversation("Run notes", READ_CALC, READ_CALC))
    assert resting == {"Bash", "Edit", "Read"}


def test_edits_rest_while_only_a_question_is_asked():
    assert {"Edit", "Write"} <= resting_tools(conversation("What is in calc.py?", READ_CALC))


def test_an_edit_waits_for_something_seen():
    assert "Edit" in resting_tools(conversation("Fix calc.py"))
    assert "Edit" not in resting_tools(conversation("Fix calc.py", READ_CALC))
    assert "Edit" not in resting_tools(conversation("Create hello.py"))


def test_a_file_that_is_missing_may_be_made():
    missing = ("Read", {"file_path": "/p/hallo.py"}, "File does not exist.", True)
    assert not may_create(conversation("Ändere hallo.py"))
    assert may_create(conversation("Ändere hallo.py", missing))


def test_a_call_is_owed_until_something_was_done():
    assert is_owed_a_call(conversation("Fix calc.py", READ_CALC))
    assert not is_owed_a_call(conversation("Fix calc.py", READ_CALC, EDIT_CALC))
    assert is_owed_a_call(conversation("What is in calc.py?"))
    assert not is_owed_a_call(conversation("What is in calc.py?", READ_CALC))
    assert not is_owed_a_call(conversation("Hello!"))


def test_a_call_is_owed_while_a_named_file_is_untouched():
    assert is_owed_a_call(conversation("Rename a in calc.py and main.py", READ_CALC, EDIT_CALC))


def test_the_task_is_told_again_when_it_is_time_for_words():
    coached = coach(conversation("What is in calc.py?", READ_CALC, READ_CALC))
    last = coached.messages[-1].parts[0]
    assert isinstance(last, Text)
    assert last.text.endswith("What is in calc.py?")
