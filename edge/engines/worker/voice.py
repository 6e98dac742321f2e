"""How one model is spoken to: its template, tool-call format, reasoning marks, sampling.

Everything is read from the loaded file, once. Knows no requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from functools import cached_property

from edge.chat import Sampling
from edge.engines.frames import Prompt
from edge.engines.worker.deadline import TEMPLATE_SECONDS, within
from edge.engines.worker.native import Model, Vocabulary
from edge.errors import ModelUnusable, TemplateFailed
from edge.prompts import (
    ChatTemplate,
    sampling_defaults,
    sampling_reason,
    template_for,
    toolcall_family,
)
from edge.prompts.quoting import ControlTexts, Segment
from edge.toolcalls import MARKERS, Family
from edge.units import Seconds

_BLANKS = " \t\n\v\f\r"
"""What llama.cpp takes for white space beside a token that strips it."""

_LONGEST = 128
"""Characters of a control token's text, at most."""


class Voice:
    """Raises ModelUnusable for a file that no known template fits."""

    def __init__(self, model: Model, *, template_seconds: Seconds = TEMPLATE_SECONDS) -> None:
        """``template_seconds``: how long the template may compute, at each rendering too."""
        self._template_seconds = template_seconds
        metadata = model.metadata()
        architecture = metadata.get("general.architecture", "")
        name = metadata.get("general.name", "")
        self._vocabulary = model.vocabulary
        self.template, why = within(
            template_seconds,
            lambda: _template(model, architecture, name),
            ModelUnusable(
                "the model's chat template does not come to an end: "
                "use a model file with a working template"
            ),
        )
        self.family = Family(self.template.family)
        self.specials: Mapping[str, int] = self._specials()
        """The marks of calls and thoughts that are control tokens here, which a grammar has to
        name as tokens: its text never matches them."""
        self.sampling: Sampling = sampling_defaults(architecture, name, _numbers(metadata))
        self.reasons = (
            f"template: {why}",
            f"tool calls: {self.family.value} format",
            f"sampling: {sampling_reason(architecture, name, _numbers(metadata))}",
        )

    def prompt(self, asked: Prompt) -> tuple[Segment, ...]:
        """A conversation as the template writes it. Raises TemplateFailed."""
        return within(
            self._template_seconds,
            lambda: self.template.segments(
                asked.messages,
                asked.tools,
                now=datetime.fromtimestamp(asked.now).astimezone(),
                enable_thinking=asked.enable_thinking,
                reasoning_effort=asked.reasoning_effort,
            ),
            TemplateFailed(
                "the model's chat template did not come to an end with this conversation: "
                "use a model file with another template"
            ),
        )

    def opened_thought(self, prompt: Sequence[Segment]) -> tuple[str, str] | None:
        """The marks around the thought that ``prompt`` begins, or None where it begins none."""
        template = self.template
        return template.reasoning if template.opens_reasoning(prompt[-1].text) else None

    def _specials(self) -> dict[str, int]:
        marks = {*MARKERS[self.family], *(self.template.reasoning or ())}
        controls = self._vocabulary.controls
        return {mark: controls[mark] for mark in marks if mark in controls}

    def tokenize(self, prompt: Sequence[Segment]) -> list[int]:
        """A rendered prompt as tokens, with the leading BOS where the model wants one and
        the template did not write it."""
        tokens: list[int] = []
        for index, segment in enumerate(prompt):
            if segment.literal:
                tokens += self._literal(segment.text, tokens[-1:], prompt[index + 1 : index + 2])
            else:
                tokens += self._vocabulary.tokenize(segment.text)
        if self._vocabulary.adds_bos and tokens[:1] != [self._vocabulary.bos]:
            return [self._vocabulary.bos, *tokens]
        return tokens

    def _literal(self, text: str, before: list[int], after: Sequence[Segment]) -> list[int]:
        """Text between two control tokens, which may take the white space beside them."""
        if any(self._vocabulary.strips_after(token) for token in before):
            text = text.lstrip(_BLANKS)
        following = (self._vocabulary.tokenize(segment.text[:_LONGEST]) for segment in after)
        if any(self._vocabulary.strips_before(tokens[0]) for tokens in following if tokens):
            text = text.rstrip(_BLANKS)
        return self._vocabulary.tokenize_literal(text)


def _template(model: Model, architecture: str, name: str) -> tuple[ChatTemplate, str]:
    """The template to use, tried, and the reason for it. Raises ModelUnusable."""
    vocabulary = model.vocabulary
    source, why = template_for(
        architecture, _TokenTexts(vocabulary), model.chat_template(), name=name
    )
    template = ChatTemplate(
        source,
        bos=vocabulary.text(vocabulary.bos),
        eos=vocabulary.text(vocabulary.eos),
        family=toolcall_family(source, architecture),
        controls=ControlTexts(vocabulary.controls),
    )
    return template, why


class _TokenTexts(Set[str]):
    """Every token's text, read when first asked for: most files' templates need none."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    @cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(map(self._vocabulary.written, range(self._vocabulary.size)))

    def __contains__(self, text: object) -> bool:
        return text in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _numbers(metadata: dict[str, str]) -> dict[str, object]:
    """The metadata with number-like values as numbers; llama.cpp hands all out as text."""
    numbers: dict[str, object] = {}
    for key, text in metadata.items():
        try:
            numbers[key] = float(text)
        except ValueError:
            numbers[key] = text
    return numbers
