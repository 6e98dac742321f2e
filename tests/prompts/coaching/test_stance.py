"""What the next step should be."""

from edge.prompts.coaching.files import known_files
from edge.prompts.coaching.stance import (
    editable,
    is_owed_a_call,
    may_create,
    new_files,
    resting_tools,
    spared,
    time_for_words,
)
from tests.prompts.coaching.sessions import (
    EDIT_CALC,
    PROJECT,
    READ_CALC,
    bash,
    conversation,
    edit,
    read,
)


def test_a_tool_called_in_circles_rests():
    ls = bash("pytest", "exit code 1", failed=True)
    assert "Bash" in resting_tools(conversation("Fix the store", ls, ls))
    assert "Read" not in resting_tools(conversation("Fix the store", ls, ls))
    assert "Bash" not in resting_tools(conversation("Fix the store", ls))


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


def test_a_failed_command_twice_answers_a_question():
    pytest_run = bash("pytest", "1 failed: test_a", failed=True)
    asked = conversation("Which test fails?", pytest_run, pytest_run)
    assert resting_tools(asked) == {"Bash", "Edit", "Read"}


def test_a_call_is_owed_until_something_was_run():
    assert is_owed_a_call(conversation("Run calc.py and tell me the number.", READ_CALC))
    run = bash("python3 calc.py", "Traceback", failed=True)
    assert not is_owed_a_call(conversation("Run calc.py and tell me the number.", run))


def test_a_call_is_owed_while_a_changed_file_is_broken():
    broken = edit("calc.py", "b = 2", "  b = 2")
    mended = edit("calc.py", "  b = 2", "b = 4")
    assert is_owed_a_call(conversation("Fix calc.py", READ_CALC, broken))
    assert not is_owed_a_call(conversation("Fix calc.py", READ_CALC, broken, mended))


def test_a_file_that_was_broken_before_is_nobodys_debt():
    assert not is_owed_a_call(conversation("What is in a.py?", read("a.py", "def")))


def test_looking_is_no_change():
    assert is_owed_a_call(conversation("Rename a to b", READ_CALC, bash("ls", "calc.py")))
    moved = bash("mv calc.py sums.py", "")
    assert not is_owed_a_call(conversation("Rename the file to a better name", moved))


def test_a_call_is_owed_after_a_miss():
    missing = ("Read", {"file_path": "/p/x.py"}, "File does not exist.", True)
    assert is_owed_a_call(conversation("Where is the rate set?", missing))
    assert not is_owed_a_call(conversation("Where is the rate set?", missing, READ_CALC))


def test_a_file_is_looked_at_before_commands_change_it():
    assert "Bash" in resting_tools(conversation("Add a script to calc.py"))
    assert "Bash" not in resting_tools(conversation("Add a script to calc.py", READ_CALC))
    assert "Bash" not in resting_tools(conversation("Run calc.py and save its output to a.txt"))
    assert "Bash" not in resting_tools(conversation("Rename the project"))


def test_a_spared_file():
    request = conversation("Write test_calc.py. Don't touch calc.py.", READ_CALC)
    assert spared(request, f"{PROJECT}/calc.py")
    assert not spared(request, f"{PROJECT}/test_calc.py")
    assert is_owed_a_call(request)


def test_new_files_stand_where_the_person_named_them():
    assert new_files(conversation("Write test_calc.py for calc.py", READ_CALC)) == (
        f"{PROJECT}/test_calc.py",
    )
    assert new_files(conversation("Create lib/sums.py")) == (f"{PROJECT}/lib/sums.py",)
    assert new_files(conversation("Create sums.py in the folder lib")) == ()
    assert new_files(conversation("Create sums.py in lib/.")) == ()
    assert new_files(conversation("Fix calc.py")) == ()


def test_a_circle_by_way_of_another_call():
    ls = bash("ls", "calc.py")
    assert resting_tools(conversation("Where is it?", READ_CALC, ls, READ_CALC)) == {
        "Bash",
        "Edit",
        "Read",
    }
    changed = conversation("Change a in calc.py", READ_CALC, EDIT_CALC, READ_CALC)
    assert resting_tools(changed) == frozenset()


MISSED = ("Read", {"file_path": f"{PROJECT}/new.py"}, "File does not exist.", True)
LISTED = bash("find . -type f", "./a.py")


def test_a_circle_is_no_finding_while_the_change_is_undone():
    request = conversation("Create new.py that prints 1.", MISSED, LISTED, LISTED)
    assert not time_for_words(request)
    assert "Bash" in resting_tools(request)
    assert is_owed_a_call(request)


def test_a_missing_file_that_is_to_be_made_is_not_read_again():
    made = conversation("Create new.py that prints 1.", MISSED)
    assert resting_tools(made) == {"Read"}
    assert new_files(made) == (f"{PROJECT}/new.py",)
    assert "Read" not in resting_tools(conversation("Fix stock.py.", MISSED))


def test_nothing_is_read_by_a_guessed_name():
    assert "Read" in resting_tools(conversation("Where is the rate set?"))
    assert "Read" not in resting_tools(conversation("Where is the rate set?", LISTED))
    for words in ("What does calc.py do?", "Look into src/app.", "What is in the Makefile?"):
        assert "Read" not in resting_tools(conversation(words))


def test_names_alone_answer_no_question():
    assert is_owed_a_call(conversation("Where is the rate set?", LISTED))
    assert not is_owed_a_call(conversation("Which files are there?", LISTED))
    assert not is_owed_a_call(conversation("Where is the rate set?", LISTED, READ_CALC))


def test_a_call_is_owed_after_a_search_without_a_find():
    assert is_owed_a_call(conversation("What is the rate?", bash("grep -rn TAX .", "")))


def test_the_first_edit_begins_where_the_task_points():
    shown = read("conf.py", "HOST = 1\nPORT = 8000\nDEBUG = 0")
    first = conversation("Change PORT in conf.py to 1.", shown)
    assert editable(first, known_files(first)[0]) == ["PORT = 8000\nDEBUG = 0"]
    made = edit("conf.py", "PORT = 8000", "PORT = 1\nDEBUG = 0")
    then = conversation("Change PORT in conf.py to 1.", shown, made)
    assert editable(then, known_files(then)[0])[0].startswith("HOST")
    vague = conversation("Improve conf.py.", shown)
    assert editable(vague, known_files(vague)[0])[0].startswith("HOST")


def test_what_is_to_be_run_is_run_before_anything_is_read():
    words = "Run the command: cat notes.txt - and tell me what it prints."
    assert resting_tools(conversation(words)) >= {"Read", "Edit"}
    assert "Bash" not in resting_tools(conversation(words))
    assert "Read" not in resting_tools(conversation(words, bash("ls", "notes.txt")))
    assert "Read" not in resting_tools(conversation("Fix calc.py and run it."))


def test_the_output_that_was_wanted_is_time_for_words():
    words = "Run the command: cat notes.txt - and tell me what it prints."
    assert time_for_words(conversation(words, bash("cat notes.txt -", "7")))
    assert not time_for_words(conversation(words, bash("cat notes.txt -", "no", failed=True)))
    assert not time_for_words(conversation(words, bash("cat notes.txt -", "7"), READ_CALC))
    assert not time_for_words(conversation("What is in calc.py?", bash("cat calc.py", "7")))


def test_a_file_that_is_shown_no_more_closes_a_circle():
    again = ("Read", {"file_path": f"{PROJECT}/calc.py"}, "Wasted call: unchanged since", False)
    assert time_for_words(conversation("What is in calc.py?", READ_CALC, again))
