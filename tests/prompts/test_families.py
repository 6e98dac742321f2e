"""Which template a model file is served with."""

import pytest

from edge.errors import ModelUnusable
from edge.prompts import known, template_for
from tests.prompts.awkward import QWEN, QWEN_DOUBLED, TEMPLATES

CHATML = ("<|im_start|>", "<|im_end|>")


@pytest.mark.parametrize(
    ("architecture", "name", "tokens", "source"),
    [
        ("gemma3", "Gemma 3 270m", ("<start_of_turn>", "<end_of_turn>"), known.GEMMA),
        ("qwen2", "Qwen2.5", CHATML, known.HERMES),
        ("qwen3", "Qwen3 4B", (*CHATML, "<think>"), known.QWEN3),
        ("qwen3moe", "Qwen3 Coder 30B", (*CHATML, "<think>"), known.QWEN_XML),
        ("qwen35", "", CHATML, known.QWEN35),
        ("llama", "Hermes 3", (*CHATML, "<|start_header_id|>", "<|eot_id|>"), known.HERMES),
        ("llama", "", ("<|start_header_id|>", "<|eot_id|>"), known.LLAMA3),
        ("llama", "CodeLlama 7B Instruct", (), known.LLAMA2),
        ("llama", "codellama_codellama-7b", ("\u2581<PRE>",), known.LLAMA2),
        ("llama", "Llama 2 7B Chat", (), known.LLAMA2),
        ("llama", "Mistral 7B Instruct v0.2", (), known.MISTRAL_V1),
        ("llama", "", ("[AVAILABLE_TOOLS]", "\u2581"), known.MISTRAL_V3),
        ("llama", "", ("[AVAILABLE_TOOLS]",), known.MISTRAL_NEMO),
        ("llama", "", ("[AVAILABLE_TOOLS]", "[SYSTEM_PROMPT]"), known.MISTRAL_V7),
        ("mistral3", "", ("[AVAILABLE_TOOLS]", "[SYSTEM_PROMPT]", "[ARGS]"), known.MISTRAL_V13),
        ("glm4", "", ("[gMASK]", "<|observation|>"), known.GLM4),
        ("glm4moe", "", ("[gMASK]", "<|observation|>", "<arg_key>"), known.GLM45),
        ("phi3", "", ("<|end|>", "<|user|>", "<|assistant|>"), known.PHI3),
        ("phi3", "", ("<|end|>", "<|user|>", "<|assistant|>", "<|tool|>"), known.PHI4_MINI),
        ("phi3", "", (*CHATML, "<|im_sep|>"), known.PHI4),
        ("deepseek2", "", ("<\uff5cUser\uff5c>",), known.DEEPSEEK),
        ("gpt-oss", "", ("<|start|>", "<|channel|>", "<|message|>"), known.HARMONY),
        ("granite", "", ("<|start_of_role|>", "<|end_of_role|>"), known.GRANITE),
    ],
)
def test_a_file_without_a_template_gets_its_familys(
    architecture: str, name: str, tokens: tuple[str, ...], source: str
) -> None:
    found, reason = template_for(architecture, frozenset(tokens), None, name=name)
    assert found == source
    assert "template" in reason


def test_a_files_own_template_comes_first() -> None:
    own = (TEMPLATES / f"{QWEN}.jinja").read_text()
    assert template_for("qwen2", frozenset(CHATML), own) == (
        own,
        "the model file's own chat template",
    )


def test_its_doubled_braces_are_repaired_and_it_says_so() -> None:
    own = (TEMPLATES / f"{QWEN_DOUBLED}.jinja").read_text()
    source, reason = template_for("qwen2", frozenset(CHATML), own)
    assert source == (TEMPLATES / f"{QWEN}.jinja").read_text()
    assert "repaired" in reason


def test_a_broken_template_gives_way_to_the_familys() -> None:
    source, reason = template_for("qwen2", frozenset(CHATML), "{% if %}")
    assert source == known.HERMES
    assert "its own is unusable" in reason


def test_an_unknown_family_says_what_to_do() -> None:
    with pytest.raises(ModelUnusable, match=r"'mamba'.*tokenizer\.chat_template"):
        template_for("mamba", frozenset(), None)
    with pytest.raises(ModelUnusable, match="no working template"):
        template_for("mamba", frozenset(), "{% if %}")
