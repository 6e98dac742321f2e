"""Which chat template a model file is served with: its own, or its family's.

Decides from the architecture, the name and the vocabulary; reads no file. Called by
whatever loads a model.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

from edge.errors import ModelUnusable
from edge.prompts import known
from edge.prompts.markers import repair_example
from edge.prompts.template import ChatTemplate


@dataclass(frozen=True, slots=True)
class _Model:
    architecture: str
    name: str
    tokens: Set[str]

    def has(self, *tokens: str) -> bool:
        return all(token in self.tokens for token in tokens)


@dataclass(frozen=True, slots=True)
class _Family:
    """A known template and how its models are recognised."""

    name: str
    source: str
    fits: Callable[[_Model], bool]


_QWEN_XML_ARCHITECTURES = ("qwen35", "qwen35moe")
_MISTRAL_TOOLS = "[AVAILABLE_TOOLS]"

# The first that fits. Marks that only one family has stand before those that many have.
_FAMILIES: tuple[_Family, ...] = (
    _Family("gpt-oss", known.HARMONY, lambda m: m.has("<|start|>", "<|channel|>", "<|message|>")),
    _Family("DeepSeek", known.DEEPSEEK, lambda m: m.has("<\uff5cUser\uff5c>")),
    _Family("Phi-4", known.PHI4, lambda m: m.has("<|im_start|>", "<|im_sep|>")),
    _Family("Qwen 3.5", known.QWEN35, lambda m: m.architecture in _QWEN_XML_ARCHITECTURES),
    _Family(
        "Qwen3-Coder",
        known.QWEN_XML,
        lambda m: m.has("<|im_start|>") and ("qwen3-coder" in m.name or "qwen3next" in m.name),
    ),
    _Family(
        "Qwen 3", known.QWEN3, lambda m: m.has("<|im_start|>", "<think>") and "qwen3" in m.name
    ),
    _Family("ChatML", known.HERMES, lambda m: m.has("<|im_start|>", "<|im_end|>")),
    _Family("Llama 3", known.LLAMA3, lambda m: m.has("<|start_header_id|>", "<|eot_id|>")),
    _Family("Gemma", known.GEMMA, lambda m: m.has("<start_of_turn>", "<end_of_turn>")),
    _Family("GLM-4.5", known.GLM45, lambda m: m.has("[gMASK]", "<|observation|>", "<arg_key>")),
    _Family("GLM-4", known.GLM4, lambda m: m.has("[gMASK]", "<|observation|>")),
    _Family("Granite", known.GRANITE, lambda m: m.has("<|start_of_role|>", "<|end_of_role|>")),
    _Family("Phi-4-mini", known.PHI4_MINI, lambda m: m.has("<|tool|>", "<|end|>", "<|user|>")),
    _Family("Phi-3", known.PHI3, lambda m: m.has("<|end|>", "<|user|>", "<|assistant|>")),
    _Family("Mistral 13", known.MISTRAL_V13, lambda m: m.has(_MISTRAL_TOOLS, "[ARGS]")),
    _Family("Mistral 7", known.MISTRAL_V7, lambda m: m.has(_MISTRAL_TOOLS, "[SYSTEM_PROMPT]")),
    _Family("Mistral 3", known.MISTRAL_V3, lambda m: m.has(_MISTRAL_TOOLS, "\u2581")),
    _Family("Mistral Nemo", known.MISTRAL_NEMO, lambda m: m.has(_MISTRAL_TOOLS)),
    _Family("CodeLlama", known.LLAMA2, lambda m: m.has("\u2581<PRE>") or "codellama" in m.name),
    _Family("Llama 2", known.LLAMA2, lambda m: m.architecture == "llama" and "llama-2" in m.name),
    _Family("Mistral 1", known.MISTRAL_V1, lambda m: "mistral" in m.name or "mixtral" in m.name),
)


def template_for(
    architecture: str, tokens: Set[str], embedded: str | None, *, name: str = ""
) -> tuple[str, str]:
    """The template's source and the reason for it. ``tokens`` is the vocabulary, ``name``
    the file's general.name. Raises ModelUnusable where nothing is known to fit.
    """
    broken = ""
    if embedded and embedded.strip():
        source = repair_example(embedded)
        complaint = _complaint(source)
        if complaint is None:
            cured = "" if source == embedded else ", its doubled braces repaired"
            return source, f"the model file's own chat template{cured}"
        broken = f"; its own is unusable ({complaint})"
    lowered = f"{architecture} {name}".lower().replace(" ", "-")
    model = _Model(architecture.lower(), lowered, tokens)
    for family in _FAMILIES:
        if family.fits(model):
            return family.source, f"the {family.name} template, known by its tokens{broken}"
    raise ModelUnusable(_unknown(architecture, broken))


def _complaint(source: str) -> str | None:
    try:
        ChatTemplate(source, bos="", eos="")
    except ModelUnusable as error:
        return str(error)
    return None


def _unknown(architecture: str, broken: str) -> str:
    own = "has no chat template of its own" if not broken else f"has no working template{broken}"
    return (
        f"this model file {own} and its architecture '{architecture}' with these tokens belongs to "
        "no family known here: use an instruct model whose GGUF carries tokenizer.chat_template"
    )
