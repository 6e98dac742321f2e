"""A shell command as a small tree: what runs, in which order, with which words.

Pure data, free of the parser's own node types. Made by shell, walked by walk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Plain:
    """Text after quote removal. Unquoted text may still hold globs, braces and a tilde."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Substitution:
    """``$(...)`` or backticks."""

    body: Node
    quoted: bool


@dataclass(frozen=True, slots=True)
class ProcessFile:
    """``<(...)`` or ``>(...)``: a path to the other process."""

    body: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((...))`` or ``${#x}``: a number. ``names`` are evaluated as expressions by the shell."""

    names: tuple[str, ...] = ()


Piece: TypeAlias = Plain | Variable | Substitution | ProcessFile | Arithmetic


@dataclass(frozen=True, slots=True)
class Word:
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """``target`` is a path for "read" and "write" and plain text for "text"."""

    kind: Literal["read", "write", "text"]
    target: Word


@dataclass(frozen=True, slots=True)
class Assignment:
    name: str
    value: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command; ``source`` is its text as written.

    ``exports``: it is an ``export``, whose assignments reach other programs.
    """

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    source: str
    exports: bool = False


@dataclass(frozen=True, slots=True)
class Redirected:
    body: Node | None
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Block:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AndOr:
    operator: Literal["&&", "||"]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Not:
    body: Node


@dataclass(frozen=True, slots=True)
class Pipeline:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Subshell:
    body: Node


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of the bodies may run, or none: if and case. ``words`` are only evaluated."""

    words: tuple[Word, ...]
    bodies: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """``body`` runs any number of times; ``name`` takes each of ``words`` in a for loop."""

    name: str | None
    words: tuple[Word, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """``[ ... ]`` or ``[[ ... ]]``. ``numeric`` words are evaluated as arithmetic."""

    words: tuple[Word, ...]
    numeric: tuple[Word, ...] = ()


Node: TypeAlias = (
    Simple | Redirected | Block | AndOr | Not | Pipeline | Subshell | Choice | Loop | Condition
)
