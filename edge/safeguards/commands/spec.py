"""How one command's options and operands are read: an allow-list, parsed as the command would.

An option that is not listed holds the command. Knows no particular command and no
shell syntax. Called by the tables beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from edge.safeguards import paths
from edge.safeguards.finding import Held
from edge.safeguards.paths import Places
from edge.safeguards.values import Value

Kind = Literal["text", "read", "write", "argument"]
"""What a value is to its command. An "argument" goes to a program of the project."""


@dataclass(frozen=True, slots=True)
class Call:
    """One simple command about to run, every word a Value.

    ``cwds`` are the directories it may run in; ``feeder`` the arguments of the command
    whose output it reads; ``written`` the files that this same shell text wrote;
    ``run`` judges another command in the same place; ``branches`` are known git branches.
    """

    argv: tuple[Value, ...]
    places: Places
    cwds: frozenset[str]
    feeder: tuple[str, ...]
    written: set[str]
    run: Callable[[Call], None]
    branches: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.argv[0].text

    def check(self, kind: Kind, value: Value) -> None:
        """Raises Held unless the value is harmless as what it is."""
        if kind == "argument":
            value = _after_equals(value)
            kind = _argument_kind(self, value)
        if kind == "text":
            return
        if value.unknown:
            raise Held(f"{self.name} is given a path that is not known")
        for cwd in self.cwds:
            paths.check(kind, value.text, self.places, cwd=cwd)

    def held(self, reason: str) -> Held:
        """A Held that names the rule which would let this command pass."""
        return Held(reason, f"Bash({self.name}:*)")


def _after_equals(value: Value) -> Value:
    """The path in ``--config=path`` is what the program will open."""
    option, equals, text = value.text.partition("=")
    return Value(text, value.unknown, value.glob) if equals and option.startswith("-") else value


def _argument_kind(call: Call, value: Value) -> Kind:
    if value.unknown:
        raise Held(f"{call.name} is given an argument that is not known")
    if "://" in value.text:
        raise Held(f"{call.name} is given a network address")
    return "read" if "/" in value.text or value.text in (".", "..") else "text"


@dataclass(frozen=True, slots=True)
class Options:
    """``flags`` take no value, ``values`` take one, ``attached`` may carry one (-j4, --color=x).

    ``words``: options are whole words with one dash, as find's and Go's are.
    ``lenient``: any option will do; for commands that can only read.
    """

    flags: frozenset[str] = frozenset()
    values: Mapping[str, Kind] = field(default_factory=dict)
    attached: Mapping[str, Kind] = field(default_factory=dict)
    words: bool = False
    lenient: bool = False
    digits: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """``options`` in order with their values; ``operands`` are all the rest."""

    options: tuple[tuple[str, Value | None], ...]
    operands: tuple[Value, ...]

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)

    def all(self, *names: str) -> tuple[Value, ...]:
        return tuple(value for name, value in self.options if name in names and value is not None)


def options(
    flags: str = "",
    *,
    text: str = "",
    read: str = "",
    write: str = "",
    attached: str = "",
    words: bool = False,
    lenient: bool = False,
    digits: bool = False,
) -> Options:
    """Options, each kind's names in one string: ``options("-a --all", text="-n")``."""
    kinds: dict[str, Kind] = {}
    named: tuple[tuple[str, Kind], ...] = ((text, "text"), (read, "read"), (write, "write"))
    for names, kind in named:
        kinds.update(dict.fromkeys(names.split(), kind))
    return Options(
        flags=frozenset(flags.split()),
        values=kinds,
        attached=dict.fromkeys(attached.split(), "text"),
        words=words,
        lenient=lenient,
        digits=digits,
    )


def parse(call: Call, known: Options, *, stop_at_operand: bool = False) -> Parsed:
    """The call's options and operands. Raises Held for an option that is not known."""
    return _Parser(call, known, stop_at_operand).parse()


class _Parser:
    """One pass over the words; its state is the rest of them."""

    def __init__(self, call: Call, known: Options, stop_at_operand: bool) -> None:
        self._call = call
        self._known = known
        self._stop = stop_at_operand
        self._rest = list(call.argv[1:])
        self._options: list[tuple[str, Value | None]] = []
        self._operands: list[Value] = []

    def parse(self) -> Parsed:
        while self._rest:
            value = self._rest.pop(0)
            if value.text == "--" and not value.unknown:
                break
            if not self._is_option(value):
                self._operands.append(value)
                if self._stop:
                    break
                continue
            self._option(value)
        return Parsed(tuple(self._options), (*self._operands, *self._rest))

    def _is_option(self, value: Value) -> bool:
        if not self._known.lenient and self._may_be_option(value):
            raise Held(f"{self._call.name} is given a word that may be an option")
        return value.text.startswith("-") and value.text != "-"

    def _may_be_option(self, value: Value) -> bool:
        """Text that begins with something not known; a file can be called ``--output=x``."""
        unknown_start = value.unknown and not value.text.strip("-")
        glob_start = value.glob and value.text[:1] in "*?["
        return unknown_start or (glob_start and self._call.name not in _PLAIN_WITH_GLOBS)

    def _option(self, value: Value) -> None:
        if value.unknown and not self._known.lenient:
            raise Held(f"{self._call.name} is given an option that is not known")
        if value.text.startswith("--") or self._known.words:
            self._long(value)
        else:
            self._short(value)

    def _long(self, value: Value) -> None:
        name, equals, text = value.text.partition("=")
        given = Value(text, value.unknown, value.glob)
        known = self._known
        if name in known.values:
            self._add(name, known.values[name], given if equals else self._next(name))
        elif equals and name in known.attached:
            self._add(name, known.attached[name], given)
        elif not equals and (name in known.flags or name in known.attached):
            self._options.append((name, None))
        elif known.lenient:
            self._call.check("read", Value(text or ".", value.unknown))
        else:
            self._unknown(name)

    def _short(self, value: Value) -> None:
        rest = value.text[1:]
        if self._known.digits and rest.isdigit():
            return
        while rest:
            name, rest = "-" + rest[0], rest[1:]
            known = self._known
            given = Value(rest, value.unknown, value.glob)
            if name in known.values:
                self._add(name, known.values[name], given if rest else self._next(name))
                return
            if name in known.attached:
                self._add(name, known.attached[name], given)
                return
            if name in known.flags:
                self._options.append((name, None))
            elif known.lenient:
                for start in range(len(rest)):
                    self._call.check("read", Value(rest[start:], value.unknown))
                return
            else:
                self._unknown(name)

    def _next(self, name: str) -> Value:
        if not self._rest:
            raise Held(f"{self._call.name} {name} lacks its value")
        return self._rest.pop(0)

    def _add(self, name: str, kind: Kind, value: Value) -> None:
        self._call.check(kind, value)
        self._options.append((name, value))

    def _unknown(self, name: str) -> None:
        raise self._call.held(f"{self._call.name} {name} is not on the list of harmless options")


_PLAIN_WITH_GLOBS = frozenset(
    ("cp", "mv", "mkdir", "touch", "chmod", "grep", "sed", "jq", "git add")
)
"""Commands whose every dangerous option is refused by name of file alone: none takes code."""

Judge = Callable[[Call], None]


def tool(known: Options, *operands: Kind) -> Judge:
    """A command judged by its table alone; the last kind of operand repeats."""

    def judge(call: Call) -> None:
        parsed = parse(call, known)
        if parsed.operands and not operands:
            raise call.held(f"{call.name} is given more than is known to be harmless")
        for index, operand in enumerate(parsed.operands):
            call.check(operands[min(index, len(operands) - 1)], operand)

    return judge


def plain(value: Value, pattern: str) -> bool:
    """Whether the value is known text of this shape."""
    return not value.unknown and re.fullmatch(pattern, value.text) is not None
