"""Header facts of models that are not at hand, for tests of arithmetic and choice."""

from edge.catalog.facts import CountedArray, GgufFacts, Tensor
from edge.units import Bytes


def facts(
    *,
    architecture="llama",
    layers=24,
    kv_heads=2,
    heads=14,
    width=896,
    head_size=None,
    vocabulary=151_936,
    trained=32_768,
    weights=500_000_000,
    parameters=500_000_000,
    file_type=15,
    template="{% if tools %}",
    merges=0,
    **more,
):
    """A model of one big tensor; ``more`` goes under the architecture's own keys."""
    metadata = {
        "general.file_type": file_type,
        "tokenizer.ggml.tokens": CountedArray(vocabulary, "string", 0),
        "tokenizer.chat_template": template,
        "tokenizer.ggml.merges": CountedArray(merges, "string", 0) if merges else None,
    }
    own = {
        "block_count": layers,
        "context_length": trained,
        "embedding_length": width,
        "attention.head_count": heads,
        "attention.head_count_kv": kv_heads,
        "attention.key_length": head_size,
        "attention.value_length": head_size,
        **{key.replace("__", "."): value for key, value in more.items()},
    }
    metadata |= {f"{architecture}.{k}": v for k, v in own.items() if v is not None}
    return GgufFacts(
        version=3,
        alignment=32,
        architecture=architecture,
        name=None,
        metadata={key: value for key, value in metadata.items() if value is not None},
        tensors=(Tensor("blk.0.ffn_up.weight", (parameters,), "Q4_K", Bytes(weights), 0),),
        data_offset=0,
        file_bytes=Bytes(weights),
        vocab_size=vocabulary,
        special_tokens={},
    )


def qwen_coder(size):
    """Qwen2.5-Coder as measured: "0.5b" or "1.5b"."""
    layers, heads, width, inner, weights, parameters = {
        "0.5b": (24, 14, 896, 4864, 485_452_288, 630_167_424),
        "1.5b": (28, 12, 1536, 8960, 1_111_370_240, 1_777_088_000),
    }[size]
    return facts(
        architecture="qwen2",
        layers=layers,
        heads=heads,
        width=width,
        weights=weights,
        parameters=parameters,
        merges=151_387,
        feed_forward_length=inner,
    )


def smollm2():
    return facts(
        layers=30,
        heads=9,
        kv_heads=3,
        width=576,
        vocabulary=49_152,
        trained=8192,
        weights=96_576_768,
        parameters=134_515_008,
        file_type=3,
        merges=48_900,
        template="{{ messages }}",
        feed_forward_length=1536,
    )


def gemma3():
    """gemma-3-270m: 3 full and 15 windowed layers."""
    return facts(
        architecture="gemma3",
        layers=18,
        heads=4,
        kv_heads=1,
        width=640,
        head_size=256,
        vocabulary=262_144,
        weights=246_587_904,
        parameters=268_098_176,
        template=None,
        feed_forward_length=2048,
        attention__sliding_window=512,
    )
