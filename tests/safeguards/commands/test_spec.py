"""Options are read as the command would read them."""

import pytest

from tests.safeguards.samples import passes


@pytest.mark.parametrize(
    "command",
    [
        "sort -o/home/dev/x a",
        "sort -uo ../x a",
        "sort --output ../x a",
        "sort --outp=../x a",
        "sort -- ../x",
        "grep -rnef/etc/passwd ../x",
        "ls --ignore=/etc/x",
        "cat -n/../../x",
        'sort "$PATH"',
        "sort *",
    ],
)
def test_a_value_is_found_wherever_it_hides(command):
    assert not passes(command)


@pytest.mark.parametrize(
    "command",
    ["sort -uo x a", "sort --output=x a", "sort -- x", "head -20 a", "sort -k 2 -t , a", "ls *"],
)
def test_listed_options_pass(command):
    assert passes(command)


def test_an_option_without_its_value_is_held():
    assert not passes("sort -o")
