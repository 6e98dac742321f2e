"""Words and tests as the tree carries them."""

import pytest

from edge.safeguards.finding import CannotJudge
from edge.safeguards.script import Condition, Plain, Simple, Substitution, Variable
from edge.safeguards.shell import parse


def pieces(word: str):
    script = parse(f"echo {word}")
    assert isinstance(script, Simple)
    (_, last) = script.words
    return last.pieces


def test_spaces_inside_quotes_are_kept():
    assert pieces('"a $b  $c d"') == (
        Plain("", True),
        Plain("a ", True),
        Variable("b", True),
        Plain("  ", True),
        Variable("c", True),
        Plain(" d", True),
    )


def test_substitutions_keep_their_commands():
    (piece,) = pieces("`id`")
    assert isinstance(piece, Substitution)


@pytest.mark.parametrize("word", ["${!a}", "${a@P}", "${a:=b}", "$1", "$((a[1]))", "$[1]"])
def test_other_expansions_cannot_be_judged(word):
    with pytest.raises(CannotJudge):
        parse(f"echo {word}")


def test_a_test_keeps_numbers_apart():
    script = parse("[[ -f a && $b -gt 3 ]]")
    assert isinstance(script, Condition)
    assert len(script.words) == 1
    assert len(script.numeric) == 2
    with pytest.raises(CannotJudge):
        parse("[[ -v 'a[$(id)]' ]]")
