"""What a session knows of its files."""

from edge.prompts.coaching.files import KnownFile, known_files
from tests.prompts.coaching.sessions import EDIT_CALC, PROJECT, READ_CALC, conversation, edit, read


def test_newest_first_and_without_line_numbers():
    files = known_files(conversation("x", READ_CALC, read("main.py", "x")))
    assert files == (
        KnownFile(f"{PROJECT}/main.py", "x", whole=True),
        KnownFile(f"{PROJECT}/calc.py", "a = 1\nb = 2\n", whole=True),
    )


def test_an_edits_text_stands_in_the_file_and_the_old_no_more():
    (file,) = known_files(conversation("x", READ_CALC, EDIT_CALC))
    assert file == KnownFile(f"{PROJECT}/calc.py", "a = 3\nb = 2\n", whole=True)


def test_an_edit_of_all_places():
    everywhere = edit("calc.py", "a", "c", replace_all=True)
    (file,) = known_files(conversation("x", read("calc.py", "a = a"), everywhere))
    assert file.text == "c = c"


def test_an_edit_of_text_that_was_not_seen_adds_to_it():
    (file,) = known_files(
        conversation("x", read("calc.py", "a", limit=1), edit("calc.py", "b", "c"))
    )
    assert file == KnownFile(f"{PROJECT}/calc.py", "a\nc", whole=False)


def test_a_new_file_is_known_whole():
    (file,) = known_files(conversation("x", edit("new.py", "", "a = 1\n")))
    assert file == KnownFile(f"{PROJECT}/new.py", "a = 1\n", whole=True)


def test_what_may_go_on_is_not_whole():
    (file,) = known_files(conversation("x", read("long.py", "x\n" * 2000)))
    assert not file.whole


def test_the_clients_reminders_are_no_part_of_a_file():
    name, given, text, failed = read("calc.py", "a = 1")
    reminded = (name, given, f"{text}<system-reminder>Mind the malware.</system-reminder>", failed)
    (file,) = known_files(conversation("x", reminded))
    assert file.text == "a = 1"


def test_a_file_that_was_only_met_is_known_without_text():
    met = ("Edit", {"file_path": "/p/x.py", "old_string": ""}, "file already exists.", True)
    assert known_files(conversation("x", met)) == (KnownFile("/p/x.py", None),)


def test_long_files_are_left_out():
    files = known_files(
        conversation("x", read("old.py", "x" * 50_000), read("new.py", "y" * 20_000))
    )
    assert [file.path for file in files] == [f"{PROJECT}/new.py"]


def test_a_file_that_the_client_does_not_show_again_is_still_known():
    again = ("Read", {"file_path": f"{PROJECT}/calc.py"}, "Wasted call: unchanged since", False)
    (file,) = known_files(conversation("x", READ_CALC, again))
    assert file.text == "a = 1\nb = 2\n"
