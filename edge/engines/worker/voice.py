"""How one model is spoken to: its template, tool-call format, reasoning marks, sampling.

Everything is read from the loaded file, once. Knows no requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.chat import Sampling
from edge.engines.worker.native import Model
from edge.prompts import (
    ChatTemplate,
    sampling_defaults,
    sampling_reason,
    template_for,
    toolcall_family,
)
from edge.prompts.quoting import ControlTexts, Segment
from edge.toolcalls import MARKERS, Family

_BLANKS = " \t\n\v\f\r"
"""What llama.cpp takes for white space beside a token that strips it."""

_LONGEST = 128
"""Characters of a control token's text, at most."""


class Voice:
    """Raises ModelUnusable for a file that no known template fits."""

    def __init__(self, model: Model) -> None:
        metadata = model.metadata()
        architecture = metadata.get("general.architecture", "")
        name = metadata.get("general.name", "")
        self._vocabulary = vocabulary = model.vocabulary
        embedded = model.chat_template()
        # The whole vocabulary is only worth decoding for a file without a template.
        tokens = frozenset() if embedded else frozenset(vocabulary.texts())
        source, why = template_for(architecture, tokens, embedded, name=name)
        self._bos = vocabulary.text(vocabulary.bos)
        self.template = ChatTemplate(
            source,
            bos=self._bos,
            eos=vocabulary.text(vocabulary.eos),
            family=toolcall_family(source, architecture),
            controls=ControlTexts(vocabulary.controls),
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


def _numbers(metadata: dict[str, str]) -> dict[str, object]:
    """The metadata with number-like values as numbers; llama.cpp hands all out as text."""
    numbers: dict[str, object] = {}
    for key, text in metadata.items():
        try:
            numbers[key] = float(text)
        except ValueError:
            numbers[key] = text
    return numbers
