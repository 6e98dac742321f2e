"""Shell text to a tree: what is read, and what is refused because two readings differ."""

import pytest

from edge.safeguards.finding import CannotJudge
from edge.safeguards.script import AndOr, Block, Loop, Pipeline, Redirected, Simple
from edge.safeguards.shell import DEEPEST_TREE, LONGEST_COMMAND, parse


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("ls", Simple),
        ("ls; pwd", Block),
        ("ls && pwd", AndOr),
        ("ls | wc", Pipeline),
        ("ls > a", Redirected),
        ("cat <<'E' | wc\nx\nE", Pipeline),
        ("for a in b; do ls; done", Loop),
    ],
)
def test_kinds(command, kind):
    assert isinstance(parse(command), kind)


@pytest.mark.parametrize(
    "command",
    [
        'ls "',
        "ls\x00",
        "ls\rpwd",
        "ls\u202e",
        "ls\u00a0-l",
        "l\\\ns",
        "ls |& wc",
        "f() { ls; }",
        "declare -x a",
        "unset a",
        "((a=1))",
        "for ((;;)); do ls; done",
        "select a in b; do ls; done",
        "a=(b c)",
        "a[0]=b",
        "a+=b",
        "ls <> a",
        "cat <<A && ls\nx\nA",
        "echo ${a:-b}",
        "echo $'\\x41'",
        "python3 - <<'E'\nx\nE",
    ],
)
def test_what_is_not_certain_cannot_be_judged(command):
    with pytest.raises(CannotJudge):
        parse(command)


def test_bounds():
    with pytest.raises(CannotJudge):
        parse("#" * (LONGEST_COMMAND + 1))
    with pytest.raises(CannotJudge):
        parse("(" * DEEPEST_TREE + "ls" + ")" * DEEPEST_TREE)
