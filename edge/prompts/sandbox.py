"""A model file's Jinja template run in a sandbox, with the names such templates expect.

Knows jinja2 and the variables of chat templates; knows nothing of what a message means.
Called by template and capabilities only. A template may not reach outside the values it
is given, and what it writes or puts together is bounded; how long it runs is for the caller,
who has a clock, to bound.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TypeAlias

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edge.errors import ModelUnusable, TemplateFailed

ChatMessage: TypeAlias = dict[str, Any]
"""One message as chat templates read it: role, content, tool_calls, name, tool_call_id."""

ChatTool: TypeAlias = dict[str, Any]
"""One tool as chat templates read it: type and function {name, description, parameters}."""

MAX_OUTPUT = 64 * 1024 * 1024
"""Characters a rendering may have: above any request body, below any board's memory."""

MAX_EXPONENT = 64

MAX_BITS = 4096
"""Of a number that a template computes; no date or count of tokens needs a tenth of it."""

# What a template written by a stranger can raise when it meets a conversation it did not expect.
_FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


class _GenerationTag(Extension):
    """Lets ``{% generation %}`` through; it only marks training text."""

    tags = {"generation"}  # noqa: RUF012  (jinja2 declares it as an instance attribute)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Writer(CodeGenerator):
    """Compiles ``~`` into a call that can say no."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - jinja2's name
        self.write("environment.concat((")
        for part in node.nodes:
            self.write("str(")
            self.visit(part, frame)
            self.write("), ")
        self.write("))")


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with growth bounded: ``'x' * 10**12``, or doubling a text forty times, must
    not take the memory."""

    intercepted_binops = frozenset({"+", "*", "**"})
    code_generator_class = _Writer

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if _length(operator, left, right) > MAX_OUTPUT:
            raise SecurityError("text or list too long")
        if _bits(operator, left, right) > MAX_BITS:
            raise SecurityError("number too large")
        return super().call_binop(context, operator, left, right)

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """How jinja2 puts captured blocks, macros and ``~`` together."""
        return "".join(_bounded(parts))


def _bounded(parts: Iterable[str]) -> Iterator[str]:
    length = 0
    for part in parts:
        length += len(part)
        if length > MAX_OUTPUT:
            raise SecurityError(f"it wrote more than {MAX_OUTPUT} characters")
        yield part


def _length(operator: str, left: object, right: object) -> int:
    """Of the text or list that an operation gives; 0 where it gives none."""
    sequences = (str, bytes, list, tuple)
    if operator == "+" and isinstance(left, sequences) and isinstance(right, sequences):
        return len(left) + len(right)
    for sequence, count in ((left, right), (right, left)):
        if operator == "*" and isinstance(sequence, sequences) and isinstance(count, int):
            return len(sequence) * max(count, 0)
    return 0


def _bits(operator: str, left: object, right: object) -> int:
    """Of the whole number that an operation gives, at most; 0 where it gives none."""
    if not (isinstance(left, int) and isinstance(right, int)):
        return 0
    if operator == "**":
        return MAX_BITS + 1 if abs(right) > MAX_EXPONENT else left.bit_length() * abs(right)
    return left.bit_length() + right.bit_length()


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as transformers writes it into prompts: no HTML escapes, keys as they came."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _raise_exception(message: object) -> NoReturn:
    raise jinja2.TemplateError(str(message))


def _environment() -> _Sandbox:
    environment = _Sandbox(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_GenerationTag, "jinja2.ext.loopcontrols"],
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    return environment


@dataclass(frozen=True, slots=True)
class Options:
    """What a rendering is given beside messages and tools."""

    now: datetime
    enable_thinking: bool = False
    add_generation_prompt: bool = True
    reasoning_effort: str | None = None
    omit_tools: bool = False
    """An empty tool list is left undefined, not None."""


class Program:
    """One compiled template with its special tokens. Raises ModelUnusable if it does not parse."""

    def __init__(self, source: str, *, bos: str, eos: str) -> None:
        try:
            self._template = _environment().from_string(source)
        except (jinja2.TemplateError, RecursionError) as error:
            raise ModelUnusable(
                f"the model's chat template is not valid Jinja ({error}): "
                "use a model file whose template is whole"
            ) from error
        self._tokens = {"bos_token": bos, "eos_token": eos}

    def run(
        self, messages: Sequence[ChatMessage], tools: Sequence[ChatTool], options: Options
    ) -> str:
        """The text. Raises TemplateFailed with the template's own complaint."""
        variables = {**self._tokens, **_variables(messages, tools, options)}
        try:
            return self._join(variables)
        except _FAILURES as error:
            said = str(error) or type(error).__name__
            raise TemplateFailed(
                f"the model's chat template rejects this conversation: {said[:500]}"
            ) from error

    def _join(self, variables: dict[str, Any]) -> str:
        return "".join(_bounded(self._template.generate(variables)))


def _variables(
    messages: Sequence[ChatMessage], tools: Sequence[ChatTool], options: Options
) -> dict[str, Any]:
    strftime_now: Callable[[str], str] = options.now.strftime
    variables: dict[str, Any] = {
        "messages": list(messages),
        "documents": None,
        "add_generation_prompt": options.add_generation_prompt,
        "enable_thinking": options.enable_thinking,
        "thinking": options.enable_thinking,
        "strftime_now": strftime_now,
        "date_string": options.now.strftime("%d %b %Y"),
    }
    if tools or not options.omit_tools:
        variables["tools"] = list(tools) or None
    if options.reasoning_effort is not None:
        variables["reasoning_effort"] = options.reasoning_effort
    return variables
