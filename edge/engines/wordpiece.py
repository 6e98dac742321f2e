"""WordPiece, the tokenizer of uncased BERT models, over its published vocabulary. Pure.

Text is cleaned, lower-cased and freed of accents, split at spaces and around punctuation and
CJK characters, and each word becomes the longest pieces of the vocabulary, greedily from its
left. The vocabulary is BERT's own (``edge/data/wordpieces.txt``, a piece a line, Apache-2.0),
which all-MiniLM-L6-v2 shares. Knows no model. Called by the embedder.
"""

from __future__ import annotations

import importlib.resources
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"

LONGEST_WORD = 100
"""Characters; a longer word is unknown as a whole, as in BERT's own tokenizer."""

_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
"""ASCII that counts as punctuation here, of which Unicode calls some a symbol."""

_UNSEEN = ("Cc", "Cf", "Co", "Cs")
"""Control, format, private and surrogate; what Unicode has not assigned stays."""

_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """A vocabulary; a piece's number is its place in it."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._numbers: Mapping[str, int] = {piece: at for at, piece in enumerate(pieces)}
        self._unknown = self._numbers[UNKNOWN]
        self._begin, self._end = self._numbers[BEGIN], self._numbers[END]

    def encode(self, text: str, most: int) -> list[int]:
        """Numbers between the marks of beginning and end, at most ``most`` with these. Of a
        longer text the first half and the last count: people ask before or behind what they
        paste. The names of special pieces mean nothing in ``text``."""
        inside = [number for word in _words(text) for number in self._pieces(word)]
        room = most - 2
        if len(inside) > room:
            front = (room + 1) // 2
            inside = inside[:front] + inside[len(inside) - (room - front) :]
        return [self._begin, *inside, self._end]

    def _pieces(self, word: str) -> Sequence[int]:
        if len(word) > LONGEST_WORD:
            return (self._unknown,)
        found: list[int] = []
        start = 0
        while start < len(word):
            number, start = self._longest(word, start)
            if number is None:
                return (self._unknown,)
            found.append(number)
        return found

    def _longest(self, word: str, start: int) -> tuple[int | None, int]:
        """The longest piece at that place, and where the next one begins."""
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            number = self._numbers.get(prefix + word[start:end])
            if number is not None:
                return number, end
        return None, start


@cache
def load() -> WordPiece:
    """BERT's uncased one, which comes with codriver. Blocking."""
    text = importlib.resources.files("edge").joinpath("data", "wordpieces.txt").read_text("utf-8")
    return WordPiece(text.rstrip("\n").split("\n"))


def _words(text: str) -> Iterator[str]:
    spaced = "".join(_cleaned(text))
    plain = "".join(c for c in unicodedata.normalize("NFD", spaced) if _category(c) != "Mn")
    for word in plain.lower().split():
        yield from _apart(word)


def _cleaned(text: str) -> Iterator[str]:
    """Without what cannot be seen, each kind of space a space, ideographs set apart."""
    for char in text:
        if char.isspace():
            yield " "
        elif char in "\0\ufffd" or _category(char) in _UNSEEN:
            continue
        elif any(low <= ord(char) <= high for low, high in _IDEOGRAPHS):
            yield f" {char} "
        else:
            yield char


def _apart(word: str) -> Iterator[str]:
    """The word without its punctuation, of which each character is a word of its own."""
    run = ""
    for char in word:
        if char in _PUNCTUATION or _category(char).startswith("P"):
            if run:
                yield run
            yield char
            run = ""
        else:
            run += char
    if run:
        yield run


def _category(char: str) -> str:
    return unicodedata.category(char)
