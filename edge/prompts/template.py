"""One model's chat template: compiled once, probed once, then messages in and text out.

Knows the sandbox, the capabilities and how to adapt to them; knows no wire format, no
tokenizer and no clock. Called by whatever owns a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from edge.errors import ModelUnusable, TemplateFailed
from edge.prompts.adapt import adapt
from edge.prompts.capabilities import PLAIN, Capabilities, probe
from edge.prompts.markers import reasoning_tags
from edge.prompts.quoting import ControlTexts, Segment, quoting
from edge.prompts.sandbox import ChatMessage, ChatTool, Options, Program


class ChatTemplate:
    """A chat template that takes any conversation, or says in a sentence why not.

    ``family`` names the template's own tool call format, ``controls`` what the vocabulary's
    control tokens look like. Raises ModelUnusable for a template that does not parse or
    cannot write one user message.
    """

    def __init__(
        self,
        source: str,
        *,
        bos: str,
        eos: str,
        family: str = "generic",
        controls: ControlTexts | None = None,
    ) -> None:
        self._program = Program(source, bos=bos, eos=eos)
        capabilities = probe(self._program)
        if capabilities is None:
            raise ModelUnusable(
                "the model's chat template cannot write a single user message: "
                "use a model file with a working template"
            )
        self._controls = controls or ControlTexts()
        self.source = source
        self.capabilities: Capabilities = capabilities
        self.family = family if capabilities.tools else "hermes"
        """The format this template's calls come in; where it has none, the one we explain."""
        self.reasoning = reasoning_tags(source)
        """The marks around the model's reasoning, or None."""

    def render(
        self,
        messages: Sequence[ChatMessage],
        tools: Sequence[ChatTool],
        *,
        now: datetime,
        enable_thinking: bool,
        add_generation_prompt: bool = True,
        reasoning_effort: str | None = None,
    ) -> str:
        """The prompt as one text; what ``segments`` gives, joined."""
        segments = self.segments(
            messages,
            tools,
            now=now,
            enable_thinking=enable_thinking,
            add_generation_prompt=add_generation_prompt,
            reasoning_effort=reasoning_effort,
        )
        return "".join(segment.text for segment in segments)

    def segments(
        self,
        messages: Sequence[ChatMessage],
        tools: Sequence[ChatTool],
        *,
        now: datetime,
        enable_thinking: bool,
        add_generation_prompt: bool = True,
        reasoning_effort: str | None = None,
    ) -> tuple[Segment, ...]:
        """The prompt; where the conversation quotes control tokens, in pieces that say so.
        A last assistant text is left open for the model to go on with. Thinking and effort
        reach only a template that knows them.

        Raises TemplateFailed if the template refuses even plain alternating text.
        """
        quotes = quoting(self._controls, messages, tools)
        shown = quotes.quoted(list(messages))
        given, prefill = _split_prefill(shown, wanted=add_generation_prompt)
        options = Options(
            now=now,
            enable_thinking=enable_thinking and not prefill and self.capabilities.thinking_switch,
            add_generation_prompt=add_generation_prompt,
            reasoning_effort=reasoning_effort if self.capabilities.effort_levels else None,
            omit_tools=self.capabilities.omit_tools,
        )
        text = self._render(given, quotes.quoted(list(tools)), options)
        return quotes.segments(self._close_reasoning(text) + prefill if prefill else text)

    def opens_reasoning(self, prompt: str) -> bool:
        """Whether ``prompt`` ends inside the reasoning, so that the answer starts in it."""
        if self.reasoning is None:
            return False
        opening, closing = self.reasoning
        tail = prompt.rstrip()
        return tail.endswith(opening) and not tail.endswith(closing)

    def _render(
        self, messages: Sequence[ChatMessage], tools: Sequence[ChatTool], options: Options
    ) -> str:
        try:
            return self._program.run(*adapt(messages, tools, self.capabilities), options)
        except TemplateFailed as refusal:
            try:
                return self._program.run(*adapt(messages, tools, self._plain()), options)
            except TemplateFailed:
                raise refusal from None

    def _plain(self) -> Capabilities:
        own = self.capabilities
        return Capabilities(
            system=PLAIN.system,
            tools=PLAIN.tools,
            results=PLAIN.results,
            alternation=PLAIN.alternation,
            typed_content=own.typed_content,
            omit_tools=own.omit_tools,
        )

    def _close_reasoning(self, text: str) -> str:
        if self.reasoning is None or not self.opens_reasoning(text):
            return text
        return f"{text.rstrip()}\n\n{self.reasoning[1]}\n\n"


def _split_prefill(
    messages: Sequence[ChatMessage], *, wanted: bool
) -> tuple[Sequence[ChatMessage], str]:
    """The conversation, and the answer's beginning if the client wrote it."""
    if not wanted or not messages:
        return messages, ""
    last = messages[-1]
    if last["role"] != "assistant" or last.get("tool_calls"):
        return messages, ""
    return messages[:-1], str(last["content"])
