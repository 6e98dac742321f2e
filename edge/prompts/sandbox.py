"""A model file's Jinja template run in a sandbox, with the names such templates expect.

Knows jinja2 and the variables of chat templates; knows nothing of what a message means.
Called by template and capabilities only. A template may not reach outside the values it
is given, and what it writes is bounded; a loop in it that never ends is out of reach here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TypeAlias

import jinja2
from jinja2 import nodes
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


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with multiplication bounded: ``'x' * 10**12`` must not take the memory."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and isinstance(right, int) and abs(right) > MAX_EXPONENT:
            raise SecurityError("exponent too large")
        if operator == "*" and _repeated_length(left, right) > MAX_OUTPUT:
            raise SecurityError("repetition too long")
        return super().call_binop(context, operator, left, right)


def _repeated_length(left: object, right: object) -> int:
    for sequence, count in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(count, int):
            return len(sequence) * max(count, 0)
    return 0


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
        pieces: list[str] = []
        length = 0
        for piece in self._template.generate(variables):
            length += len(piece)
            if length > MAX_OUTPUT:
                raise SecurityError(f"it wrote more than {MAX_OUTPUT} characters")
            pieces.append(piece)
        return "".join(pieces)


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
