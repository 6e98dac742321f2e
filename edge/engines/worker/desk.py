"""From a request to a job: template, tokens, parser, grammar. Runs off the inference thread.

Knows frames and the pure packages below; knows no sockets and never touches the context.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from edge.chat import Sampling, ToolSpec
from edge.engines.frames import (
    Accepted,
    Count,
    Counted,
    FromWorker,
    Generate,
    Prompt,
    Refused,
    SamplingValues,
    Weigh,
)
from edge.engines.worker.answering import Order
from edge.engines.worker.constraint import Constraint, GrammarCompiler
from edge.engines.worker.job import Job
from edge.engines.worker.ledger import common
from edge.engines.worker.native import Model
from edge.engines.worker.silence import silent_order
from edge.engines.worker.steer import Steer, marks
from edge.engines.worker.stops import StopFilter
from edge.engines.worker.voice import Voice
from edge.engines.worker.weighing import Weighing, first_tokens
from edge.engines.worker.writer import Grip, Writer
from edge.errors import (
    CodriverError,
    EngineError,
    PromptTooLong,
    TemplateFailed,
    UnsatisfiableSchema,
    UnsupportedInput,
)
from edge.prompts import with_defaults
from edge.toolcalls import Family, Narrowing, Parser, forced_grammar, output_grammar
from edge.units import Tokens

JSON_FAMILIES = frozenset((Family.HERMES, Family.LLAMA3, Family.GENERIC))
"""Formats whose models can be steered into a bare JSON call."""

Thought: TypeAlias = tuple[str, str]
"""The marks around a thought that the prompt has begun."""

RESULT_MARKS = (b"<tool_response",)
"""What templates put around results; no answer of its own begins one."""

MIN_ANSWER_TOKENS = 16
"""A prompt that leaves less room than this counts as too long."""


BEGINNINGS = 8
"""System prompts whose tokens are remembered."""

_ANY_TURN = {"role": "user", "content": "-"}
_OTHER_TURN = {"role": "user", "content": "<"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What to tell the daemon now, and the job if the request is sound."""

    frames: tuple[FromWorker, ...]
    job: Job | None = None


class Desk:
    """Prepares jobs for one model; called by the worker's input thread only."""

    def __init__(self, model: Model, n_ctx: int) -> None:
        self._vocabulary = model.vocabulary
        self._marks = marks(model.vocabulary)
        self._n_ctx = n_ctx
        self._voice = Voice(model)
        self._grammars = GrammarCompiler(model.vocabulary)
        self._beginnings: dict[int, list[int]] = {}

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was chosen for this model, and why."""
        return self._voice.reasons

    def count(self, order: Count) -> FromWorker:
        try:
            return Counted(order.id, len(self._voice.tokenize(self._voice.prompt(order.prompt))))
        except CodriverError as error:
            return _refused(order.id, error)

    def prepare(self, order: Generate, cancelled: threading.Event, *, queued: bool) -> Prepared:
        """Everything a request needs but the model itself."""
        try:
            segments = self._voice.prompt(order.prompt)
            tokens = self._voice.tokenize(segments)
            if len(tokens) > self._n_ctx - MIN_ANSWER_TOKENS:
                raise PromptTooLong(Tokens(len(tokens)), Tokens(self._n_ctx - MIN_ANSWER_TOKENS))
            thought = self._voice.opened_thought(segments)
            stops = StopFilter(order.stop)
            answer = Order(
                id=order.id,
                sampling=self._sampling(order.sampling),
                max_tokens=order.max_tokens,
                writer=self._writer(order, stops, thought),
                steer=None if thought else self._steer(order),
                stop_sequence=lambda: stops.met,
                unwritten=RESULT_MARKS if order.coached else (),
            )
            job = Job(answer, tokens, cancelled, self._stable(order.prompt, tokens))
        except CodriverError as error:
            return Prepared((_refused(order.id, error),))
        return Prepared((Accepted(order.id, len(tokens), queued),), job)

    def weigh(self, order: Weigh, cancelled: threading.Event) -> Prepared:
        """A question made ready: its prompt, and what to look at behind it."""
        try:
            segments = self._voice.prompt(order.prompt)
            if self._voice.opened_thought(segments):
                raise UnsupportedInput(
                    "this model thinks before it answers: its next word tells nothing"
                )
            tokens = self._voice.tokenize(segments)
            labels = first_tokens(self._vocabulary, order.labels)
            job = Job(
                silent_order(order.id),
                tokens,
                cancelled,
                question=Weighing(order.id, labels, self._fixed(order.prompt, tokens)),
            )
        except CodriverError as error:
            return Prepared((_refused(order.id, error),))
        return Prepared((), job)

    def _fixed(self, prompt: Prompt, tokens: list[int]) -> int:
        """How much of a question does not depend on its last turn. Raises PromptTooLong."""
        lead = msgspec.structs.replace(prompt, messages=prompt.messages[:-1])
        key = hash(msgspec.msgpack.encode((lead.messages, "question")))
        if key not in self._beginnings:
            self._remember(key, self.beginning(lead))
        if len(tokens) > self._n_ctx - MIN_ANSWER_TOKENS:
            raise PromptTooLong(Tokens(len(tokens)), Tokens(self._n_ctx - MIN_ANSWER_TOKENS))
        return common(self._beginnings[key], tokens)

    def _remember(self, key: int, tokens: list[int]) -> None:
        self._beginnings[key] = tokens
        while len(self._beginnings) > BEGINNINGS:
            self._beginnings.pop(next(iter(self._beginnings)))

    def _stable(self, prompt: Prompt, tokens: list[int]) -> int:
        """How much of the prompt is system text and tools, the same in every session."""
        lead = list(itertools.takewhile(lambda m: m.get("role") == "system", prompt.messages))
        key = hash(msgspec.msgpack.encode((lead, prompt.tools, prompt.enable_thinking)))
        if key not in self._beginnings:
            probe = msgspec.structs.replace(prompt, messages=[*lead, _ANY_TURN])
            try:
                self._remember(key, self._voice.tokenize(self._voice.prompt(probe)))
            except TemplateFailed:
                self._remember(key, [])
        return common(self._beginnings[key], tokens)

    def beginning(self, prompt: Prompt) -> list[int]:
        """The tokens that every conversation on this beginning starts with. Raises TemplateFailed,
        and PromptTooLong where no conversation has room."""
        one, other = (
            self._voice.tokenize(
                self._voice.prompt(
                    msgspec.structs.replace(prompt, messages=[*prompt.messages, turn])
                )
            )
            for turn in (_ANY_TURN, _OTHER_TURN)
        )
        if len(one) > self._n_ctx - MIN_ANSWER_TOKENS:
            raise PromptTooLong(Tokens(len(one)), Tokens(self._n_ctx - MIN_ANSWER_TOKENS))
        return one[: common(one, other)]

    def _writer(self, order: Generate, stops: StopFilter, thought: Thought | None) -> Writer:
        tools, narrowed = _tools(order), _narrowings(order)
        parser = None
        if order.output_schema is None or thought is not None:
            parser = Parser(
                tools if order.output_schema is None else (),
                self._voice.family,
                reasoning=self._voice.template.reasoning,
                forced=order.choice == "any",
                starts_in_reasoning=thought is not None,
                narrowings=narrowed,
                specials=self._voice.specials,
            )
        constraint = self._whole_constraint(order, tools, narrowed, thought)
        return Writer(
            order.id,
            parser,
            stops,
            Grip(constraint, whole=constraint is not None),
            compile_grammar=self._grammars.compile,
            parallel=order.parallel and not order.coached,
        )

    def _whole_constraint(
        self,
        order: Generate,
        tools: list[ToolSpec],
        narrowed: list[Narrowing],
        thought: Thought | None,
    ) -> Constraint | None:
        """A grammar from the first token where the answer's shape is prescribed."""
        specials = self._voice.specials
        if order.output_schema is not None:
            grammar = output_grammar(order.output_schema, specials=specials, reasoning=thought)
        elif order.choice == "any":
            grammar = forced_grammar(
                tools,
                self._voice.family,
                parallel=order.parallel,
                narrowings=narrowed,
                specials=specials,
                reasoning=thought,
            )
        else:
            return None
        return self._grammars.compile(grammar)

    def _steer(self, order: Generate) -> Steer | None:
        """For a coached model that may call tools written in JSON."""
        if not order.coached or order.choice == "any" or order.output_schema is not None:
            return None
        if not order.prompt.tools or self._voice.family not in JSON_FAMILIES:
            return None
        return Steer(self._marks, lambda: self._one_call(order), act_from=order.act_from)

    def _one_call(self, order: Generate) -> Constraint:
        grammar = forced_grammar(
            _tools(order), Family.GENERIC, parallel=False, narrowings=_narrowings(order)
        )
        return self._grammars.compile(grammar)

    def _sampling(self, asked: SamplingValues) -> SamplingValues:
        """What the request asks for, the model's defaults for the rest."""
        values = {name: getattr(asked, name) for name in SamplingValues.__struct_fields__}
        filled = with_defaults(Sampling(**values), self._voice.sampling)
        return SamplingValues(**{name: getattr(filled, name) for name in values})


def _tools(order: Generate) -> list[ToolSpec]:
    return [ToolSpec(tool.name, tool.description, tool.schema) for tool in order.offered]


def _narrowings(order: Generate) -> list[Narrowing]:
    return [
        Narrowing(n.tool, n.property, n.chunks, n.or_empty, n.where, n.unless)
        for n in order.narrowed
    ]


def _refused(number: int, error: CodriverError) -> Refused:
    match error:
        case PromptTooLong():
            return Refused(number, "too_long", str(error), error.tokens, error.maximum)
        case UnsatisfiableSchema():
            return Refused(number, "schema", str(error))
        case TemplateFailed():
            return Refused(number, "template", str(error))
        case EngineError():
            return Refused(number, "internal", str(error))
        case _:
            return Refused(number, "input", str(error))
