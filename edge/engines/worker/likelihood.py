"""How surprised a model is by a text: what a broken or too coarse file shows at once.

    python -m edge.engines.worker.likelihood FILE THREADS < TEXT

Writes {"tokens": n, "loss": nats a token} to stdout. engines/quantize.py starts it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge.engines.worker.context import Context, Part
from edge.engines.worker.native import Model

MOST_TOKENS = 512
"""Of the text; enough to tell a hundredth of a nat from chance."""


def loss(path: Path, text: str, threads: int) -> tuple[int, float]:
    """Tokens judged, and the mean of their negative log likelihoods. Raises ModelUnusable."""
    model = Model(path, n_gpu_layers=0)
    tokens = model.vocabulary.tokenize(text, special=False)[:MOST_TOKENS]
    if model.vocabulary.adds_bos:
        tokens = [model.vocabulary.bos, *tokens[:-1]]
    with Context(
        model,
        n_ctx=MOST_TOKENS,
        n_batch=MOST_TOKENS,
        n_ubatch=128,
        n_threads=threads,
        kv_type="f16",
        n_sequences=1,
    ) as context:
        context.decode([Part(0, 0, tokens, len(tokens))])
        losses = _losses(context, tokens)
    return len(losses), float(np.mean(losses))


def _losses(context: Context, tokens: Sequence[int]) -> list[float]:
    found = []
    for row, following in enumerate(tokens[1:]):
        logits = context.logits(row).astype(np.float64)
        top = logits.max()
        found.append(float(top + np.log(np.exp(logits - top).sum()) - logits[following]))
    return found


if __name__ == "__main__":
    judged, mean = loss(Path(sys.argv[1]), sys.stdin.read(), int(sys.argv[2]))
    sys.stdout.write(json.dumps({"tokens": judged, "loss": mean}) + "\n")
