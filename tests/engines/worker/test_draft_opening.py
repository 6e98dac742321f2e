"""Draft models as the worker loads them, and what they do for a real llama.cpp."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from edge.catalog.models import embedded_path, find, load_catalog
from edge.engines.frames import FromWorker, Load, Piece, SamplingValues, Stats
from edge.engines.worker.answering import Order
from edge.engines.worker.context import Context, Part
from edge.engines.worker.draft_opening import difference, open_draft
from edge.engines.worker.job import Job
from edge.engines.worker.loop import InferenceLoop
from edge.engines.worker.native import Model
from edge.engines.worker.payoff import Payoff
from edge.engines.worker.speculation import Speculation
from edge.engines.worker.stops import StopFilter
from edge.engines.worker.writer import Grip, Writer
from edge.toolcalls import Family, Parser
from tests.catalog.tiny_gguf import make_tiny_gguf
from tests.engines.worker.test_speculation import Always


@dataclass
class Words:
    texts: list[str]

    @property
    def size(self) -> int:
        return len(self.texts)

    def written(self, token: int) -> str:
        return self.texts[token]


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (["a", "b"], ["a", "b"], None),
        (["a", "b"], ["a", "b", "[PAD2]", "[PAD3]"], None),
        (["a", "b", "[PAD2]"], ["a", "b"], None),
        (["a", "b"], ["a", "c"], "token 1 is 'b' in one vocabulary and 'c' in the other"),
        (["a", "b"], ["a", "b", "c"], "one vocabulary has 2 tokens, the other 3"),
        (["a", "b"], ["a", "b", "[PAD7]"], "one vocabulary has 2 tokens, the other 3"),
    ],
)
def test_vocabularies_are_compared_token_by_token(
    one: list[str], other: list[str], words: str | None
):
    assert difference(Words(one), Words(other)) == words


def load(target: Path, draft: Path | str) -> Load:
    return Load(
        path=str(target),
        n_ctx=512,
        n_batch=128,
        n_ubatch=128,
        n_threads=1,
        n_gpu_layers=0,
        kv_type="f16",
        n_sequences=4,
        n_parallel=1,
        draft_path=str(draft),
        draft_n_ctx=512,
    )


def opened(
    target: Path, draft: Path | str, payoff: Payoff | None = None
) -> tuple[Model, Speculation | None, tuple[str, ...]]:
    model = Model(target, n_gpu_layers=0)
    found, words = open_draft(load(target, draft), model, payoff or Payoff())
    return model, found, words


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


def test_none_is_opened_unasked(tiny: Path):
    assert opened(tiny, "")[1:] == (None, ())


def test_one_of_the_same_vocabulary_is_tried(tiny: Path, tmp_path: Path):
    payoff = Payoff()
    draft = make_tiny_gguf(tmp_path / "draft.gguf", seed=1)
    _, found, words = opened(tiny, draft, payoff)
    assert found is not None
    assert words[0].startswith("draft model: draft.gguf guesses ahead where that pays; a step")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"architecture": "qwen2"}, "token 0 is"),
        ({"added": ["<more>"]}, "one vocabulary has"),
        ({"without": {"hello"}}, "'hello'"),
    ],
)
def test_another_vocabulary_is_refused(tiny: Path, tmp_path: Path, arguments, words: str):
    draft = make_tiny_gguf(tmp_path / "draft.gguf", **arguments)
    _, found, reasons = opened(tiny, draft)
    assert found is None
    assert reasons[0].startswith("draft model: not used, ")
    assert words in reasons[0]


def test_a_file_that_cannot_be_loaded_is_a_reason(tiny: Path, tmp_path: Path):
    (tmp_path / "bad.gguf").write_bytes(b"GGUF and no more")
    _, found, reasons = opened(tiny, tmp_path / "bad.gguf")
    assert found is None
    assert "draft model: not used, llama.cpp cannot load" in reasons[0]


# --- at work ------------------------------------------------------------------------------------


class Timed:
    """A context whose decodes take what they would on a board with arithmetic to spare."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def slow(self, context: Context, step: float) -> None:
        decode = context.decode

        def timed(parts: Sequence[Part], *, interruptible: bool = False, padding: int = 0) -> bool:
            rows = sum(len(part.tokens) for part in parts) + padding
            self.now += step * (1 + 0.02 * (rows - 1))
            return decode(parts, interruptible=interruptible, padding=padding)

        context.decode = timed


def answers(
    model: Model, prompt: str, speculation: Speculation | None, clock: Timed, limit: int = 60
) -> tuple[str, dict[str, float]]:
    """What is answered greedily, and the measures after it."""
    sent: list[FromWorker] = []
    with Context(
        model,
        n_ctx=1024,
        n_batch=128,
        n_ubatch=128,
        n_threads=1,
        kv_type="f16",
        n_sequences=4,
    ) as context:
        clock.slow(context, 0.1)
        loop = InferenceLoop(
            model.vocabulary,
            context,
            divisible=True,
            n_sequences=4,
            n_parallel=1,
            send=sent.extend,
            speculation=speculation,
            clock=clock,
        )
        order = Order(1, SamplingValues(temperature=0), limit, _writer(), None, lambda: None)
        loop.submit(Job(order, model.vocabulary.tokenize(prompt), threading.Event()))
        loop.stop()
        loop.run()
    text = "".join(frame.text for frame in sent if isinstance(frame, Piece))
    return text, [frame for frame in sent if isinstance(frame, Stats)][-1].measures


def _writer() -> Writer:
    return Writer(
        1,
        Parser((), Family.GENERIC),
        StopFilter([]),
        Grip(None, whole=False),
        compile_grammar=lambda _text: (_ for _ in ()).throw(AssertionError),
        parallel=True,
    )


ASKED = "<|im_start|>user\nExplain how a bicycle works.<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def smollm2() -> Path:
    entry = find("smollm2-135m", load_catalog())
    assert entry is not None
    path = embedded_path(entry)
    assert path is not None
    return path


@pytest.fixture(scope="module")
def sharp(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models of SmolLM2's vocabulary that know nothing, and are sure of it."""
    folder = tmp_path_factory.mktemp("sharp")
    reader = gguf.GGUFReader(smollm2)
    keys = [key for key in reader.fields if key.startswith("tokenizer.")]
    tokenizer = {key: (reader.fields[key].contents(), reader.fields[key].types) for key in keys}
    return [knows_nothing(tokenizer, folder / f"{seed}.gguf", seed) for seed in (1, 2)]


def test_a_model_that_drafts_for_itself_is_right(smollm2: Path):
    """Nearly always: llama.cpp computes a row alone and among others not quite alike, and a
    quantized model finds many tokens nearly as good as the best."""
    model, speculation, _ = opened(smollm2, smollm2, Always())
    assert speculation is not None
    _, told = answers(model, ASKED, speculation, Timed())
    made = told["draft_model_tokens_drafted_total"]
    assert made > 10
    assert told["draft_model_tokens_accepted_total"] >= 0.8 * made


@pytest.mark.parametrize(("draft", "right"), [(0, 1.0), (1, 0.0)])
def test_greedy_answers_are_those_without_drafts(sharp: list[Path], draft: int, right: float):
    """In full precision, where rows are alike whatever is computed beside them."""
    model, speculation, _ = opened(sharp[0], sharp[draft], Always())
    assert speculation is not None
    plain, _ = answers(model, ASKED, None, Timed())
    drafted, told = answers(model, ASKED, speculation, Timed())
    assert drafted == plain
    made = told["draft_model_tokens_drafted_total"]
    assert made > 10
    assert told["draft_model_tokens_accepted_total"] == pytest.approx(right * made, abs=3)


def test_a_bad_one_switches_itself_off(
    smollm2: Path, sharp: list[Path], caplog: pytest.LogCaptureFixture
):
    model, speculation, _ = opened(smollm2, sharp[0])
    assert speculation is not None
    _, told = answers(model, ASKED, speculation, Timed(), limit=90)
    assert told["draft_model_on"] == 0
    assert told["draft_model_tokens_accepted_total"] <= 2
    assert "draft model off: text" in caplog.text


def knows_nothing(tokenizer: dict[str, tuple[Any, list[Any]]], path: Path, seed: int) -> Path:
    """One random layer under the tokenizer of another file, with long rows of output."""
    writer = gguf.GGUFWriter(path, "llama")
    width, inner = 64, 128
    writer.add_context_length(1024)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_rope_dimension_count(width // 4)
    writer.add_layer_norm_rms_eps(1e-6)
    for key, (value, types) in tokenizer.items():
        writer.add_key_value(key, value, types[0], types[1] if len(types) > 1 else None)
    count = len(tokenizer["tokenizer.ggml.tokens"][0])
    random = np.random.default_rng(seed)

    def add(name: str, *shape: int, scale: float = 0.1) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * scale).astype(np.float32))

    add("token_embd.weight", count, width)
    add("output.weight", count, width, scale=2.0)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for part in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{part}.weight", np.ones(width, np.float32))
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.0.{part}.weight", width, width)
    add("blk.0.ffn_gate.weight", inner, width)
    add("blk.0.ffn_up.weight", inner, width)
    add("blk.0.ffn_down.weight", width, inner)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
