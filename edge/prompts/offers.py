"""Which tools a local model is offered, and where in the conversation it reads of each.

Knows tools and the parts that bring them in or take them out. Called by normalise.

A tool known before the first answer stands at the front, with the others. One that joins
later is described where it joined (a ToolChange with its definition) and stays
``deferred`` in the list: rewriting the front would cost the whole prefix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from edge.chat import (
    ChatRequest,
    Message,
    Part,
    Text,
    ToolChange,
    ToolReference,
    ToolResult,
    ToolSpec,
)
from edge.errors import UnsupportedInput


def settle_tools(request: ChatRequest) -> ChatRequest:
    """The request with every change of tools applied. Raises UnsupportedInput where the
    request is about nothing but tools that only the cloud runs.
    """
    custom = {tool.name: tool for tool in request.tools if tool.kind == "custom"}
    _refuse_server_tools(request, custom)
    ledger = _Ledger(custom)
    messages = tuple(ledger.read(message) for message in request.messages)
    if not ledger.has_front():
        ledger.move_to_front()
    front = ledger.front()
    messages = tuple(_without_front(message, front) for message in messages)
    return replace(request, messages=messages, tools=ledger.tools(front))


def _refuse_server_tools(request: ChatRequest, custom: dict[str, ToolSpec]) -> None:
    if request.tools and not custom:
        names = ", ".join(sorted(tool.name for tool in request.tools))
        raise UnsupportedInput(
            f"{names} runs in the cloud and not on this box: "
            "go on without it, or try again when there is a link"
        )


@dataclass(slots=True)
class _Ledger:
    """Follows the offers through a conversation."""

    known: dict[str, ToolSpec]
    offered: dict[str, bool] = field(default_factory=dict)
    early: set[str] = field(default_factory=set)
    answered: bool = False

    def __post_init__(self) -> None:
        for name, tool in self.known.items():
            if not tool.deferred:
                self.offered[name] = True
                self.early.add(name)

    def read(self, message: Message) -> Message:
        """The message with every reference made a change that carries its definition."""
        if message.role == "assistant":
            self.answered = True
            return message
        return replace(message, parts=tuple(self._resolve(part) for part in message.parts))

    def _resolve(self, part: Part) -> Part:
        match part:
            case ToolResult():
                content = tuple(self._resolve(inner) for inner in part.content)
                return replace(part, content=content)
            case ToolReference():
                return self._add(part.name, None)
            case ToolChange(kind="addition"):
                return self._add(part.name, part.definition)
            case ToolChange():
                return self._remove(part)
            case _:
                return part

    def _add(self, name: str, definition: ToolSpec | None) -> Part:
        if definition is not None and definition.kind == "custom":
            held = self.known.get(name)
            deferred = held.deferred if held is not None else True
            self.known[name] = replace(definition, name=name, deferred=deferred)
        if name not in self.known:
            return Text(f"[tool {name}: not available here]")
        self.offered[name] = True
        if not self.answered:
            self.early.add(name)
        return ToolChange("addition", name, self.known[name])

    def _remove(self, change: ToolChange) -> Part:
        if change.name in self.offered:
            self.offered[change.name] = False
        return change

    def has_front(self) -> bool:
        return any(self.offered.get(name) for name in self.early)

    def move_to_front(self) -> None:
        """With no tool at the front a template would not say how tools are called at all."""
        self.early.update(name for name, offered in self.offered.items() if offered)

    def front(self) -> frozenset[str]:
        return frozenset(self.early)

    def tools(self, front: frozenset[str]) -> tuple[ToolSpec, ...]:
        """Those offered at the end, sorted by name so that their order never matters."""
        names = sorted(name for name, offered in self.offered.items() if offered)
        return tuple(replace(self.known[name], deferred=name not in front) for name in names)


def _without_front(message: Message, front: frozenset[str]) -> Message:
    parts = tuple(_shown(message.parts, front))
    return message if parts == message.parts else replace(message, parts=parts)


def _shown(parts: tuple[Part, ...], front: frozenset[str]) -> Iterator[Part]:
    """The parts, without changes to tools that stand at the front anyway."""
    for part in parts:
        match part:
            case ToolResult():
                inner = tuple(
                    Text(f"The tool {p.name} is available.")
                    if isinstance(p, ToolChange) and p.name in front
                    else p
                    for p in part.content
                )
                yield part if inner == part.content else replace(part, content=inner)
            case ToolChange() if part.name in front:
                continue
            case _:
                yield part
