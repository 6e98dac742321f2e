"""Shell text to a Script tree, or CannotJudge. The parser is tree-sitter-bash.

The grammar's word is not trusted alone: every kind of node must be known here, every
byte must belong to a token, and every token is read again by the shell's own quoting
rules (quoting). What the two readings do not agree on cannot be judged. Knows no
command and no path. Called by policy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import tree_sitter_bash
from tree_sitter import Language, Parser
from tree_sitter import Node as TreeNode

from edge.safeguards import quoting
from edge.safeguards.finding import CannotJudge
from edge.safeguards.script import (
    AndOr,
    Assignment,
    Block,
    Choice,
    Loop,
    Node,
    Not,
    Pipeline,
    Redirect,
    Redirected,
    Simple,
    Subshell,
    Word,
)
from edge.safeguards.words import Lower, test, word

LONGEST_COMMAND = 20_000
DEEPEST_TREE = 60

_LANGUAGE = Language(tree_sitter_bash.language())


def parse(command: str) -> Node:
    """The whole command as a tree. Raises CannotJudge, and nothing else."""
    _require_plain_text(command)
    source = command.encode()
    root = Parser(_LANGUAGE).parse(source).root_node
    if root.has_error:
        raise CannotJudge("it cannot be parsed as a shell command")
    _require_shallow(root)
    _require_covered(root, source)
    return _block(_statements(root))


def _require_plain_text(command: str) -> None:
    if len(command) > LONGEST_COMMAND:
        raise CannotJudge("it is too long to judge")
    for char in command:
        category = unicodedata.category(char)
        if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and char not in "\n\t":
            raise CannotJudge("it contains an invisible or control character")
        if category == "Zs" and char != " ":
            raise CannotJudge("it contains an unusual kind of space")
    if re.search(r"[^\s]\\\n", command):
        raise CannotJudge("a line continues in the middle of a word")


def _require_shallow(root: TreeNode) -> None:
    level = [root]
    for _ in range(DEEPEST_TREE):
        level = [child for node in level for child in node.children]
        if not level:
            return
    raise CannotJudge("it is nested too deeply to judge")


def _require_covered(root: TreeNode, source: bytes) -> None:
    """Between two tokens stands nothing but white space and line continuations."""
    end = 0
    for leaf in _leaves(root):
        gap = source[end : leaf.start_byte].replace(b"\\\n", b"")
        if gap.strip(b" \t\n"):
            raise CannotJudge("a part of it was not understood by the shell parser")
        if leaf.type == "comment" and source[: leaf.start_byte][-1:] not in (b"", *_BOUNDARIES):
            raise CannotJudge("it is unclear where a comment begins")
        end = max(end, leaf.end_byte)
    if source[end:].replace(b"\\\n", b"").strip(b" \t\n"):
        raise CannotJudge("a part of it was not understood by the shell parser")


_BOUNDARIES = (b" ", b"\t", b"\n", b";")


def _leaves(root: TreeNode) -> list[TreeNode]:
    stack, leaves = [root], []
    while stack:
        node = stack.pop()
        if node.child_count and node.type != "heredoc_body":
            stack.extend(reversed(node.children))
        else:
            leaves.append(node)
    return sorted(leaves, key=lambda leaf: leaf.start_byte)


# --- statements -------------------------------------------------------------------------


def _block(children: list[Node]) -> Node:
    return children[0] if len(children) == 1 else Block(tuple(children))


def _statements(node: TreeNode) -> list[Node]:
    """The statements among a node's children; one followed by ``&`` runs in its own shell."""
    for child in node.children:
        if not child.is_named and child.type not in _PUNCTUATION:
            raise CannotJudge(f"it uses the shell syntax {child.type!r}")
    found: list[Node] = []
    for child in node.children:
        if child.type == "&" and found:
            found[-1] = Subshell(found[-1])
        elif child.is_named and child.type != "comment":
            found.append(statement(child))
    return found


_PUNCTUATION = frozenset(
    (
        *(";", "\n", "&", "(", ")", "{", "}", "$(", "`", "|", ";;", "!", "<(", ">("),
        *("if", "then", "elif", "else", "fi", "case", "esac"),
        *("for", "in", "while", "until", "do", "done"),
    )
)


def statement(node: TreeNode) -> Node:
    """One statement of any kind that is known here."""
    lower = _STATEMENTS.get(node.type)
    if lower is None:
        raise CannotJudge(_UNREADABLE.get(node.type, f"it uses the shell syntax {node.type!r}"))
    return lower(node)


_UNREADABLE = {
    "function_definition": "it defines a shell function, which can shadow a command",
    "declaration_command": "it declares shell variables",
    "unset_command": "it unsets shell variables",
    "c_style_for_statement": "it uses an arithmetic for loop",
}

_LOWER = Lower(lambda node: _block(_statements(node)))


def _word(node: TreeNode) -> Word:
    return word(node, _LOWER)


def _command(node: TreeNode) -> Node:
    assignments, words, redirects = [], [], []
    for child in node.children:
        match child.type:
            case "variable_assignment":
                assignments.append(_assignment(child))
            case "command_name":
                words.append(_word(child.children[0]))
            case "herestring_redirect":
                redirects.append(Redirect("text", _word(child.named_children[-1])))
            case "file_redirect":
                redirects.extend(_file_redirect(child))
            case "(" | ")" | "==" | "=~":
                raise CannotJudge(f"it uses {child.type!r} among a command's words")
            case _:
                words.append(_word(child))
    simple = Simple(tuple(assignments), tuple(words), _text(node))
    return Redirected(simple, tuple(redirects)) if redirects else simple


def _assignment(node: TreeNode) -> Assignment:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    operator = next((c.type for c in node.children if not c.is_named), "")
    if name is None or name.type != "variable_name" or operator != "=":
        raise CannotJudge("it assigns to part of a variable")
    if value is not None and value.type == "array":
        raise CannotJudge("it assigns an array")
    return Assignment(_text(name), _word(value) if value is not None else Word(()))


def _export(node: TreeNode) -> Node:
    """``export NAME=value`` is an assignment; every other declaration cannot be judged."""
    if node.children[0].type != "export":
        raise CannotJudge(_UNREADABLE["declaration_command"])
    parts = node.named_children
    if not parts or any(part.type != "variable_assignment" for part in parts):
        raise CannotJudge("export without a value prints or marks variables")
    assignments = tuple(_assignment(part) for part in parts)
    return Simple(assignments, (), _text(node), exports=True)


def _list(node: TreeNode) -> Node:
    if node.child_count != 3:
        raise CannotJudge("it chains commands in a way that is not understood")
    left, operator, right = node.children
    match operator.type:
        case "&&":
            return AndOr("&&", statement(left), statement(right))
        case "||":
            return AndOr("||", statement(left), statement(right))
    raise CannotJudge(f"it chains commands with {operator.type!r}")


def _pipeline(node: TreeNode) -> Node:
    return Pipeline(tuple(_statements(node)))


def _negated(node: TreeNode) -> Node:
    return Not(_block(_statements(node)))


def _subshell(node: TreeNode) -> Node:
    return Subshell(_block(_statements(node)))


def _compound(node: TreeNode) -> Node:
    if node.children[0].type != "{":
        raise CannotJudge("it evaluates arithmetic as a command")
    return _block(_statements(node))


def _if(node: TreeNode) -> Node:
    """Condition, body, and each elif and else: every part may run after any other."""
    bodies = []
    if any(child.type == "&" for child in node.children):
        raise CannotJudge("it runs part of an if in the background")
    for child in node.named_children:
        if child.type in ("elif_clause", "else_clause"):
            bodies.extend(_statements(child))
        elif child.type != "comment":
            bodies.append(statement(child))
    return Choice((), tuple(bodies))


def _case(node: TreeNode) -> Node:
    value = node.child_by_field_name("value")
    if value is None:
        raise CannotJudge("it has a case without a value")
    bodies = []
    words = [_word(value)]
    for item in node.named_children:
        if item.type == "case_item":
            patterns = item.children_by_field_name("value")
            words.extend(_word(p) for p in patterns)
            bodies.append(_block(_case_body(item, len(patterns))))
    return Choice(tuple(words), tuple(bodies))


def _case_body(item: TreeNode, patterns: int) -> list[Node]:
    named = [c for c in item.named_children if c.type != "comment"][patterns:]
    if any(child.type == "&" for child in item.children):
        raise CannotJudge("it runs a case in the background")
    return [statement(child) for child in named]


def _while(node: TreeNode) -> Node:
    *condition, body = [c for c in node.named_children if c.type != "comment"]
    if any(child.type == "&" for child in node.children) or body.type != "do_group":
        raise CannotJudge("it has a loop that is not understood")
    return Loop(None, (), Block((*(statement(c) for c in condition), *_statements(body))))


def _for(node: TreeNode) -> Node:
    name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
    if node.children[0].type != "for" or name is None or body is None:
        raise CannotJudge("it uses a loop that is not understood")
    if not any(child.type == "in" for child in node.children):
        raise CannotJudge("it loops over arguments that are not known")
    values = tuple(_word(value) for value in node.children_by_field_name("value"))
    return Loop(_text(name), values, _block(_statements(body)))


# --- redirects --------------------------------------------------------------------------


def _redirected(node: TreeNode) -> Node:
    """A redirected statement. A here-document may carry the rest of its line inside it."""
    inner = node.child_by_field_name("body")
    body = statement(inner) if inner is not None else None
    redirects: list[Redirect] = []
    rest: list[TreeNode] = []
    for child in node.children_by_field_name("redirect"):
        match child.type:
            case "file_redirect":
                redirects.extend(_file_redirect(child))
            case "herestring_redirect":
                redirects.append(Redirect("text", _word(child.named_children[-1])))
            case "heredoc_redirect":
                redirects.extend(_heredoc(child, rest))
            case _:
                raise CannotJudge("it uses a redirection that is not understood")
    return _with_rest(_redirect_last(body, tuple(redirects)), rest)


def _redirect_last(body: Node | None, redirects: tuple[Redirect, ...]) -> Node:
    """``a && b > x``: the grammar redirects the whole list, the shell only its last command."""
    match body:
        case AndOr(operator, left, right):
            return AndOr(operator, left, _redirect_last(right, redirects))
        case Pipeline(children):
            return Pipeline((*children[:-1], _redirect_last(children[-1], redirects)))
        case Not(inner):
            return Not(_redirect_last(inner, redirects))
        case _:
            return Redirected(body, redirects)


def _with_rest(head: Node, rest: list[TreeNode]) -> Node:
    """``cat <<EOF | grep x``: the grammar hangs the rest of the line into the redirect."""
    if not rest:
        return head
    if len(rest) > 1 or rest[0].type != "pipeline":
        raise CannotJudge("it goes on after a here-document in a way that is not understood")
    return _pipe_last(head, _statements(rest[0]))


def _pipe_last(head: Node, rest: list[Node]) -> Node:
    if isinstance(head, AndOr):
        return AndOr(head.operator, head.left, _pipe_last(head.right, rest))
    return Pipeline((head, *rest))


def _file_redirect(node: TreeNode) -> list[Redirect]:
    operator = next((c.type for c in node.children if not c.is_named), "")
    targets = node.children_by_field_name("destination")
    if operator in (">&", "<&") and len(targets) == 1 and targets[0].type == "number":
        return []
    if operator in (">&-", "<&-") and not targets:
        return []
    kind = _REDIRECTS.get(operator)
    if kind is None or len(targets) != 1:
        raise CannotJudge(f"it uses the redirection {operator!r}")
    return [Redirect("read" if kind == "read" else "write", _word(targets[0]))]


_REDIRECTS = {
    "<": "read",
    ">": "write",
    ">>": "write",
    ">|": "write",
    "&>": "write",
    "&>>": "write",
    ">&": "write",
}


def _heredoc(node: TreeNode, rest: list[TreeNode]) -> list[Redirect]:
    redirects: list[Redirect] = []
    start = body = end = None
    for child in node.children:
        match child.type:
            case "heredoc_start":
                start = child
            case "heredoc_body":
                body = child
            case "heredoc_end":
                end = child
            case "file_redirect":
                redirects.extend(_file_redirect(child))
            case "pipeline":
                rest.append(child)
            case "<<" | "<<-" | "\n":
                pass
            case _:
                raise CannotJudge("it has a here-document that is not understood")
    text = quoting.heredoc(*(_text(part) if part else "" for part in (start, body, end)))
    return [*redirects, Redirect("text", Word(text))]


def _test(node: TreeNode) -> Node:
    return test(node, _LOWER)


def _text(node: TreeNode) -> str:
    return (node.text or b"").decode()


def _bare_assignment(node: TreeNode) -> Node:
    return Simple((_assignment(node),), (), _text(node))


def _assignments(node: TreeNode) -> Node:
    return Simple(tuple(_assignment(c) for c in node.named_children), (), _text(node))


_STATEMENTS: dict[str, Callable[[TreeNode], Node]] = {
    "command": _command,
    "variable_assignment": _bare_assignment,
    "variable_assignments": _assignments,
    "declaration_command": _export,
    "list": _list,
    "pipeline": _pipeline,
    "negated_command": _negated,
    "subshell": _subshell,
    "compound_statement": _compound,
    "if_statement": _if,
    "case_statement": _case,
    "while_statement": _while,
    "for_statement": _for,
    "redirected_statement": _redirected,
    "test_command": _test,
}
