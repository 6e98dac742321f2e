"""What a word can become: every value it may have, or that it is unknown.

Follows the shell's order: variables and substitutions, word splitting, tilde, braces.
Knows no command. Called by walk.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from edge.safeguards.finding import CannotJudge, Held
from edge.safeguards.script import (
    Arithmetic,
    Piece,
    Plain,
    ProcessFile,
    Substitution,
    Variable,
    Word,
)

MOST_VALUES = 64


@dataclass(frozen=True, slots=True)
class Value:
    """One argument. ``unknown``: the text is not all of it, or not it. ``glob``: a pattern."""

    text: str
    unknown: bool = False
    glob: bool = False


UNKNOWN = Value("", unknown=True)
TOKEN = Value("0")
"""Some number, hash or date: never an option, never a path elsewhere."""

Alternatives = tuple[tuple[Value, ...], ...]
"""Each alternative is the arguments that one word becomes."""

Variables = Mapping[str, frozenset[Value]]

PUBLIC_NAMES = frozenset(
    [
        "PATH",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "TERM",
        "VIRTUAL_ENV",
        "NODE_ENV",
        "HOSTNAME",
        "OSTYPE",
        "MACHTYPE",
        "HOSTTYPE",
        "TMPDIR",
        "GOPATH",
        "JAVA_HOME",
        "EDITOR",
        "CI",
        "TZ",
        "SECONDS",
        "RANDOM",
        "LINENO",
        "COLUMNS",
        "LINES",
        "UID",
        "EUID",
        "BASH_VERSION",
        "OLDPWD",
    ]
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known where a word is evaluated. ``substitute`` judges the inner command."""

    variables: Variables
    cwds: frozenset[str]
    home: str | None
    substitute: Callable[[Substitution | ProcessFile], Value]


@dataclass(frozen=True, slots=True)
class _Part:
    value: Value
    quoted: bool
    expanded: bool = False


def expand(word: Word, scope: Scope) -> Alternatives:
    """Every list of arguments that the word may become. Raises Held."""
    choices = [_piece(piece, scope) for piece in word.pieces]
    if _count(choices) > MOST_VALUES:
        raise CannotJudge("it can become too many different commands")
    found = {_one(parts, scope) for parts in itertools.product(*choices)}
    return tuple(sorted(found, key=repr))


def single(word: Word, scope: Scope) -> tuple[Value, ...]:
    """The alternatives of a word that must stay one argument, as in an assignment."""
    values = set()
    for fields in expand(word, scope):
        if len(fields) > 1:
            values.add(UNKNOWN)
        else:
            values.add(fields[0] if fields else Value(""))
    return tuple(sorted(values, key=repr))


def _count(choices: Iterable[tuple[_Part, ...]]) -> int:
    total = 1
    for choice in choices:
        total *= max(len(choice), 1)
    return total


def _piece(piece: Piece, scope: Scope) -> tuple[_Part, ...]:
    match piece:
        case Plain(text, quoted):
            return (_Part(Value(text), quoted),)
        case Variable(name, quoted):
            values = sorted(variable(name, scope), key=repr)
            return tuple(_Part(value, quoted, expanded=True) for value in values)
        case Substitution(_, quoted):
            return (_Part(scope.substitute(piece), quoted, expanded=True),)
        case ProcessFile():
            return (_Part(scope.substitute(piece), quoted=True),)
        case Arithmetic(names):
            _require_numbers(names, scope)
            return (_Part(TOKEN, quoted=True),)


def variable(name: str, scope: Scope) -> frozenset[Value]:
    """The values a variable may have here. Raises Held for one that may be a secret."""
    if name in scope.variables:
        return scope.variables[name]
    if name in ("?", "#", "$", "!"):
        return frozenset((TOKEN,))
    if name == "HOME" and scope.home is not None:
        return frozenset((Value(scope.home),))
    if name == "PWD":
        return frozenset(Value(cwd) for cwd in scope.cwds)
    if name in PUBLIC_NAMES or name == "HOME":
        return frozenset((UNKNOWN,))
    raise Held(f"the value of ${name} is not known")


def _require_numbers(names: Iterable[str], scope: Scope) -> None:
    """The shell evaluates a variable's text inside arithmetic, commands included."""
    for name in names:
        values = variable(name, scope)
        if not all(re.fullmatch(r"-?\d+", v.text) and not v.unknown for v in values):
            raise CannotJudge(f"arithmetic evaluates ${name}, which is not known to be a number")


def _one(parts: tuple[_Part, ...], scope: Scope) -> tuple[Value, ...]:
    """The arguments for one choice of every piece."""
    fields = _split(parts)
    return tuple(itertools.chain.from_iterable(_braces(f, scope) for f in fields))


def _split(parts: tuple[_Part, ...]) -> list[list[_Part]]:
    """Unquoted expansions are cut at white space, as the shell does with its default IFS."""
    fields: list[list[_Part]] = []
    current: list[_Part] = []
    for part in parts:
        if not part.expanded or part.quoted:
            current.append(part)
            continue
        pieces = re.split(r"([ \t\n]+)", part.value.text)
        for text in pieces:
            if text and not text.strip():
                fields.append(current)
                current = []
            elif text or part.value.unknown:
                current.append(_Part(Value(text, part.value.unknown, part.value.glob), False, True))
    fields.append(current)
    return [field for field in fields if _is_present(field)]


def _is_present(field: list[_Part]) -> bool:
    return any(part.quoted or part.value.text or part.value.unknown for part in field)


def _braces(field: list[_Part], scope: Scope) -> tuple[Value, ...]:
    bare = "".join(p.value.text for p in field if not p.quoted and not p.expanded)
    if "{" not in bare or not re.search(r"\{.*(,|\.\.).*\}", bare):
        return (_value(field, scope),)
    if any(part.expanded for part in field):
        raise CannotJudge("it builds words from braces and variables")
    if any(part.quoted and re.search(r"[{},*?\[]", part.value.text) for part in field):
        raise CannotJudge("it mixes braces and quotes")
    text = "".join(part.value.text for part in field)
    first_quoted = bool(field) and field[0].quoted
    texts = _brace_texts(text)
    return tuple(_value([_Part(Value(t), first_quoted)], scope) for t in texts)


def _brace_texts(text: str) -> list[str]:
    match = re.fullmatch(r"([^{}]*)\{([^{}]*)\}(.*)", text, re.DOTALL)
    if match is None:
        raise CannotJudge("it builds words from nested braces")
    before, inner, after = match[1], match[2], match[3]
    rest = _brace_texts(after) if "{" in after else [after]
    span = re.fullmatch(r"(\d{1,3})\.\.(\d{1,3})", inner)
    if span is not None:
        low, high = sorted((int(span[1]), int(span[2])))
        middles = [str(n) for n in range(low, min(high, low + MOST_VALUES) + 1)]
    elif "," in inner:
        middles = inner.split(",")
    else:
        raise CannotJudge("it builds words from braces")
    texts = [before + middle + end for middle in middles for end in rest]
    if len(texts) > MOST_VALUES:
        raise CannotJudge("it can become too many different commands")
    return texts


def _value(field: list[_Part], scope: Scope) -> Value:
    text = "".join(part.value.text for part in field)
    glob = any(_is_glob(part) for part in field)
    unknown = any(part.value.unknown for part in field)
    if field and not field[0].quoted and not field[0].expanded and text.startswith("~"):
        return _tilde(text, unknown, glob, scope)
    return Value(text, unknown, glob)


def _is_glob(part: _Part) -> bool:
    """A loop variable's value came from a pattern even where it is quoted later."""
    return part.value.glob or (not part.quoted and bool(re.search(r"[*?\[]", part.value.text)))


def _tilde(text: str, unknown: bool, glob: bool, scope: Scope) -> Value:
    if not re.match(r"~(/|$)", text) or scope.home is None:
        raise Held(f"{text} is in a home directory that is not known")
    return Value(scope.home + text[1:], unknown, glob)
