"""Quote removal by hand."""

import pytest

from edge.safeguards import quoting
from edge.safeguards.finding import CannotJudge
from edge.safeguards.script import Plain, Variable


def test_an_escaped_character_is_quoted():
    assert quoting.bare("a\\*b") == (Plain("a", False), Plain("*", True), Plain("b", False))


@pytest.mark.parametrize("text", ["a b", "a;b", "a$b", 'a"b', "a\\", "a>b", "a`b"])
def test_a_word_that_was_cut_wrongly_is_noticed(text):
    with pytest.raises(CannotJudge):
        quoting.bare(text)


def test_ansi_quotes_know_the_everyday_escapes_only():
    assert quoting.ansi("$'a\\tb'") == Plain("a\tb", True)
    for text in ("$'\\x72m'", "$'\\162m'", "$'\\u0072m'", "$'a\\'"):
        with pytest.raises(CannotJudge):
            quoting.ansi(text)


def test_double_quotes_hide_nothing():
    assert quoting.in_double('a \\" \\$b $') == 'a " $b $'
    for text in ("`id`", "$(id)", "${a}", "$a", 'a"b'):
        with pytest.raises(CannotJudge):
            quoting.in_double(text)


def test_single_quotes():
    assert quoting.single("'a $b'") == Plain("a $b", True)
    with pytest.raises(CannotJudge):
        quoting.single("'a'b'")


def test_a_here_document_ends_where_it_says():
    assert quoting.heredoc("'E'", "$x `y`\n", "E") == (Plain("$x `y`\n", True),)
    assert quoting.heredoc("E", "$x\n", "E")[1:] == (Variable("x", True),)
    for start, body, end in (("E", "a\nE\nrm", "E"), ("\\E", "a", "E"), ("E", "$(id)", "E")):
        with pytest.raises(CannotJudge):
            quoting.heredoc(start, body, end)
