"""One word of a shell command, from the grammar's nodes to a Word, or CannotJudge.

Knows no command. Called by shell, which hands over how a statement is lowered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node as TreeNode

from edge.safeguards import quoting
from edge.safeguards.finding import CannotJudge
from edge.safeguards.script import (
    Arithmetic,
    Condition,
    Node,
    Piece,
    Plain,
    ProcessFile,
    Substitution,
    Variable,
    Word,
)


@dataclass(frozen=True, slots=True)
class Lower:
    """How the statements inside a substitution are lowered."""

    block: Callable[[TreeNode], Node]


def word(node: TreeNode, lower: Lower) -> Word:
    """A word of any kind that is known here."""
    return Word(tuple(_pieces(node, lower, quoted=False)))


def _pieces(node: TreeNode, lower: Lower, *, quoted: bool) -> list[Piece]:
    match node.type:
        case "string":
            return _string(node, lower)
        case "concatenation":
            return _concatenation(node, lower)
        case "command_substitution":
            return [_substitution(node, lower, quoted=quoted)]
        case "process_substitution":
            return [ProcessFile(lower.block(node))]
        case "simple_expansion" | "expansion":
            return [_expansion(_text(node), quoted=quoted)]
    return _leaf(node)


def _leaf(node: TreeNode) -> list[Piece]:
    """A token without an inside that matters."""
    text = _text(node)
    match node.type:
        case "word" | "number" | "variable_name" | "test_operator" if not node.child_count:
            return list(quoting.bare(text))
        case "raw_string":
            return [quoting.single(text)]
        case "ansi_c_string":
            return [quoting.ansi(text)]
        case "brace_expression":
            return [Plain(text, quoted=False)]
        case "arithmetic_expansion":
            return [_arithmetic(text.strip())]
        case "extglob_pattern" | "regex":
            return [_pattern(text)]
    raise CannotJudge(f"it uses the shell syntax {node.type!r} in a word")


def _concatenation(node: TreeNode, lower: Lower) -> list[Piece]:
    pieces: list[Piece] = []
    end = node.start_byte
    for child in node.children:
        if child.start_byte != end:
            raise CannotJudge("it is unclear where a word ends")
        if not child.is_named:
            raise CannotJudge(f"it uses {child.type!r} inside a word")
        pieces += _pieces(child, lower, quoted=False)
        end = child.end_byte
    return pieces


def _string(node: TreeNode, lower: Lower) -> list[Piece]:
    """``"..."``; text is taken from the source, since the grammar drops some spaces."""
    source = node.text or b""
    pieces: list[Piece] = [Plain("", quoted=True)]
    at = 1
    if source[:1] != b'"' or source[-1:] != b'"':
        raise CannotJudge("it uses a translated string")
    for child in node.named_children:
        if child.type == "string_content":
            continue
        begin = child.start_byte - node.start_byte + _leading_space(child)
        pieces.append(Plain(quoting.in_double(source[at:begin].decode()), quoted=True))
        pieces += _pieces(child, lower, quoted=True)
        at = child.end_byte - node.start_byte
    pieces.append(Plain(quoting.in_double(source[at:-1].decode()), quoted=True))
    return pieces


def _leading_space(node: TreeNode) -> int:
    """Inside quotes the grammar counts white space before an expansion as part of it."""
    text = node.text or b""
    return len(text) - len(text.lstrip(b" \t\n"))


def _expansion(text: str, *, quoted: bool) -> Piece:
    text = text.lstrip(" \t\n") if quoted else text
    match = re.fullmatch(r"\$(?:\{([A-Za-z_]\w*|[?#$!])\}|([A-Za-z_]\w*|[?#$!]))", text, re.ASCII)
    if match is not None:
        return Variable(match[1] or match[2], quoted)
    if re.fullmatch(r"\$\{#[A-Za-z_]\w*\}", text, re.ASCII):
        return Arithmetic()
    raise CannotJudge(f"the value of {text} is not known")


def _substitution(node: TreeNode, lower: Lower, *, quoted: bool) -> Piece:
    text = (node.text or b"").strip()
    if text.startswith(b"`") and b"\\" in text:
        raise CannotJudge("it escapes characters inside backticks")
    return Substitution(lower.block(node), quoted)


def _arithmetic(text: str) -> Piece:
    match = re.fullmatch(r"\$\(\(([\w\s+\-*/%()<>]*)\)\)", text, re.ASCII)
    if match is None:
        raise CannotJudge("it evaluates arithmetic that is not understood")
    return Arithmetic(tuple(n for n in re.findall(r"\w+", match[1]) if not n.isdigit()))


def _pattern(text: str) -> Piece:
    if re.search(r"[$`]", text.removesuffix("$")):
        raise CannotJudge("it expands values inside a pattern")
    return Plain(text, quoted=True)


# --- tests ------------------------------------------------------------------------------

_COMPARES_NUMBERS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_EVALUATES = frozenset(("-v", "-R"))


def test(node: TreeNode, lower: Lower) -> Condition:
    """``[ ... ]`` or ``[[ ... ]]``."""
    if node.children[0].type not in ("[", "[["):
        raise CannotJudge("it evaluates arithmetic as a command")
    words: list[Word] = []
    numeric: list[Word] = []
    for child in node.named_children:
        _test_part(child, lower, words, numeric)
    return Condition(tuple(words), tuple(numeric))


def _test_part(node: TreeNode, lower: Lower, words: list[Word], numeric: list[Word]) -> None:
    if node.type == "test_operator":
        if _text(node) in _EVALUATES:
            raise CannotJudge("it tests a variable by a name that the shell evaluates")
        return
    if node.type not in ("unary_expression", "binary_expression", "parenthesized_expression"):
        words.append(word(node, lower))
        return
    compares = any(_text(child) in _COMPARES_NUMBERS for child in node.children)
    for child in node.named_children:
        _test_part(child, lower, numeric if compares else words, numeric)


def _text(node: TreeNode) -> str:
    return (node.text or b"").decode()
