"""Walks a Script as the shell would run it and holds whatever is not known to be harmless.

An abstract run: the state is every directory the shell may be in and every value its
variables may have; branches are joined and loops are run until nothing new comes.
Judges through ``judge_simple``; called by policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from edge.safeguards import commands, paths
from edge.safeguards.commands.run import require_harmless_variable
from edge.safeguards.commands.spec import Call
from edge.safeguards.commands.text import require_plain_test
from edge.safeguards.finding import CannotJudge, Held
from edge.safeguards.paths import Places, locate
from edge.safeguards.quoting import is_name
from edge.safeguards.script import (
    AndOr,
    Block,
    Choice,
    Condition,
    Loop,
    Node,
    Not,
    Pipeline,
    ProcessFile,
    Redirect,
    Redirected,
    Simple,
    Subshell,
    Substitution,
    Word,
)
from edge.safeguards.values import (
    MOST_VALUES,
    TOKEN,
    UNKNOWN,
    Scope,
    Value,
    Variables,
    expand,
    single,
)

MOST_ROUNDS = 6
"""Rounds a loop may take to show all it can do; one that needs more cannot be judged."""

Gate = Callable[[str, str], bool]
"""A rule's word on a simple command, by its words joined and as it was written ("" for one
that another command runs): True lets it pass unjudged; raises Held to forbid it."""


@dataclass(frozen=True, slots=True)
class State:
    """Where the shell may be and what its variables may hold."""

    cwds: frozenset[str]
    variables: Variables = field(default_factory=dict)

    def join(self, other: State) -> State:
        """Either of two states. A variable set in one of them only may also be unset."""
        if self == other:
            return self
        names = {*self.variables, *other.variables}
        unset = frozenset((Value(""), UNKNOWN))
        merged = {
            name: self.variables.get(name, unset) | other.variables.get(name, unset)
            for name in names
        }
        return State(self.cwds | other.cwds, merged)


@dataclass(frozen=True, slots=True)
class After:
    """The state where the command succeeded, and where it failed."""

    success: State
    failure: State

    def either(self) -> State:
        return self.success.join(self.failure)


def _same(state: State) -> After:
    return After(state, state)


def walk(
    script: Node, cwds: frozenset[str], places: Places, gate: Gate, branches: frozenset[str]
) -> frozenset[str]:
    """Where the shell may be after the script. Raises Held at what is not known to be harmless."""
    return _Walker(places, gate, branches).run(script, State(cwds)).either().cwds


class _Walker:
    """One walk; ``written`` gathers the files that the script itself fills."""

    def __init__(self, places: Places, gate: Gate, branches: frozenset[str]) -> None:
        self._places = places
        self._gate = gate
        self._branches = branches
        self._written: set[str] = set()

    def run(self, node: Node, state: State, feeder: tuple[str, ...] = ()) -> After:
        """``feeder`` is the command whose output is this one's input."""
        match node:
            case Simple():
                return self._simple(node, state, feeder)
            case Redirected(body, redirects):
                self._redirects(redirects, state, body)
                return _same(state) if body is None else self.run(body, state, feeder)
            case Condition(words, numeric):
                return self._test(words, numeric, state)
            case Subshell(body):
                self.run(body, state)
                return _same(state)
            case _:
                return self._composed(node, state)

    # --- composition ----------------------------------------------------------------------

    def _composed(
        self, node: Block | AndOr | Not | Pipeline | Choice | Loop, state: State
    ) -> After:
        match node:
            case Block(children):
                return self._block(children, state)
            case AndOr():
                return self._and_or(node, state)
            case Not(body):
                after = self.run(body, state)
                return After(after.failure, after.success)
            case Pipeline(children):
                return self._pipeline(children, state)
            case Choice(words, bodies):
                return self._choice(words, bodies, state)
            case Loop():
                return self._loop(node, state)

    def _block(self, children: Iterable[Node], state: State) -> After:
        after = _same(state)
        for child in children:
            after = self.run(child, after.either())
        return after

    def _and_or(self, node: AndOr, state: State) -> After:
        left = self.run(node.left, state)
        if node.operator == "&&":
            right = self.run(node.right, left.success)
            return After(right.success, left.failure.join(right.failure))
        right = self.run(node.right, left.failure)
        return After(left.success.join(right.success), right.failure)

    def _pipeline(self, children: tuple[Node, ...], state: State) -> After:
        """Each part in its own shell, but the last, which some shells run in this one."""
        after = _same(state)
        feeder: tuple[str, ...] = ()
        for child in children:
            after = self.run(child, state, feeder)
            feeder = _feeder(child)
        return _same(state.join(after.either()))

    def _choice(self, words: Iterable[Word], bodies: Iterable[Node], state: State) -> After:
        for word in words:
            self._fields(word, state)
        joined = state
        for body in bodies:
            joined = joined.join(self.run(body, joined).either())
        return _same(joined)

    def _loop(self, loop: Loop, state: State) -> After:
        values = [v for word in loop.words for fields in self._fields(word, state) for v in fields]
        joined = state
        for _ in range(MOST_ROUNDS):
            entry = self._bind(joined, loop.name, values) if loop.name else joined
            after = joined.join(self.run(loop.body, entry).either())
            if after == joined:
                return _same(joined)
            joined = after
        raise CannotJudge("its loop changes more than can be followed")

    def _bind(self, state: State, name: str, values: Iterable[Value]) -> State:
        require_harmless_variable(name, exported=False)
        found = frozenset(values)
        if len(found) > MOST_VALUES:
            found = frozenset((UNKNOWN,))
        return replace(state, variables={**state.variables, name: found})

    def _test(self, words: Iterable[Word], numeric: Iterable[Word], state: State) -> After:
        for word in words:
            for fields in self._fields(word, state):
                require_plain_test(fields)
        for word in numeric:
            for fields in self._fields(word, state):
                if any(v.unknown or not re.fullmatch(r"-?\d+", v.text) for v in fields):
                    raise CannotJudge("it compares as a number what is not known to be one")
        return _same(state)

    # --- simple commands --------------------------------------------------------------------

    def _simple(self, node: Simple, state: State, feeder: tuple[str, ...]) -> After:
        assigned = state
        for assignment in node.assignments:
            exported = node.exports or bool(node.words)
            require_harmless_variable(assignment.name, exported=exported)
            values = frozenset(single(assignment.value, self._scope(assigned)))
            assigned = replace(assigned, variables={**assigned.variables, assignment.name: values})
        if not node.words:
            return _same(assigned)
        after: After | None = None
        for argv in self._argvs(node.words, state):
            one = self._command(argv, node, state, feeder)
            after = (
                one
                if after is None
                else After(after.success.join(one.success), after.failure.join(one.failure))
            )
        return after or _same(state)

    def _argvs(self, words: tuple[Word, ...], state: State) -> list[tuple[Value, ...]]:
        """Every list of arguments that the words may become."""
        found: list[tuple[Value, ...]] = [()]
        for word in words:
            choices = self._fields(word, state)
            found = [(*head, *fields) for head in found for fields in choices]
            if len(found) > MOST_VALUES:
                raise CannotJudge("it can become too many different commands")
        return found

    def _command(
        self, argv: tuple[Value, ...], node: Simple, state: State, feeder: tuple[str, ...]
    ) -> After:
        if not argv:
            raise Held("which command runs is not known")
        if argv[0] == Value("cd"):
            return self._cd(argv, state)
        if argv[0] == Value("read"):
            return self._read(argv, state)
        self._judge(self._call(argv, state, feeder), node.source)
        return _same(state)

    def _call(self, argv: tuple[Value, ...], state: State, feeder: tuple[str, ...] = ()) -> Call:
        return Call(
            argv,
            self._places,
            state.cwds,
            feeder,
            self._written,
            self._judge,
            self._branches,
        )

    def _judge(self, call: Call, source: str = "") -> None:
        text = " ".join(v.text + ("\0" if v.unknown else "") for v in call.argv)
        if not self._gate(text, source):
            commands.judge(call)

    def _cd(self, argv: tuple[Value, ...], state: State) -> After:
        rest = argv[2:] if len(argv) > 1 and argv[1].text == "--" else argv[1:]
        if len(rest) != 1 or rest[0].unknown or rest[0].glob or rest[0].text.startswith("-"):
            raise Held("cd goes to a directory that is not known", "Bash(cd:*)")
        to = frozenset(
            paths.check_directory(rest[0].text, self._places, cwd=cwd) for cwd in state.cwds
        )
        return After(replace(state, cwds=to), state)

    def _read(self, argv: tuple[Value, ...], state: State) -> After:
        """``read -r name``: the name then holds what is not known."""
        names = [v for v in argv[1:] if v.text not in ("-r",)]
        if any(v.unknown or not is_name(v.text) for v in names):
            raise Held("read is given more than names of variables")
        for name in names:
            state = self._bind(state, name.text, (UNKNOWN,))
        return _same(state)

    # --- words and redirects ------------------------------------------------------------------

    def _fields(self, word: Word, state: State) -> tuple[tuple[Value, ...], ...]:
        return expand(word, self._scope(state))

    def _scope(self, state: State) -> Scope:
        def substitute(piece: Substitution | ProcessFile) -> Value:
            self.run(piece.body, state)
            if isinstance(piece, ProcessFile):
                return Value(paths.PROCESS_FILE)
            return self._printed(piece.body, state)

        return Scope(state.variables, state.cwds, self._places.home, substitute)

    def _printed(self, body: Node, state: State) -> Value:
        """What a substitution is known to become: a hash, a number, a date; or UNKNOWN."""
        if not isinstance(body, Simple) or body.assignments:
            return UNKNOWN
        argvs = self._argvs(body.words, state)
        return TOKEN if all(_prints_token(argv) for argv in argvs) else UNKNOWN

    def _redirects(self, redirects: Iterable[Redirect], state: State, body: Node | None) -> None:
        writes = [r for r in redirects if r.kind == "write"]
        if writes and (body is None or _does_nothing(body)):
            raise Held("it empties a file")
        for redirect in redirects:
            for value in single(redirect.target, self._scope(state)):
                self._redirect(redirect, value, state)

    def _redirect(self, redirect: Redirect, value: Value, state: State) -> None:
        if redirect.kind == "text":
            return
        if value.unknown or not value.text:
            raise Held("it redirects to a file that is not known")
        for cwd in state.cwds:
            paths.check(redirect.kind, value.text, self._places, cwd=cwd)
            if redirect.kind == "write":
                self._written.add(locate(value.text, cwd))


def _does_nothing(body: Node) -> bool:
    return isinstance(body, Simple) and body.source.split()[:1] in ([":"], ["true"], ["false"])


def _feeder(node: Node) -> tuple[str, ...]:
    """The plain words of the command whose output is piped on."""
    if isinstance(node, Redirected) and node.body is not None:
        node = node.body
    return tuple(node.source.split()) if isinstance(node, Simple) else ()


_TOKENS: Mapping[str, str] = {
    "git rev-parse": r"(--short(=\d+)?|--verify|HEAD[~^\d]*|[\w.]+)( [\w.]+[~^\d]*)?",
    "git merge-base": r"[\w./~^-]+ [\w./~^-]+",
    "date": r"(-u )?(\+[%\w:.-]*)?",
    "nproc": r"",
}


def _prints_token(argv: tuple[Value, ...]) -> bool:
    """Whether the command prints one number, hash or date, which is no path and no option."""
    if any(value.unknown or value.glob for value in argv):
        return False
    text = " ".join(value.text for value in argv)
    for name, rest in _TOKENS.items():
        if text == name or text.startswith(name + " "):
            return re.fullmatch(rest, text[len(name) + 1 :]) is not None
    return False
