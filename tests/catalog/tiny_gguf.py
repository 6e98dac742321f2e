"""Makes tiny random-weight GGUF files that llama.cpp really loads, for tests of any layer.

They prove that headers, templates, tokenizers, exactness and refusals work; a model of
two random layers proves nothing about quality. Same arguments, same bytes.

    from tests.catalog.tiny_gguf import CHATML_TOOLS, make_tiny_gguf
    path = make_tiny_gguf(tmp_path / "tiny.gguf", chat_template=CHATML_TOOLS)

Special tokens: "llama" has <unk> 0, <s> 1 (bos), </s> 2 (eos); "qwen2" has <|endoftext|>
(bos and padding). Both have <|im_start|> and <|im_end|>, the latter being qwen2's eos and
llama's eot; more can be put behind all others. The chance of a control or single-byte token
is no greater than any other token's; words and ASCII characters stand above them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path
from typing import Literal

import gguf
import numpy as np

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n'"
    " + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

CHATML_TOOLS = (
    "{% if tools %}{{ '<|im_start|>system\\n# Tools\\n<tools>' }}"
    "{% for tool in tools %}{{ '\\n' + (tool | tojson) }}{% endfor %}"
    '{{ \'\\n</tools>\\nAnswer with <tool_call>{"name": ..., "arguments": ...}</tool_call>'
    "<|im_end|>\\n' }}{% endif %}" + CHATML
)

WORDS = [
    "the",
    "and",
    "to",
    "of",
    "in",
    "is",
    "you",
    "that",
    "it",
    "for",
    "on",
    "are",
    "with",
    "as",
    "this",
    "be",
    "have",
    "not",
    "file",
    "files",
    "list",
    "read",
    "write",
    "run",
    "test",
    "code",
    "line",
    "name",
    "path",
    "true",
    "false",
    "null",
    "user",
    "assistant",
    "system",
    "tool",
    "tools",
    "call",
    "content",
    "message",
    "function",
    "def",
    "return",
    "import",
    "class",
    "hello",
    "world",
    "bash",
    "edit",
]

N_FF = 128


def make_tiny_gguf(
    path: Path,
    *,
    architecture: Literal["llama", "qwen2"] = "llama",
    chat_template: str | None = CHATML,
    n_ctx_train: int = 2048,
    seed: int = 0,
    n_layers: int = 2,
    n_embd: int = 64,
    n_heads: int = 4,
    n_kv_heads: int = 2,
    n_ff: int = N_FF,
    name: str = "tiny",
    controls: Sequence[str] = (),
    added: Sequence[str] = (),
    without: Sequence[str] = (),
    tensors_a_file: int = 0,
) -> Path:
    """Write the file and return its path; about 0.6 MB with the defaults.

    With ``tensors_a_file`` it is a model in parts, and the first one's path.

    ``controls`` are further control tokens, ``added`` further tokens that are matched whole
    in any text, as a tokenizer's added tokens are; those of ``without`` get a name of no meaning.
    """
    writer = gguf.GGUFWriter(path, architecture, split_max_tensors=tensors_a_file)
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(n_ctx_train)
    writer.add_embedding_length(n_embd)
    writer.add_block_count(n_layers)
    writer.add_feed_forward_length(n_ff)
    writer.add_head_count(n_heads)
    writer.add_head_count_kv(n_kv_heads)
    writer.add_rope_dimension_count(n_embd // n_heads)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    kind = gguf.TokenType
    more = dict.fromkeys(controls, kind.CONTROL) | dict.fromkeys(added, kind.USER_DEFINED)
    add_vocabulary = add_llama_vocabulary if architecture == "llama" else _add_qwen2_vocab
    plain = add_vocabulary(writer, more, frozenset(without))
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    _add_tensors(
        writer,
        np.random.default_rng(seed),
        plain=plain,
        shape=(n_layers, n_embd, n_embd // n_heads * n_kv_heads, n_ff),
        biases=architecture == "qwen2",
    )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path if path.exists() else min(path.parent.glob(f"{path.stem}-00001-of-*{path.suffix}"))


def add_llama_vocabulary(
    writer: gguf.GGUFWriter, more: dict[str, gguf.TokenType], without: Set[str]
) -> list[bool]:
    """A SentencePiece vocabulary with byte fallback; returns which tokens are plain text."""
    kind = gguf.TokenType
    tokens = [("<unk>", kind.UNKNOWN), ("<s>", kind.CONTROL), ("</s>", kind.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kind.BYTE) for byte in range(256)]
    tokens += [("<|im_start|>", kind.CONTROL), ("<|im_end|>", kind.CONTROL)]
    tokens += [("\u2581", kind.NORMAL)]
    tokens += [(chr(code), kind.NORMAL) for code in range(0x21, 0x7F)]
    tokens += [(text, kind.NORMAL) for word in WORDS for text in _spm_pieces(word)]
    tokens = list((dict(tokens) | more).items())
    texts = _renamed([text for text, _ in tokens], without)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(texts)
    writer.add_token_scores([-float(rank) for rank in range(len(tokens))])
    writer.add_token_types([int(of) for _, of in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_eot_token_id([text for text, _ in tokens].index("<|im_end|>"))
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    return [of == kind.NORMAL for _, of in tokens]


def _renamed(texts: list[str], without: Set[str]) -> list[str]:
    return [f"<unused{n}>" if text in without else text for n, text in enumerate(texts)]


def _spm_pieces(word: str) -> list[str]:
    """Every beginning of the word, with and without its space, so that merging can reach it."""
    spaced = "\u2581" + word
    return [word[:end] for end in range(2, len(word) + 1)] + [
        spaced[:end] for end in range(2, len(spaced) + 1)
    ]


def _add_qwen2_vocab(
    writer: gguf.GGUFWriter, more: dict[str, gguf.TokenType], without: Set[str]
) -> list[bool]:
    """A byte-level BPE vocabulary; returns which tokens are plain text."""
    kind = gguf.TokenType
    letters = _byte_letters()
    merges: list[str] = []
    tokens: dict[str, gguf.TokenType] = dict.fromkeys(letters, kind.NORMAL)
    for word in WORDS:
        for text in (word, "\u0120" + word):
            for end in range(2, len(text) + 1):
                if text[:end] not in tokens:
                    merges.append(f"{text[: end - 1]} {text[end - 1]}")
                    tokens[text[:end]] = kind.NORMAL
    special = len(tokens)
    for text in ("<|endoftext|>", "<|im_start|>", "<|im_end|>"):
        tokens[text] = kind.CONTROL
    tokens |= more
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(_renamed(list(tokens), without))
    writer.add_token_types([int(of) for of in tokens.values()])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(special)
    writer.add_pad_token_id(special)
    writer.add_eos_token_id(special + 2)
    writer.add_add_bos_token(False)
    return [
        of == kind.NORMAL and all(c == "\u0120" or c.isascii() for c in text)
        for text, of in tokens.items()
    ]


def _byte_letters() -> list[str]:
    """The printable stand-in that byte-level BPE gives each of the 256 bytes."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(spare)) for byte in range(256)]


def _add_tensors(
    writer: gguf.GGUFWriter,
    random: np.random.Generator,
    *,
    plain: list[bool],
    shape: tuple[int, int, int, int],
    biases: bool,
) -> None:
    n_layers, n_embd, n_kv, n_ff = shape

    def weights(*size: int) -> np.ndarray:
        return (random.standard_normal(size) * 0.1).astype(np.float32)

    def ones() -> np.ndarray:
        return np.ones(n_embd, dtype=np.float32)

    output = weights(len(plain), n_embd)
    output[~np.asarray(plain)] = 0.0
    writer.add_tensor("token_embd.weight", weights(len(plain), n_embd))
    writer.add_tensor("output_norm.weight", ones())
    writer.add_tensor("output.weight", output)
    for layer in range(n_layers):
        block = f"blk.{layer}."
        writer.add_tensor(block + "attn_norm.weight", ones())
        writer.add_tensor(block + "ffn_norm.weight", ones())
        for part, width in (("q", n_embd), ("k", n_kv), ("v", n_kv)):
            writer.add_tensor(f"{block}attn_{part}.weight", weights(width, n_embd))
            if biases:
                writer.add_tensor(f"{block}attn_{part}.bias", weights(width))
        writer.add_tensor(block + "attn_output.weight", weights(n_embd, n_embd))
        writer.add_tensor(block + "ffn_gate.weight", weights(n_ff, n_embd))
        writer.add_tensor(block + "ffn_up.weight", weights(n_ff, n_embd))
        writer.add_tensor(block + "ffn_down.weight", weights(n_embd, n_ff))
