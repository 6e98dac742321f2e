"""From a model's text, as it comes, to prose, thoughts and tool calls.

One object an answer; fed by the worker with every piece of decoded text. Where the name
of an offered tool has just been read it offers a ``Trigger``: the worker may then hold
the model to the trigger's grammar. Knows no tokens and no grammar engine.

Text that may still become a call is held back; whatever cannot is let go at once. A
call is a call only if its arguments are valid for its tool; else its text stays text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from edge.chat import ToolSpec
from edge.toolcalls.calls import Body, FunctionBody, JsonBody, ObjectCall, Signal, TagBody
from edge.toolcalls.events import (
    CallAborted,
    CallArguments,
    CallClosed,
    CallOpened,
    EventLog,
    ParseEvent,
    Prose,
    Thought,
)
from edge.toolcalls.grammar import object_only, object_tail, tags_tail
from edge.toolcalls.narrowing import Narrowing
from edge.toolcalls.openers import STARTS, Openers, Opening, Undecided
from edge.toolcalls.shapes import (
    CHANNEL,
    CHANNEL_ENDS,
    QWEN,
    START,
    STRAY_CLOSERS,
    Family,
)
from edge.toolcalls.toolbox import Tool, Toolbox

_FENCE = "```"


@dataclass(frozen=True, slots=True)
class Trigger:
    """An offered tool's name was just read; ``grammar`` spans the rest of its call.

    ``tail`` is text that came after that point already: it must be consumed by the
    grammar before the next token is masked. Mask while ``Parser.guarding``.
    """

    tool: ToolSpec
    grammar: str
    tail: str


class _Mode(Enum):
    FREE = auto()
    THOUGHT = auto()
    OBJECT = auto()
    BODY = auto()
    CLOSING = auto()


@dataclass(slots=True)
class _Offer:
    tool: Tool
    grammar: Callable[[], str]
    accept: Callable[[], None]


class Parser:
    """Feed text, get events; when ``pending`` is set, answer it with ``guard``."""

    def __init__(
        self,
        tools: Sequence[ToolSpec],
        family: Family = Family.GENERIC,
        *,
        reasoning: tuple[str, str] | None = None,
        forced: bool = False,
        starts_in_reasoning: bool = False,
        narrowings: Sequence[Narrowing] = (),
        specials: Mapping[str, int] | None = None,
    ) -> None:
        """``forced``: the text comes under a grammar of ``forced_grammar`` already."""
        self._toolbox = Toolbox(tools)
        self._openers = Openers(self._toolbox, family)
        self._family = family
        self._reasoning = reasoning
        self._forced = forced
        self._narrowings = tuple(narrowings)
        self._specials = dict(specials or {})
        self._log = EventLog()
        self._queue: deque[str] = deque()
        self._offer: _Offer | None = None
        self._mode = _Mode.FREE
        # Free text: white space and a possible opening, both held back.
        self._blank = ""
        self._held = ""
        self._said = False  # prose stands before this point, with no call between
        self._after_call = False
        self._closers: list[str] = []
        self._ends: tuple[str, ...] = CHANNEL_ENDS if family is Family.HARMONY else ()
        # The call that is being read.
        self._raw = ""
        self._wrapping: tuple[str, ...] = ()
        self._object = ObjectCall(self._toolbox)
        self._body: Body = JsonBody()
        self._tool: Tool | None = None
        self._guarded = False
        self._streaming = False
        self._braces = 0
        self._thought_ends: tuple[str, ...] = (reasoning[1],) if reasoning else ()
        if starts_in_reasoning and reasoning is not None:
            self._mode = _Mode.THOUGHT
        self._steps: dict[_Mode, Callable[[str], None]] = {
            _Mode.FREE: self._free,
            _Mode.THOUGHT: self._thought,
            _Mode.OBJECT: self._in_object,
            _Mode.BODY: self._in_body,
            _Mode.CLOSING: self._closing,
        }

    # --- the door -----------------------------------------------------------------------

    def feed(self, text: str) -> list[ParseEvent]:
        """Take more text. Where ``pending`` is set afterwards, ``guard`` must be called."""
        self._queue.extend(text)
        self._drain()
        return self._log.take()

    def finish(self) -> list[ParseEvent]:
        """The text is over: what is held comes out, as a call if only closings miss."""
        self._offer = None
        while True:
            self._drain(offers=False)
            if not self._end_of_mode():
                break
        if not self._after_call:
            self._log.add(Prose(self._blank))
        self._blank = ""
        return self._log.take()

    @property
    def pending(self) -> Trigger | None:
        """A call whose arguments come next, if the sampler may be held to its grammar."""
        if self._offer is None:
            return None
        return Trigger(self._offer.tool.spec, self._offer.grammar(), "".join(self._queue))

    def guard(self, accepted: bool) -> list[ParseEvent]:
        """The answer to ``pending``: whether the grammar took the tail and now holds."""
        offer, self._offer = self._offer, None
        if offer is not None and accepted:
            offer.accept()
        self._drain()
        return self._log.take()

    @property
    def guarding(self) -> bool:
        """Whether the text still stands under the accepted trigger's grammar."""
        return self._guarded and self._mode in (_Mode.BODY, _Mode.CLOSING)

    def _drain(self, *, offers: bool = True) -> None:
        while self._queue and self._offer is None:
            self._steps[self._mode](self._queue.popleft())
            if not offers:
                self._offer = None

    def _requeue(self, text: str) -> None:
        self._queue.extendleft(reversed(text))

    # --- free text ------------------------------------------------------------------------

    def _free(self, ch: str) -> None:
        if not self._held:
            if ch.isspace():
                self._blank += ch
                return
            if not self._may_open(ch):
                self._say(ch)
                return
        self._held += ch
        self._decide(over=False)

    def _may_open(self, ch: str) -> bool:
        marks = (*self._closers, *self._ends, *(self._reasoning or ())[:1])
        separators = ",;" if self._after_call else ""
        return ch in STARTS or ch in separators or any(mark[0] == ch for mark in marks)

    def _decide(self, *, over: bool) -> None:
        """What the held text is: a closing, an opening, or prose after all."""
        closing = self._match_closing(over=over)
        if closing is True:
            return
        thinking = self._match_reasoning()
        if thinking is True:
            return
        found = self._openers.read(self._held, after_call=self._after_call)
        if isinstance(found, Opening):
            self._open(found)
        elif over or (found is Undecided.NO and closing is None and thinking is None):
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, ""
        self._say(held[0])
        self._requeue(held[1:])

    def _say(self, text: str) -> None:
        if self._after_call:
            # White space between a call and what follows belongs to the wrapping.
            self._blank = ""
            self._after_call = False
            self._closers = [closer for closer in self._closers if len(closer) > 1]
        self._log.add(Prose(self._blank + text))
        self._blank = ""
        self._said = True

    def _match_closing(self, *, over: bool) -> bool | None:
        """True: a closing was swallowed. False: the held text may become one. None: no."""
        partial = None
        for closer in (*self._closers, *self._ends):
            if closer == _FENCE:
                if self._held.startswith(_FENCE) and self._ends_fence(over=over):
                    return True
            elif closer == self._held:
                self._swallow(closer, "")
                return True
            if closer.startswith(self._held):
                partial = False
        return partial

    def _ends_fence(self, *, over: bool) -> bool:
        """Whether the held fence closes: at a line's start with nothing after it."""
        after = self._held[len(_FENCE) :]
        if self._said and not self._after_call and "\n" not in self._blank:
            return False
        if not (after.isspace() or (over and not after)):
            return False
        self._swallow(_FENCE, after)
        return True

    def _swallow(self, closer: str, after: str) -> None:
        self._held = ""
        if closer in self._closers:
            self._closers.remove(closer)
        self._requeue(after)

    def _match_reasoning(self) -> bool | None:
        """Like ``_match_closing``, for the tag that opens the model's reasoning."""
        if self._reasoning is None:
            return None
        if self._said and not self._after_call and "\n" not in self._blank:
            return None
        if self._held == self._reasoning[0]:
            self._held = ""
            self._mode = _Mode.THOUGHT
            self._thought_ends = (self._reasoning[1],)
            return True
        return False if self._reasoning[0].startswith(self._held) else None

    # --- thoughts -------------------------------------------------------------------------

    def _thought(self, ch: str) -> None:
        self._held += ch
        for end in self._thought_ends:
            if self._held.endswith(end):
                self._log.add(Thought(self._held.removesuffix(end)))
                self._held = ""
                self._leave_thought(end)
                return
        keep = max(_overlap(self._held, end) for end in self._thought_ends)
        self._log.add(Thought(self._held[: len(self._held) - keep]))
        self._held = self._held[len(self._held) - keep :]

    def _leave_thought(self, end: str) -> None:
        self._mode = _Mode.FREE
        self._after_call = True  # the white space after it belongs to the wrapping
        self._blank = ""
        if end in (START, CHANNEL):
            self._requeue(end)

    # --- calls ----------------------------------------------------------------------------

    def _open(self, opening: Opening) -> None:
        self._raw = self._held[: opening.at]
        self._requeue(self._held[opening.at :])
        self._held = ""
        self._wrapping = opening.closers
        self._guarded = self._streaming = False
        match opening.kind:
            case "object":
                self._mode = _Mode.OBJECT
                self._object = ObjectCall(self._toolbox)
            case "named":
                assert opening.tool is not None
                self._open_named(opening.tool, opening)
            case "thought":
                self._mode = _Mode.THOUGHT
                self._thought_ends = (*CHANNEL_ENDS, START, CHANNEL)
            case "speech":
                self._blank = ""

    def _open_named(self, tool: Tool, opening: Opening) -> None:
        shape = opening.shape
        self._mode = _Mode.BODY
        self._tool = tool
        if shape is None:
            self._body = JsonBody()
            exact = tool.guardable and tool.sanitised.exact
            self._propose(tool, tool.guardable, lambda: object_only(tool, self._narrowings), exact)
            return
        as_json = shape is QWEN and self._family is Family.LLAMA3
        self._body = FunctionBody(tool, shape) if shape is QWEN else TagBody(tool, shape)
        self._propose(
            tool,
            tool.taggable,
            lambda: (
                object_only(tool, self._narrowings)
                if as_json
                else tags_tail(tool, self._narrowings, shape, self._specials)
            ),
            tool.taggable and tool.exact_in_tags,
        )

    def _propose(self, tool: Tool, possible: bool, grammar: Callable[[], str], exact: bool) -> None:
        if not possible:
            return

        def accept() -> None:
            self._guarded, self._streaming, self._braces = True, exact, 0
            self._begin_stream()

        if self._forced:
            accept()
        else:
            self._offer = _Offer(tool, grammar, accept)

    def _begin_stream(self) -> None:
        assert self._tool is not None
        if self._streaming:
            self._drop_blank()
            self._log.add(CallOpened(self._tool.name))

    def _in_object(self, ch: str) -> None:
        self._raw += ch
        match self._object.push(ch):
            case Signal.TRIGGER:
                self._propose_object()
            case Signal.DONE:
                assert self._object.tool is not None
                self._tool = self._object.tool
                self._wrapping = (*self._object.closers, *self._wrapping)
                self._settle(self._object.arguments())
            case Signal.REJECT:
                self._reject_object(ch)
            case Signal.HOLD:
                pass

    def _propose_object(self) -> None:
        tool = self._object.tool
        assert tool is not None
        if not tool.guardable:
            return
        braces, closers = self._object.braces, self._object.closers if self._forced else ()
        listed = tuple(closer for closer in self._object.closers if closer == "]")
        del closers

        def accept() -> None:
            self._tool = tool
            self._body = JsonBody()
            self._mode = _Mode.BODY
            self._guarded, self._streaming, self._braces = True, tool.sanitised.exact, braces
            self._wrapping = ((*listed, "}") if listed else ()) + self._wrapping
            self._begin_stream()

        if self._forced:
            accept()
        else:
            self._offer = _Offer(
                tool, lambda: object_tail(tool, self._narrowings, braces=braces), accept
            )

    def _reject_object(self, ch: str) -> None:
        """Not a call, or one whose last braces are missing."""
        self._raw = self._raw[:-1]
        self._requeue(ch)
        if self._object.committed and self._settle_if(self._object.complete()):
            return
        self._give_up()

    def _in_body(self, ch: str) -> None:
        self._raw += ch
        piece = self._body.push(ch)
        if self._streaming:
            self._log.add(CallArguments(piece))
        if self._body.done:
            self._end_body()
        elif self._body.broken:
            self._break_body()

    def _end_body(self) -> None:
        if not self._streaming:
            braces, self._braces = self._braces, 0
            if self._settle(self._body.value) and braces:
                self._enter_closing(braces)
            return
        assert self._tool is not None
        valid = self._tool.is_valid(self._body.value)
        self._log.add(CallClosed() if valid else CallAborted())
        self._after()
        self._enter_closing(self._braces)

    def _break_body(self) -> None:
        rest = self._body.rest
        self._raw = self._raw.removesuffix(rest)
        self._requeue(rest)
        if self._streaming:
            self._log.add(CallAborted())
            self._after()
        elif not self._settle_if(self._body.complete()):
            self._give_up()

    def _enter_closing(self, braces: int) -> None:
        self._braces = braces
        if braces:
            self._mode = _Mode.CLOSING

    def _closing(self, ch: str) -> None:
        """The braces that the grammar prescribes after the arguments."""
        if ch.isspace():
            return
        if ch == "}":
            self._braces -= 1
        if ch != "}" or not self._braces:
            self._mode = _Mode.FREE
        if ch != "}":
            self._requeue(ch)

    # --- the end of a call ------------------------------------------------------------------

    def _settle(self, arguments: object) -> bool:
        """Emit the call if its arguments are or can be made valid; else its text as prose."""
        if self._settle_if(arguments):
            return True
        raw, self._raw = self._raw, ""
        self._mode = _Mode.FREE
        self._say(raw)
        return False

    def _settle_if(self, arguments: object) -> bool:
        tool = self._object.tool if self._mode is _Mode.OBJECT else self._tool
        text = tool.settle(arguments) if tool is not None and arguments is not None else None
        if tool is None or text is None:
            return False
        self._drop_blank()
        self._log.add(CallOpened(tool.name))
        self._log.add(CallArguments(text))
        self._log.add(CallClosed())
        self._after()
        return True

    def _after(self) -> None:
        """Back to free text, with the call's closings to be swallowed."""
        self._mode = _Mode.FREE
        self._raw = ""
        self._drop_blank()
        self._after_call = True
        fresh = [mark for mark in (*self._wrapping, *STRAY_CLOSERS) if mark not in self._closers]
        self._closers += [mark for mark in self._wrapping if mark in "}]"]
        self._closers += [mark for mark in fresh if mark not in "}]"]

    def _drop_blank(self) -> None:
        self._blank = ""

    def _give_up(self) -> None:
        """No call after all: its first character is prose, the rest is read again."""
        raw, self._raw = self._raw, ""
        self._mode = _Mode.FREE
        self._say(raw[0])
        self._requeue(raw[1:])

    # --- the end of the text ------------------------------------------------------------------

    def _end_of_mode(self) -> bool:
        """Resolve what is open at the end; False when there is nothing left to do."""
        match self._mode:
            case _Mode.THOUGHT:
                self._log.add(Thought(self._held))
                self._held = ""
                return False
            case _Mode.OBJECT:
                committed = self._object.committed
                if not (committed and self._settle_if(self._object.complete())):
                    self._give_up()
                return True
            case _Mode.BODY:
                return self._end_of_body()
            case _Mode.CLOSING:
                return False
            case _Mode.FREE:
                return self._end_of_free()

    def _end_of_body(self) -> bool:
        if self._streaming:
            self._log.add(CallAborted())
            self._after()
            return False
        if not self._settle_if(self._body.complete()):
            self._give_up()
        return True

    def _end_of_free(self) -> bool:
        if not self._held:
            return False
        if self._after_call and any(mark.startswith(self._held) for mark in self._closers):
            self._held = ""
            return False
        self._decide(over=True)
        return True


def _overlap(text: str, mark: str) -> int:
    """How many of the last characters of ``text`` may begin ``mark``."""
    for size in range(min(len(text), len(mark) - 1), 0, -1):
        if text.endswith(mark[:size]):
            return size
    return 0
