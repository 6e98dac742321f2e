"""Readers of a call's own text, one character at a time, once its beginning is known.

``ObjectCall`` reads a JSON object that names the tool; ``JsonBody`` and ``TagBody`` read
the arguments of a tool that is known already and give them as pieces of JSON text.
Know nothing of prose, of wrappers or of the grammar engine.
"""

from __future__ import annotations

import json
from enum import Enum, auto
from typing import Any, Protocol

from edge.toolcalls.lenient import JsonReader, Step, loads
from edge.toolcalls.shapes import ARGUMENT_KEYS, LIST_KEYS, NAME_KEYS, NEUTRAL_KEYS, TagShape
from edge.toolcalls.toolbox import Tool, Toolbox


class Signal(Enum):
    HOLD = auto()
    REJECT = auto()
    """This is not a call of an offered tool."""
    TRIGGER = auto()
    """The tool is known and the next thing is its arguments."""
    DONE = auto()


class ObjectCall:
    """``{"name": ..., "arguments": {...}}`` and its many relatives."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._reader = JsonReader()
        self._unit = 1  # depth of the object that is one call
        self._base = 1  # depth of the object that holds the name
        self._key_at_base = ""
        self._flat = False
        self._arguments_seen = False
        self.tool: Tool | None = None

    @property
    def committed(self) -> bool:
        """Whether the tool is known and its arguments have begun."""
        return self.tool is not None and self._arguments_seen

    @property
    def braces(self) -> int:
        """How many braces close the call after its arguments."""
        return self._base - self._unit + 1 + self._reader.doubled

    @property
    def closers(self) -> tuple[str, ...]:
        """What may still close the wrapping once the call itself is over."""
        return self.list_closers or ("}",) * self._reader.doubled

    @property
    def list_closers(self) -> tuple[str, ...]:
        """What closes a list of calls around this one."""
        return ("]", "}") if self._unit == 3 else ()

    def push(self, ch: str) -> Signal:
        reader = self._reader
        before = reader.depth
        step = reader.push(ch)
        if step is Step.BROKEN:
            return Signal.REJECT
        if reader.depth > before > 0:
            self._opened(before)
        elif step is Step.DONE or self._unit > reader.depth:
            return Signal.DONE if before >= self._unit and self.tool else self._not_yet(step)
        if reader.depth != self._base:
            return Signal.HOLD
        return self._at_base(step)

    def arguments(self) -> Any:
        """The arguments as the model wrote them, after DONE."""
        return self._find(self._reader.value if self._unit == 1 else self._last_unit())

    def complete(self) -> Any:
        """The arguments with what is still open closed; None where more is missing."""
        whole = self._reader.complete()
        if whole is None or self._unit != 1 or not isinstance(whole, dict):
            return None
        return self._find(whole)

    def _not_yet(self, step: Step) -> Signal:
        return Signal.REJECT if step is Step.DONE or self._unit == 1 else Signal.HOLD

    def _last_unit(self) -> Any:
        units = self._reader.innermost
        return units[-1] if isinstance(units, list) and units else None

    def _opened(self, before: int) -> None:
        """A container opened inside the one at depth ``before``."""
        if before == self._base and self._key_at_base == "function" and self.tool is None:
            self._base += 1
        elif before == 2 and self._key_at_base in LIST_KEYS and self._unit == 1:
            self._unit = self._base = 3

    def _at_base(self, step: Step) -> Signal:
        reader = self._reader
        match step:
            case Step.KEY:
                self._key_at_base = reader.key
                return self._on_key(reader.key)
            case Step.COLON:
                return self._on_colon(reader.key)
            case Step.STRING if reader.key in NAME_KEYS and self.tool is None:
                self.tool = self._toolbox.find(reader.text)
                return Signal.HOLD if self.tool else Signal.REJECT
            case _:
                return self._on_partial()

    def _on_key(self, key: str) -> Signal:
        if self._arguments_seen and self.tool is not None:
            return Signal.HOLD
        if self.tool is not None and key in self.tool.properties and key not in ARGUMENT_KEYS:
            self._flat = True
            return Signal.HOLD
        return Signal.HOLD if key in self._known_keys() else Signal.REJECT

    def _on_colon(self, key: str) -> Signal:
        if key not in ARGUMENT_KEYS:
            return Signal.HOLD
        self._arguments_seen = True
        return Signal.TRIGGER if self.tool is not None and not self._flat else Signal.HOLD

    def _on_partial(self) -> Signal:
        """Let go as soon as a key or a name can no longer be one of ours."""
        reader = self._reader
        if reader.in_key:
            if self.committed or (partial := reader.partial) is None:
                return Signal.HOLD
            known = any(key.startswith(partial) for key in self._known_keys())
            return Signal.HOLD if known else Signal.REJECT
        if self.tool is None and reader.key in NAME_KEYS and (partial := reader.partial):
            return Signal.HOLD if self._toolbox.may_become(partial) else Signal.REJECT
        return Signal.HOLD

    def _known_keys(self) -> frozenset[str]:
        keys = NAME_KEYS | ARGUMENT_KEYS | NEUTRAL_KEYS
        if self.tool is not None:
            return keys | frozenset(self.tool.properties)
        return keys | LIST_KEYS if self._unit == 1 else keys

    def _find(self, call: Any) -> Any:
        """The arguments in a call object: under one of their names, or flat beside the name."""
        if not isinstance(call, dict):
            return None
        inner = call["function"] if isinstance(call.get("function"), dict) else call
        for place in (inner, call):
            for key in place:
                if key in ARGUMENT_KEYS:
                    return place[key]
        return {
            key: value
            for key, value in inner.items()
            if key not in NAME_KEYS and key not in NEUTRAL_KEYS
        }


class Body(Protocol):
    """The arguments of a known tool."""

    @property
    def done(self) -> bool: ...

    @property
    def broken(self) -> bool: ...

    @property
    def value(self) -> dict[str, Any]: ...

    @property
    def rest(self) -> str:
        """Text read in vain when ``broken``: it belongs to what follows."""

    def push(self, ch: str) -> str:
        """Take a character; the piece of the arguments' JSON text that it settles."""

    def complete(self) -> dict[str, Any] | None:
        """The arguments where only closings are missing."""


class JsonBody:
    """A JSON object; its pieces are the text as it stands."""

    def __init__(self, *, strict: bool = False) -> None:
        """``strict``: for text that is passed on before it is read to its end."""
        self._reader = JsonReader(strict=strict)
        self.done = self.broken = False
        self.value: dict[str, Any] = {}
        self.rest = ""

    def push(self, ch: str) -> str:
        if self._reader.depth == 0:
            if ch.isspace():
                return ""
            if ch != "{":
                return self._fail(ch)
        step = self._reader.push(ch)
        if step is Step.BROKEN:
            return self._fail(ch)
        if step is Step.DONE:
            self.done, self.value = True, self._reader.value
        return ch

    def complete(self) -> dict[str, Any] | None:
        whole = self._reader.complete()
        return whole if isinstance(whole, dict) else None

    def _fail(self, ch: str) -> str:
        self.broken, self.rest = True, ch
        return ""


class _Place(Enum):
    BETWEEN = auto()
    KEY = auto()
    GAP = auto()
    VALUE = auto()


class TagBody:
    """Arguments as tags with raw text between them."""

    def __init__(self, tool: Tool, shape: TagShape) -> None:
        self._tool = tool
        self._shape = shape
        self._place = _Place.BETWEEN
        self._held = ""
        self._key = ""
        self._raw: list[str] = []
        self._fresh = True  # nothing of the value read yet
        self.done = self.broken = False
        self.value: dict[str, Any] = {}
        self.rest = ""

    def push(self, ch: str) -> str:
        match self._place:
            case _Place.BETWEEN:
                return self._between(ch)
            case _Place.KEY:
                return self._in_key(ch)
            case _Place.GAP:
                return self._in_gap(ch)
            case _Place.VALUE:
                return self._in_value(ch)

    def complete(self) -> dict[str, Any] | None:
        return self.value if self._place is _Place.BETWEEN and self.value else None

    def _between(self, ch: str) -> str:
        if not self._held and ch.isspace():
            return ""
        self._held += ch
        if self._held == self._shape.close:
            self.done = True
            return "}" if self.value else "{}"
        if self._held == self._shape.key_open:
            self._enter(_Place.KEY)
        elif not any(
            mark.startswith(self._held) for mark in (self._shape.close, self._shape.key_open)
        ):
            self.broken, self.rest = True, self._held
        return ""

    def _in_key(self, ch: str) -> str:
        self._held += ch
        if not self._held.endswith(self._shape.key_close):
            return ""
        self._key = self._held.removesuffix(self._shape.key_close).strip()
        self._enter(_Place.GAP if self._shape.value_open else _Place.VALUE)
        opening = ", " if self.value else "{"
        quote = '"' if self._kind == "text" else ""
        return f"{opening}{json.dumps(self._key, ensure_ascii=False)}: {quote}"

    @property
    def _kind(self) -> str:
        return self._tool.kind(self._key)

    def _in_gap(self, ch: str) -> str:
        if not self._held and ch.isspace():
            return ""
        self._held += ch
        if self._held == self._shape.value_open:
            self._enter(_Place.VALUE)
        elif not self._shape.value_open.startswith(self._held):
            self.broken, self.rest = True, self._held
        return ""

    def _in_value(self, ch: str) -> str:
        if self._fresh:
            self._fresh = False
            if ch == "\n" and self._shape.padded:
                return ""
        self._held += ch
        if self._held.endswith(self._shape.value_close):
            return self._end_value()
        keep = self._kept()
        passed = self._held[: len(self._held) - keep]
        self._held = self._held[len(self._held) - keep :]
        self._raw.append(passed)
        return _escaped(passed) if self._kind == "text" else ""

    def _kept(self) -> int:
        """How much of the held text may belong to the closing."""
        close = self._shape.value_close
        marks = (close, "\n" + close) if self._shape.padded else (close,)
        longest = min(len(self._held), len(close))
        for size in range(longest, 0, -1):
            if any(mark.startswith(self._held[-size:]) for mark in marks):
                return size
        return 0

    def _end_value(self) -> str:
        last = self._held.removesuffix(self._shape.value_close)
        if self._shape.padded:
            last = last.removesuffix("\n")
        raw = "".join([*self._raw, last])
        value = self._decode(raw)
        kind = self._kind
        self.value[self._key] = value
        self._enter(_Place.BETWEEN)
        return _escaped(last) + '"' if kind == "text" else json.dumps(value, ensure_ascii=False)

    def _decode(self, raw: str) -> Any:
        match self._kind:
            case "choice":
                return self._tool.choice(self._key, raw.strip())
            case "json":
                return _value(raw.strip())
            case _:
                return raw

    def _enter(self, place: _Place) -> None:
        self._place = place
        self._held = ""
        self._raw = []
        self._fresh = True


class FunctionBody:
    """After ``<function=name>``: tags, or a JSON object as Llama writes it."""

    def __init__(self, tool: Tool, shape: TagShape, *, strict: bool = False) -> None:
        self._tags: Body = TagBody(tool, shape)
        self._strict = strict
        self._chosen: Body | None = None

    def push(self, ch: str) -> str:
        if self._chosen is None:
            if ch.isspace():
                return ""
            self._chosen = JsonBody(strict=self._strict) if ch == "{" else self._tags
        return self._chosen.push(ch)

    @property
    def _body(self) -> Body:
        return self._chosen or self._tags

    @property
    def done(self) -> bool:
        return self._body.done

    @property
    def broken(self) -> bool:
        return self._body.broken

    @property
    def value(self) -> dict[str, Any]:
        return self._body.value

    @property
    def rest(self) -> str:
        return self._body.rest

    def complete(self) -> dict[str, Any] | None:
        return self._body.complete()


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _value(text: str) -> Any:
    """A JSON value as models write it raw; the text itself where it is none."""
    if text[:1] in ("{", "["):
        parsed = loads(text)
        return text if parsed is None else parsed
    wrapped = loads(f"[{text}]")
    return wrapped[0] if isinstance(wrapped, list) and len(wrapped) == 1 else text
