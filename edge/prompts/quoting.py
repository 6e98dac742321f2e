"""Content that quotes control tokens: marked before the template runs, found again after.

A file that a model reads may hold ``<|im_end|>``. In the rendered prompt that text looks
like the template's own, and a tokenizer that reads control tokens would end the turn
there. So a character that occurs nowhere else is put inside each quotation before the
rendering, which breaks it for good whatever the template does to the text; afterwards the
stretches with that character are known to be plain text, and it is taken out again.

Pure; knows texts, no tokenizer. Called by template; the segments go to whoever tokenizes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, TypeVar

from edge.errors import TemplateFailed

_Tree = TypeVar("_Tree", bound=Any)

_MARKS = range(0x13000, 0x32000)
"""Letters that print as themselves and that next to no conversation holds: hieroglyphs first."""

_KEPT_KEYS = frozenset(("role",))
"""Whose values templates compare, and which no client writes."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt. Control tokens are read only where it is not ``literal``."""

    text: str
    literal: bool = False


class ControlTexts:
    """The texts of one vocabulary's control tokens, to be found in other text."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """A text of a single character is left out: nothing can be put inside it."""
        known = sorted({text for text in texts if len(text) > 1}, key=len, reverse=True)
        self._texts = frozenset(known)
        self._lengths: dict[str, tuple[int, ...]] = {
            first: tuple(dict.fromkeys(len(text) for text in known if text[0] == first))
            for first in {text[0] for text in known}
        }

    def at(self, text: str, start: int) -> int:
        """Where the longest control text that begins at ``start`` ends; -1 if none does."""
        for length in self._lengths.get(text[start], ()):
            if text[start : start + length] in self._texts:
                return start + length
        return -1

    def starts(self, text: str) -> list[int]:
        """Where control texts begin, overlapping ones too."""
        found = {
            at
            for first in self._lengths
            for at in _positions(text, first)
            if self.at(text, at) >= 0
        }
        return sorted(found)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """The control texts as a tokenizer reads them: from the left, the longest first."""
        done = 0
        for start in self.starts(text):
            if start >= done:
                done = self.at(text, start)
                yield start, done


@dataclass(frozen=True, slots=True)
class Quoting:
    """The mark of one rendering; empty where its content quotes nothing."""

    controls: ControlTexts
    mark: str = ""

    def quoted(self, tree: _Tree) -> _Tree:
        """The same messages or tools with every quotation broken."""
        if not self.mark:
            return tree
        broken: _Tree = self._broken(tree)
        return broken

    def segments(self, prompt: str) -> tuple[Segment, ...]:
        """The prompt without marks. A literal segment lies between two of the template's own
        control texts, so that a tokenizer that stops at those reads all else as ever."""
        if not self.mark:
            return (Segment(prompt),)
        marked = prompt.replace(_escaped(self.mark), self.mark)
        pieces = [(self.mark in text, text) for text in self._pieces(marked)]
        return tuple(
            Segment("".join(text for _, text in group).replace(self.mark, ""), literal)
            for literal, group in groupby(pieces, key=lambda piece: piece[0])
        )

    def _pieces(self, prompt: str) -> Iterator[str]:
        done = 0
        for start, end in self.controls.spans(prompt):
            yield prompt[done:start]
            yield prompt[start:end]
            done = end
        yield prompt[done:]

    def _broken(self, tree: Any) -> Any:
        if isinstance(tree, str):
            return self._break(tree)
        if isinstance(tree, Mapping):
            return {
                self._key(key): value if key in _KEPT_KEYS else self._broken(value)
                for key, value in tree.items()
            }
        return [self._broken(item) for item in tree] if isinstance(tree, (list, tuple)) else tree

    def _key(self, key: str) -> str:
        # Templates reach for members by name, and some vocabularies have a word as a control.
        return key if key.isidentifier() else self._break(key)

    def _break(self, text: str) -> str:
        starts = self.controls.starts(text)
        cuts = [0, *(start + 1 for start in starts), len(text)]
        return self.mark.join(text[a:b] for a, b in pairwise(cuts))


def quoting(controls: ControlTexts, *trees: Any) -> Quoting:
    """How to render ``trees``, the content that a prompt is made of."""
    texts = [text for tree in trees for text in _strings(tree)]
    if not any(controls.starts(text) for text in texts):
        return Quoting(controls)
    return Quoting(controls, _unused("\n".join(texts)))


def _unused(text: str) -> str:
    """A character that is in ``text`` neither as it is nor escaped."""
    used = frozenset(text)
    for code in _MARKS:
        mark = chr(code)
        if mark.isprintable() and mark not in used and _escaped(mark) not in text:
            return mark
    raise TemplateFailed("the conversation uses every script there is beside control tokens")


def _escaped(mark: str) -> str:
    """As JSON in ASCII writes it, which some templates ask for."""
    return json.dumps(mark)[1:-1]


def _strings(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield key
            yield from _strings(value)
    elif isinstance(tree, (list, tuple)):
        for item in tree:
            yield from _strings(item)


def _positions(text: str, character: str) -> Iterator[int]:
    at = text.find(character)
    while at >= 0:
        yield at
        at = text.find(character, at + 1)
