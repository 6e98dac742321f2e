"""From a model's text, as it comes, to prose, thoughts and tool calls.

One object an answer; fed by the worker with every piece of decoded text. Where the name
of an offered tool has just been read it offers a ``Trigger``: the worker may then hold
the model to the trigger's grammar. Knows no tokens and no grammar engine.

Text that may still become a call is held back; whatever cannot is let go at once. A
call is a call only if its arguments are valid for its tool; else its text stays text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.chat import ToolSpec
from edge.toolcalls.calling import Calling, Setting, State
from edge.toolcalls.closers import Closers, Match
from edge.toolcalls.events import EventLog, ParseEvent, Prose, Thought
from edge.toolcalls.narrowing import Narrowing
from edge.toolcalls.openers import STARTS, Openers, Opening, Undecided
from edge.toolcalls.shapes import CHANNEL, CHANNEL_ENDS, START, Family
from edge.toolcalls.toolbox import Toolbox

_IMPLICIT_ENDS = ("<tool_call>",)


@dataclass(frozen=True, slots=True)
class Trigger:
    """An offered tool's name was just read; ``grammar`` spans the rest of its call.

    ``tail`` is text that came after that point already: it must be consumed by the
    grammar before the next token is masked. Mask while ``Parser.guarding``; the
    grammar ends where that does.
    """

    tool: ToolSpec
    grammar: str
    tail: str


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
        """``forced``: the text comes under a grammar of ``forced_grammar`` already.

        ``reasoning``: the tags around the model's thoughts. ``specials``: token ids of
        the markers that are single control tokens of the model's vocabulary.
        """
        toolbox = Toolbox(tools)
        self._setting = Setting(toolbox, family, tuple(narrowings), dict(specials or {}), forced)
        self._openers = Openers(toolbox, family)
        self._reasoning = reasoning
        self._log = EventLog()
        self._queue: deque[str] = deque()
        # Free text: white space and a possible opening, both held back.
        self._blank = ""
        self._held = ""
        self._fresh_line = True  # nothing but white space before this point of the line
        self._closers = Closers(CHANNEL_ENDS if family is Family.HARMONY else ())
        self._call: Calling | None = None
        self._wrapping: tuple[str, ...] = ()
        self._thought_ends: tuple[str, ...] = ()
        if starts_in_reasoning:
            self._begin_thought()

    # --- the door -----------------------------------------------------------------------

    def feed(self, text: str) -> list[ParseEvent]:
        """Take more text. Where ``pending`` is set afterwards, ``guard`` must be called."""
        self._queue.extend(text)
        self._drain()
        return self._log.take()

    def finish(self) -> list[ParseEvent]:
        """The text is over: what is held comes out, as a call if only closings miss."""
        self._drain(offers=False)
        while self._resolve():
            self._drain(offers=False)
        if not self._closers.after_call:
            self._log.add(Prose(self._blank))
        self._blank = ""
        return self._log.take()

    @property
    def pending(self) -> Trigger | None:
        """A call whose arguments come next, if the sampler may be held to its grammar."""
        offer = self._call.offer if self._call is not None else None
        if offer is None:
            return None
        return Trigger(offer.tool.spec, offer.grammar(), "".join(self._queue))

    def guard(self, accepted: bool) -> list[ParseEvent]:
        """The answer to ``pending``: whether the grammar took the tail and now holds."""
        if self._call is not None:
            if accepted:
                self._call.accept()
            else:
                self._call.refuse()
        self._drain()
        return self._log.take()

    @property
    def guarding(self) -> bool:
        """Whether the text still stands under the accepted trigger's grammar."""
        return self._call is not None and self._call.guarded

    def _drain(self, *, offers: bool = True) -> None:
        while self._queue or (self._call is not None and self._call.offer is not None):
            if self._call is not None and self._call.offer is not None:
                if offers:
                    return
                self._call.refuse()
                continue
            self._step(self._queue.popleft())

    def _step(self, ch: str) -> None:
        if self._call is not None:
            self._after_push(self._call, self._call.push(ch))
        elif self._thought_ends:
            self._think(ch)
        else:
            self._free(ch)

    def _requeue(self, text: str) -> None:
        self._queue.extendleft(reversed(text))

    # --- free text ------------------------------------------------------------------------

    def _free(self, ch: str) -> None:
        if not self._held:
            if ch.isspace():
                self._blank += ch
                self._fresh_line = self._fresh_line or ch == "\n"
                return
            if not self._may_open(ch):
                self._say(ch)
                return
        self._held += ch
        self._decide(over=False)

    def _may_open(self, ch: str) -> bool:
        thinking = self._reasoning is not None and self._reasoning[0].startswith(ch)
        return ch in STARTS or thinking or self._closers.may_begin(ch)

    def _decide(self, *, over: bool) -> None:
        """What the held text is: a closing, an opening, or prose after all."""
        match, after = self._closers.match(self._held, fresh_line=self._fresh_line, over=over)
        if match is Match.WHOLE:
            self._held = ""
            self._requeue(after)
            return
        thinking = self._match_reasoning()
        if thinking is Match.WHOLE:
            return
        found = self._openers.read(self._held, after_call=self._closers.after_call)
        if isinstance(found, Opening):
            self._open(found)
        elif over or (match is thinking is Match.NONE and found is Undecided.NO):
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, ""
        self._say(held[0])
        self._requeue(held[1:])

    def _say(self, text: str) -> None:
        # White space between a call and what follows belongs to the wrapping.
        blank = "" if self._closers.after_call else self._blank
        self._log.add(Prose(blank + text))
        self._closers.leave_call()
        self._blank = ""
        self._fresh_line = False

    # --- thoughts -------------------------------------------------------------------------

    def _match_reasoning(self) -> Match:
        """Whether the held text is the tag that opens the model's thoughts."""
        if self._reasoning is None or not self._fresh_line:
            return Match.NONE
        if self._held != self._reasoning[0]:
            return Match.PART if self._reasoning[0].startswith(self._held) else Match.NONE
        self._held = self._blank = ""
        self._begin_thought()
        return Match.WHOLE

    def _begin_thought(self) -> None:
        """Some models call a tool without closing their thoughts: the call's opener ends them."""
        if self._reasoning is not None:
            self._thought_ends = (self._reasoning[1], *_IMPLICIT_ENDS)

    def _think(self, ch: str) -> None:
        self._held += ch
        for end in self._thought_ends:
            if self._held.endswith(end):
                self._log.add(Thought(self._held.removesuffix(end)))
                self._held = ""
                self._thought_ends = ()
                self._enter_free()
                self._requeue(end if end in (START, CHANNEL, *_IMPLICIT_ENDS) else "")
                return
        keep = max(_overlap(self._held, end) for end in self._thought_ends)
        passed = len(self._held) - keep
        self._log.add(Thought(self._held[:passed]))
        self._held = self._held[passed:]

    # --- calls ----------------------------------------------------------------------------

    def _open(self, opening: Opening) -> None:
        wrapping = self._held[: opening.at]
        self._requeue(self._held[opening.at :])
        self._held = ""
        self._wrapping = opening.closers
        match opening.kind:
            case "object":
                self._call = Calling(self._setting, self._log, wrapping)
                self._call.begin_object()
            case "named":
                self._call = Calling(self._setting, self._log, wrapping)
                if opening.tool is not None:
                    self._call.begin_named(opening.tool, opening.shape)
            case "thought":
                self._thought_ends = (*CHANNEL_ENDS, START, CHANNEL)
            case "speech":
                self._enter_free()

    def _after_push(self, call: Calling, state: State) -> None:
        if state is State.ENDED:
            self._call = None
            self._closers.enter_call((*call.closers, *self._wrapping))
            self._enter_free()
            self._requeue(call.rest)
        elif state is State.FAILED:
            self._call = None
            self._say(call.text)
            self._requeue(call.rest)

    def _enter_free(self) -> None:
        """Free text after a call or a thought: white space there is no prose."""
        self._closers.after_call = True
        self._blank = ""
        self._fresh_line = True

    # --- the end of the text ------------------------------------------------------------------

    def _resolve(self) -> bool:
        """Settle what is open at the end; False when there is nothing left to do."""
        if self._call is not None:
            self._after_push(self._call, self._call.finish())
            return True
        if self._thought_ends:
            self._log.add(Thought(self._held))
            self._held = ""
        elif self._held and self._closers.is_cut(self._held):
            self._held = ""
        elif self._held:
            self._decide(over=True)
            return True
        return False


def _overlap(text: str, mark: str) -> int:
    """How many of the last characters of ``text`` may begin ``mark``."""
    for size in range(min(len(text), len(mark) - 1), 0, -1):
        if text.endswith(mark[:size]):
            return size
    return 0
