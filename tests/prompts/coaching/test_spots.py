"""Where an edit should begin."""

import pytest

from edge.prompts.coaching.spots import MOST_SPOTS, WINDOW_LINES, spots

INI = """\
; All timeouts are in seconds.

[http]
timeout = 30

[database]
host = db
timeout = 10

[cache]
timeout = 5
"""

PYTHON = """\
class Account:
    def label(self):
        return self.name


class User:
    def label(self):
        return self.mail
"""


def heads(text: str, words: str) -> list[str]:
    return [found.split("\n")[0] for found in spots(text, words)]


def test_the_line_that_the_task_names():
    text = "HOST = 1\nPORT = 8000\nRETRIES = 3\n"
    assert spots(text, "Change PORT to 8443.") == ["PORT = 8000\nRETRIES = 3"]


def test_among_lines_alike_the_one_in_the_named_section():
    words = "Raise the timeout of the database; all other timeouts are good."
    assert spots(INI, words) == ["timeout = 10"]


def test_among_methods_alike_the_one_of_the_named_class():
    (found,) = spots(PYTHON, "Let label of User be in capitals.")
    assert found == "    def label(self):\n        return self.mail"


@pytest.mark.parametrize("name", ["max_items", "maxItems", "MAX_ITEMS", "MaxItem"])
def test_names_are_alike_however_they_are_written(name: str):
    assert heads(f"a = 1\n{name} = 2", "Set max_items to 3") == [f"{name} = 2"]


def test_several_places_that_are_as_good():
    text = "from shapes import area\n\nprint(area(3))\n"
    assert heads(text, "Rename area to size") == ["from shapes import area", "print(area(3))"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = 1\nb = 2", "Make it faster."),
        ("value = 1\n" * (MOST_SPOTS + 1), "Change value"),
        ("rate = 1\n" * (MOST_SPOTS + 1), "Change the rate"),
        ("", "Change the rate"),
        ("rate = 1", ""),
    ],
)
def test_words_that_point_nowhere(text: str, words: str):
    assert spots(text, words) == []


def test_a_stretch_is_bounded():
    text = "rate = 1\n" + "x = 1\n" * 40
    assert spots(text, "Change the rate")[0].count("\n") == WINDOW_LINES - 1
