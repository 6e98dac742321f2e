"""Holding a model to a grammar: llguidance over the model's own vocabulary.

Knows grammars as text and tokens as numbers, nothing of tools or chats. One matcher
belongs to one generation.
"""

from __future__ import annotations

import ctypes

import llama_cpp
import numpy as np
from llguidance import LLMatcher, LLTokenizer
from numpy.typing import NDArray

from edge.engines.worker.native import Vocabulary
from edge.errors import UnsatisfiableSchema

_SPECIAL_MARK = b"\xff"  # llguidance: this token is never plain text


class GrammarCompiler:
    """Compiles grammars for one vocabulary; making it costs about half a second."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        pieces = [vocabulary.piece(token) for token in range(vocabulary.size)]
        controls = frozenset(vocabulary.controls.values())
        tokens = [
            _SPECIAL_MARK + piece if token in controls else piece
            for token, piece in enumerate(pieces)
        ]
        # llguidance calls llama.cpp's tokenizer itself, by its address.
        library = llama_cpp.llama_cpp._lib  # noqa: SLF001 - the binding offers no other way
        tokenize = ctypes.cast(library.llama_tokenize, ctypes.c_void_p).value
        self._tokenizer = LLTokenizer.from_llamacpp(
            tokens=tokens,
            vocab_ptr=vocabulary.handle,
            tokenize_fptr=tokenize,
            eos_token=vocabulary.eos,
            slices=None,
        )

    def compile(self, grammar: str) -> Constraint:
        """From llguidance Lark text. Raises UnsatisfiableSchema when it does not compile."""
        matcher = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(grammar))
        if matcher.is_error():
            reason = matcher.get_error().splitlines()[0]
            raise UnsatisfiableSchema(f"the schema cannot be turned into a grammar: {reason}")
        return Constraint(matcher, self._vocabulary)


class Constraint:
    """One pass through a grammar."""

    def __init__(self, matcher: LLMatcher, vocabulary: Vocabulary) -> None:
        self._matcher = matcher
        self._vocabulary = vocabulary

    def consume_text(self, text: str) -> bool:
        """Go past text that was written already; False when the grammar does not allow it.

        It came from the model's tokens, so the markers in it are the control tokens they were.
        """
        if not text:
            return True
        return bool(self._matcher.consume_tokens(self._vocabulary.tokenize(text)))

    def consume(self, token: int) -> bool:
        return bool(self._matcher.consume_token(token))

    @property
    def finished(self) -> bool:
        """Nothing more can follow (or the matcher gave up, see ``failed``)."""
        return bool(self._matcher.is_stopped())

    @property
    def failed(self) -> bool:
        return bool(self._matcher.is_error())

    def mask(self, logits: NDArray[np.float32]) -> None:
        """Write minus infinity over every token that may not come next.

        At the end of the grammar only the end of generation is left.
        """
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little", count=logits.shape[0]).view(bool)
        logits[~allowed] = -np.inf
