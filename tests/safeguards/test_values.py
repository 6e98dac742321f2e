"""What words become."""

import pytest

from edge.safeguards.finding import Held
from edge.safeguards.script import Simple
from edge.safeguards.shell import parse
from edge.safeguards.values import TOKEN, UNKNOWN, Scope, Value, expand


def scope(**variables: tuple[Value, ...]) -> Scope:
    found = {name: frozenset(values) for name, values in variables.items()}
    return Scope(found, frozenset(("/w",)), "/home/dev", lambda _: UNKNOWN)


def fields(word: str, **variables: tuple[Value, ...]):
    script = parse(f"echo {word}")
    assert isinstance(script, Simple)
    return expand(script.words[1], scope(**variables))


def test_quotes_and_tilde():
    assert fields("a\"b\"'c'") == ((Value("abc"),),)
    assert fields("~/x") == ((Value("/home/dev/x"),),)
    assert fields("'~/x'") == ((Value("~/x"),),)


def test_variables():
    assert fields("$HOME/x") == ((Value("/home/dev/x"),),)
    assert fields("$PWD") == ((Value("/w"),),)
    assert fields("$?") == ((TOKEN,),)
    assert fields("$PATH") == ((UNKNOWN,),)
    assert fields("$a", a=(Value("x y"),)) == ((Value("x"), Value("y")),)
    assert fields('"$a"', a=(Value("x y"),)) == ((Value("x y"),),)
    assert set(fields("$a", a=(Value("x"), Value("y")))) == {(Value("x"),), (Value("y"),)}
    with pytest.raises(Held):
        fields("$GITHUB_TOKEN")


def test_braces():
    assert fields("a{b,c}") == ((Value("ab"), Value("ac")),)
    assert fields("{1..3}") == ((Value("1"), Value("2"), Value("3")),)
    assert fields("'{a,b}'") == ((Value("{a,b}"),),)
    for word in ("{a,{b,c}}", "$PATH{a,b}", "{1..9999}"):
        with pytest.raises(Held):
            fields(word)


def test_a_glob_is_known_as_one():
    assert fields("*.py") == ((Value("*.py", glob=True),),)
    assert fields("'*.py'") == ((Value("*.py"),),)


def test_too_many_possibilities_are_not_followed():
    many = tuple(Value(str(n)) for n in range(20))
    with pytest.raises(Held):
        fields("$a$a$a", a=many)


def test_arithmetic_evaluates_variables():
    assert fields("$((n+1))", n=(Value("3"),)) == ((TOKEN,),)
    with pytest.raises(Held):
        fields("$((n))", n=(Value("a[$(id)]"),))
