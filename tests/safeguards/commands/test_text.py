"""Small languages inside commands: awk, sed and jq programs, find's and xargs' commands."""

import pytest

from tests.safeguards.samples import passes


@pytest.mark.parametrize(
    "command",
    [
        "awk '$3 > 5' a",
        "awk '$1 == \"x\" || $2 {print $2}' a",
        "sed 's/a/b/g; s|c|d|' a",
        "sed -n '/begin/,/end/p' a",
        "sed '2d' a",
        "sed 's/\\//x/' a",
        "jq '.a[] | select(.b > 1)' a.json",
        "find . -name '*.py' -exec grep -n foo {} +",
        "rg -l foo | xargs wc -l",
    ],
)
def test_programs_that_only_print_pass(command):
    assert passes(command)


@pytest.mark.parametrize(
    "command",
    [
        "awk '{print > \"x\"}' a",
        'awk \'/"/ {print > "x"}\' a',
        "awk '$1 > 2 {print > \"x\"}' a",
        "awk '{\"id\" | getline; print}' a",
        "sed 's/a/b/w x' a",
        "sed 's/[/]/x/w /tmp/f/' a",
        "sed '$!{e id\n}' a",
        "sed -f x a",
        'sed "$X" a',
        "jq '$ENV.TOKEN' a.json",
        "find . -name '*' -exec sh {} +",
        "find . -name .env -exec grep x {} +",
        "cat names | xargs cat",
        "find . -exec grep x {} \\; -delete +",
        "git ls-files | xargs python3",
    ],
)
def test_programs_that_can_do_more_are_held(command):
    assert not passes(command)
