import pytest

from edge.prompts.coaching.intent import (
    named_files,
    only_asks,
    spared_files,
    wants_change,
    wants_count,
    wants_new_file,
    wants_output_of,
    wants_run,
)


@pytest.mark.parametrize(
    "text",
    [
        "What rate does billing.py use?",
        "Which test fails? Tell me its name; change nothing.",
        "Explain how the parser works.",
        "How many lines are in app.log?",
        "Where is the rate set?",
        "Which part of src/app.py does the change make slower? Tell me its name.",
        "Run the command: cat notes.txt - and tell me what it prints.",
    ],
)
def test_questions(text):
    assert only_asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "Fix the function add in calc.py.",
        "Why does it crash? Fix it.",
        "Could you rename area in shapes.py?",
        "Why is it wrong? Please fix it.",
        "Count the lines and write the number to count.txt.",
        "Ändere den Port in settings.py auf 8443.",
    ],
)
def test_no_mere_questions(text):
    assert not only_asks(text)


def test_a_change_that_is_forbidden_is_none():
    assert not wants_change("Read it, but don't change anything.")
    assert wants_change("Change the port.")


def test_new_files():
    assert wants_new_file("Create hello.py")
    assert wants_new_file("Make a page index.html")
    assert wants_new_file("I need a script that counts words")
    assert not wants_new_file("Fix calc.py")


def test_file_names():
    text = "Bump version.py, README.md and src/app/pyproject.toml to 1.5.0. See calc.py."
    assert named_files(text) == ("version.py", "README.md", "src/app/pyproject.toml", "calc.py")
    assert named_files("no file at all, e.g. none") == ()


def test_something_to_run():
    assert wants_run("Run primes.py and tell me the number it prints.")
    assert wants_run("Please execute the tests")
    assert not wants_run("Fix it, but do not run anything.")
    assert not wants_run("Does main.py run out of memory?")
    assert not wants_run("What happens when the server runs?")


@pytest.mark.parametrize(
    ("text", "command", "wanted"),
    [
        ("Run the command: cat notes.txt - and tell me what it prints.", "cat notes.txt -", True),
        ("Please run `make -s size` and report its output.", "make -s size", True),
        ("Run ls -R, then tell me the first line of the largest file.", "ls -R", False),
        ("Run python3 a.py and python3 b.py and tell me what they print.", "python3 a.py", False),
        ("Run make and tell me why it fails.", "make", False),
        ("Run make and fix what it complains about.", "make", False),
        ("What does make do?", "make", False),
        ("Run the tests and tell me the result.", "pytest", False),
        ("Run it.", "", False),
    ],
)
def test_the_output_of_one_command(text: str, command: str, wanted: bool):
    assert wants_output_of(text, command) is wanted


def test_something_to_count():
    assert wants_count("How many ERROR lines are in app.log?")
    assert not wants_count("Which database was lost?")


def test_files_to_be_left_alone():
    assert spared_files("Write test_a.py. Don't touch a.py.") == {"a.py"}
    assert spared_files("Fix b.py, but leave lib/c.py unchanged.") == {"lib/c.py"}
    assert spared_files("Change PORT in settings.py. Leave everything else as it is.") == set()
