"""What is said behind results."""

from edge.chat import ChatRequest, Text, ToolResult
from edge.prompts.coaching import coach
from tests.prompts.coaching.sessions import (
    EDIT_CALC,
    PROJECT,
    READ_CALC,
    bash,
    conversation,
    edit,
    read,
)


def last_result(request: ChatRequest) -> str:
    part = coach(request).messages[-1].parts[0]
    assert isinstance(part, ToolResult)
    return "".join(text.text for text in part.content if isinstance(text, Text))


def test_a_failed_edit_gets_a_hint():
    step = ("Edit", {"file_path": "/a"}, "String to replace not found in file.", True)
    assert "Copy old_string from the file exactly" in last_result(conversation("Fix a.py", step))


def test_a_failure_that_repeats_is_told():
    step = bash("make", "exit code 2", failed=True)
    assert "made this same call before" in last_result(conversation("Fix it", step, step))


def test_a_success_that_repeats_gets_no_hint():
    part = coach(conversation("Fix calc.py", READ_CALC, READ_CALC)).messages[-1].parts[0]
    assert isinstance(part, ToolResult)
    assert part.content[-1].text == "a = 1\nb = 2\n"


def test_files_that_are_left_are_named():
    request = conversation("Rename a in calc.py and main.py", READ_CALC, EDIT_CALC)
    assert "also named main.py" in last_result(request)


def test_the_next_file_is_named_by_its_path():
    request = conversation("Rename a in calc.py and main.py", READ_CALC, EDIT_CALC)
    assert f"call Read on {PROJECT}/main.py" in last_result(request)


def test_a_missing_file_that_is_to_be_made_is_made():
    missed = ("Read", {"file_path": f"{PROJECT}/new.py"}, "File does not exist.", True)
    told = last_result(conversation("Create new.py that prints 1.", missed))
    assert "Create it now" in told
    assert "find ." not in told
    assert "find ." in last_result(conversation("Fix the bug in it.", missed))
    assert "find ." in last_result(conversation("Create other.py like new2.py.", missed))


def test_names_of_files_do_not_answer_a_question_about_them():
    listed = bash("find . -type f", "./a.py\n./b.py")
    assert "only names" in last_result(conversation("Where is the rate set?", listed))
    for enough in ("Which files are there?", "How many files are there?", "Fix the rate."):
        assert "only names" not in last_result(conversation(enough, listed))
    grep = bash("grep -rn RATE .", "./a.py:1:RATE = 3")
    assert "only names" not in last_result(conversation("Where is the rate set?", grep))


def test_a_search_without_a_find():
    empty = bash("grep -rn TAX_RATE .", "(Bash completed with no output)")
    request = conversation("What is the tax rate?", empty)
    assert "Nothing was found" in last_result(request)


def test_lines_that_stand_twice_are_told():
    shown = read("conf.py", "HOST = 'a.example'\nPORT = 8000\nRETRIES = 3\nDEBUG = False\n")
    made = edit(
        "conf.py", "HOST = 'a.example'", "HOST = 'a.example'\nPORT = 1\nRETRIES = 3\nDEBUG = False"
    )
    told = last_result(conversation("Set PORT in conf.py to 1.", shown, made))
    assert f"In {PROJECT}/conf.py these lines stand twice now: RETRIES = 3; DEBUG = False" in told


def test_what_an_earlier_change_left_in_a_file_is_told_when_it_is_read():
    made = edit("shapes.py", "def area(w):", "def size(w):")
    shown = read("main.py", "from shapes import area\n\nprint(area(3))")
    words = "Rename area in shapes.py to size, and in main.py."
    told = last_result(conversation(words, made, shown))
    assert "line 1: from shapes import area" in told
    assert "line 3: print(area(3))" in told


def test_after_a_change_the_task_is_told_again():
    request = conversation("Rename a in calc.py", READ_CALC, EDIT_CALC)
    assert "The task was: Rename a in calc.py" in last_result(request)


def test_a_long_task_is_told_in_short():
    request = conversation("Rename a in calc.py. " + "x" * 2000, READ_CALC, EDIT_CALC)
    assert len(last_result(request)) < 1000


def test_after_a_finding_the_question_is_told_again():
    request = conversation("What is in calc.py?", READ_CALC)
    assert "The user asked: What is in calc.py?" in last_result(request)
    failed = bash("pytest", "1 failed", failed=True)
    assert "The user asked: Which test" in last_result(conversation("Which test fails?", failed))


def test_lines_are_counted():
    assert "(2 lines)" in last_result(conversation("How long is calc.py?", READ_CALC))


def test_what_is_to_be_run_is_run():
    assert "call Bash for it now" in last_result(conversation("Run calc.py.", READ_CALC))
    run = bash("python3 calc.py", "3")
    assert "call Bash" not in last_result(conversation("Run calc.py.", READ_CALC, run))


def test_what_is_to_be_changed_and_run_is_changed_first():
    words = "Fix calc.py; it must still run."
    assert "call Bash for it" not in last_result(conversation(words, READ_CALC))
    assert "call Bash for it now" in last_result(conversation(words, READ_CALC, EDIT_CALC))


MISSED = ("Read", {"file_path": f"{PROJECT}/stock.py"}, "File does not exist.", True)
LISTED = bash("find . -type f", "./main.py\n./shop/stock.py")


def test_where_a_missed_file_is():
    told = f"stock.py is at {PROJECT}/shop/stock.py"
    assert told in last_result(conversation("Fix the bug", MISSED, LISTED))
    assert told in last_result(conversation("Fix the bug", LISTED, MISSED))


def test_where_a_missed_file_is_stays_unsaid_while_it_is_not_plain():
    two = bash("find . -type f", "./a/stock.py\n./shop/stock.py")
    assert "use this path" not in last_result(conversation("Fix the bug", MISSED, two))
    none = bash("find . -type f", "./main.py")
    assert "use this path" not in last_result(conversation("Fix the bug", MISSED, none))


def test_counting_is_done_by_commands():
    assert "not in your head" in last_result(conversation("How many a are there?", READ_CALC))


def test_a_broken_file_is_told_at_once():
    broken = edit("calc.py", "b = 2", "  b = 2")
    told = last_result(conversation("Fix calc.py and main.py", READ_CALC, broken))
    assert f"{PROJECT}/calc.py is broken now: line 2: unexpected indent\na = 1\n  b = 2" in told


def test_what_still_stands_is_told():
    made = edit("calc.py", "print(area)", "print(size)")
    told = last_result(
        conversation("Rename area to size", read("calc.py", "area = 1\nprint(area)"), made)
    )
    assert "Not changed yet" in told
    assert "line 1: area = 1" in told


def test_hints_do_not_change_when_the_conversation_grows():
    shorter = coach(conversation("Rename a in calc.py and main.py", READ_CALC, EDIT_CALC))
    longer = coach(conversation("Rename a in calc.py and main.py", READ_CALC, EDIT_CALC, READ_CALC))
    assert longer.messages[: len(shorter.messages)] == shorter.messages
