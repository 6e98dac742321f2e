"""One tool call while it is read: from the end of its opening to its last brace.

Puts a reader of arguments, the tool's schema and the grammar together and writes the
call's events. Knows nothing of the prose around it; used by the parser only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from edge.toolcalls.calls import Body, FunctionBody, JsonBody, ObjectCall, Signal, TagBody
from edge.toolcalls.events import CallAborted, CallArguments, CallClosed, CallOpened, EventLog
from edge.toolcalls.grammar import object_only, object_tail, tags_tail
from edge.toolcalls.narrowing import Narrowing
from edge.toolcalls.shapes import QWEN, Family, TagShape
from edge.toolcalls.toolbox import Tool, Toolbox


class State(Enum):
    OPEN = auto()
    OFFERED = auto()
    """``offer`` is set: the rest may be held to a grammar."""
    ENDED = auto()
    """The call's events are written; ``rest`` is text beyond it."""
    FAILED = auto()
    """No call: ``text`` is prose after all, ``rest`` is to be read again."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Where the arguments begin: the tool, and the grammar of what may follow."""

    tool: Tool
    grammar: Callable[[], str]
    exact: bool
    """Whether that grammar lets nothing invalid through, so that arguments may stream."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every call of an answer shares."""

    toolbox: Toolbox
    family: Family
    narrowings: Sequence[Narrowing]
    specials: Mapping[str, int]
    forced: bool
    """Whether the whole answer stands under a grammar, so that no offer needs an answer."""


class Calling:
    """Feed characters until the state is ENDED or FAILED."""

    def __init__(self, setting: Setting, log: EventLog, opening: str) -> None:
        """``opening`` is the text of the wrapping that was read before."""
        self._setting = setting
        self._log = log
        self._object: ObjectCall | None = None
        self._body: Body | None = None
        self._shape: TagShape | None = None
        self._tool: Tool | None = None
        self._streaming = False
        self._braces = 0
        self._closing = False
        self.text = opening
        self.rest = ""
        self.closers: tuple[str, ...] = ()
        self.offer: Offer | None = None
        self.guarded = False

    def begin_object(self) -> None:
        """A JSON object follows that names the tool."""
        self._object = ObjectCall(self._setting.toolbox)

    def begin_named(self, tool: Tool, shape: TagShape | None) -> State:
        """The arguments of ``tool`` follow, as tags or, without a shape, as JSON."""
        self._tool, self._shape = tool, shape
        self._body = self._new_body(tool, strict=False)
        if shape is None or (shape is QWEN and self._setting.family is Family.LLAMA3):
            return self._propose_json(tool)
        if not tool.taggable:
            return State.OPEN
        given = self._setting
        return self._propose(
            Offer(
                tool,
                lambda: tags_tail(tool, given.narrowings, shape, given.specials),
                tool.exact_in_tags,
            )
        )

    def _new_body(self, tool: Tool, *, strict: bool) -> Body:
        if self._shape is None:
            return JsonBody(strict=strict)
        if self._shape is QWEN:
            return FunctionBody(tool, self._shape, strict=strict)
        return TagBody(tool, self._shape)

    def push(self, ch: str) -> State:
        self.text += ch
        if self._closing:
            return self._push_closing(ch)
        if self._body is not None:
            return self._push_body(self._body, ch)
        return self._push_object(ch) if self._object is not None else State.FAILED

    def accept(self) -> None:
        """The offer's grammar holds from here on."""
        offer, self.offer = self.offer, None
        if offer is None:
            return
        if self._object is not None:
            self._leave_object(self._object, offer.tool)
        self.guarded, self._streaming = True, offer.exact
        self._body = self._new_body(offer.tool, strict=offer.exact)
        if self._streaming:
            self._log.add(CallOpened(offer.tool.name))

    def refuse(self) -> None:
        """No grammar holds: the call is read whole before anything of it is told."""
        self.offer = None

    def finish(self) -> State:
        """The text is over."""
        if self._closing:
            return State.ENDED
        if self._streaming:
            self._log.add(CallAborted())
            return State.ENDED
        return State.ENDED if self._complete() else self._fail()

    # --- an object that names its tool ----------------------------------------------------

    def _push_object(self, ch: str) -> State:
        call = self._object
        if call is None:
            return State.FAILED
        match call.push(ch):
            case Signal.TRIGGER:
                return self._propose_object(call)
            case Signal.DONE:
                self.closers = call.closers
                return State.ENDED if self._settle(call.tool, call.arguments()) else self._lose()
            case Signal.REJECT:
                self._give_back(ch)
                return State.ENDED if self._complete() else self._fail()
            case Signal.HOLD:
                return State.OPEN

    def _propose_object(self, call: ObjectCall) -> State:
        tool = call.tool
        if tool is None or not tool.guardable:
            return State.OPEN
        narrowings, braces = self._setting.narrowings, call.braces
        return self._propose(
            Offer(
                tool,
                lambda: object_tail(tool, narrowings, braces=braces),
                tool.sanitised.exact,
            )
        )

    def _leave_object(self, call: ObjectCall, tool: Tool) -> None:
        """From here on only the arguments are read; the braces after them are counted."""
        self._tool, self._object = tool, None
        self._braces = call.braces
        self.closers = call.list_closers

    # --- arguments ------------------------------------------------------------------------

    def _propose_json(self, tool: Tool) -> State:
        if not tool.guardable:
            return State.OPEN
        narrowings = self._setting.narrowings
        return self._propose(
            Offer(tool, lambda: object_only(tool, narrowings), tool.sanitised.exact)
        )

    def _propose(self, offer: Offer) -> State:
        self.offer = offer
        if not self._setting.forced:
            return State.OFFERED
        self.accept()
        return State.OPEN

    def _push_body(self, body: Body, ch: str) -> State:
        piece = body.push(ch)
        if self._streaming:
            self._log.add(CallArguments(piece))
        if body.done:
            return self._end_body(body)
        if not body.broken:
            return State.OPEN
        self._give_back(body.rest)
        if self._streaming:
            self._log.add(CallAborted())
            return State.ENDED
        return State.ENDED if self._complete() else self._fail()

    def _end_body(self, body: Body) -> State:
        if self._streaming:
            valid = self._tool is not None and self._tool.is_valid(body.value)
            self._log.add(CallClosed() if valid else CallAborted())
        elif not self._settle(self._tool, body.value):
            return self._lose()
        self._closing = self._braces > 0
        return State.OPEN if self._closing else State.ENDED

    def _push_closing(self, ch: str) -> State:
        """The braces that the grammar prescribes after the arguments."""
        if ch.isspace():
            return State.OPEN
        if ch != "}":
            self._give_back(ch)
            return State.ENDED
        self._braces -= 1
        return State.OPEN if self._braces else State.ENDED

    # --- the end --------------------------------------------------------------------------

    def _complete(self) -> bool:
        """Whether it is a call once what is still open is closed."""
        if self._object is not None:
            if not self._object.committed:
                return False
            return self._settle(self._object.tool, self._object.complete())
        return self._body is not None and self._settle(self._tool, self._body.complete())

    def _settle(self, tool: Tool | None, arguments: object) -> bool:
        """Write the call if its arguments are, or can be made, valid."""
        text = tool.settle(arguments) if tool is not None and arguments is not None else None
        if tool is None or text is None:
            return False
        self._log.add(CallOpened(tool.name))
        self._log.add(CallArguments(text))
        self._log.add(CallClosed())
        return True

    def _lose(self) -> State:
        """A whole call with arguments that do not validate: all of it is prose."""
        return State.FAILED

    def _fail(self) -> State:
        """No call: its first character is prose, the rest may still hold one."""
        self.rest = self.text[1:] + self.rest
        self.text = self.text[:1]
        return State.FAILED

    def _give_back(self, text: str) -> None:
        self.text = self.text.removesuffix(text)
        self.rest = text
