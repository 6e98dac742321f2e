"""Prompts of a wished length, and the KV state of all but their ends, on disk for a worker.

A process of its own, so that nothing of its memory counts:

    python -m tests.bench.plan.prompts --load JSON --tokens N

It prints the order, JSON, whose prompt has about so many tokens.
"""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path
from random import Random
from string import ascii_lowercase

import llama_cpp
import msgspec

from edge.engines.frames import Generate, Load, Prompt, SamplingValues
from edge.engines.worker.blocks import BLOCK_TOKENS, blocks_of, fingerprint, root_name
from edge.engines.worker.context import Context, Part
from edge.engines.worker.desk import Desk
from edge.engines.worker.native import Model
from edge.engines.worker.prefix_files import PrefixFiles
from tests.bench.plan.tiling import tiled

READ_TOKENS = 320
"""Left to be read by the worker: a micro-batch and more."""

WRITTEN_TOKENS = 32


def order(words: int) -> Generate:
    """Asks for a short answer behind so many words, made of letters by chance: no word of them
    comes again, and the answer is nearly any tokens, so that nothing of it can be guessed."""
    letters = Random(1)
    text = " ".join("".join(letters.choices(ascii_lowercase, k=5)) for _ in range(words))
    prompt = Prompt([{"role": "user", "content": f"Go on: {text}"}], [], False, 0.0)
    sampling = SamplingValues(temperature=9.0, top_p=1.0, top_k=2000, min_p=0.0, seed=1)
    return Generate(1, prompt, [], "none", True, sampling, [], WRITTEN_TOKENS)


def sized(desk: Desk, tokens: int) -> tuple[Generate, list[int]]:
    """An order whose prompt has nearly so many tokens, and the tokens."""
    low, high = 1, 2 * tokens
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if len(_tokens(desk, order(middle))) <= tokens else (low, middle - 1)
        )
    return order(low), _tokens(desk, order(low))


def _tokens(desk: Desk, asked: Generate) -> list[int]:
    job = desk.prepare(asked, threading.Event(), queued=False).job
    # A prompt that does not fit is no job.
    return [0] * 2**20 if job is None else job.tokens


def craft(load: Load, model: Model, tokens: list[int]) -> None:
    """Files of KV state for ``tokens`` but the last ones, where the worker looks for them."""
    root = root_name(fingerprint(Path(load.path)), load.kv_type, llama_cpp.__version__)
    wanted = [b for b in blocks_of(root, tokens) if b.end <= len(tokens) - READ_TOKENS]
    if not wanted or not model.can_truncate():
        return
    with Context(
        model,
        n_ctx=2 * BLOCK_TOKENS,
        n_batch=load.n_batch,
        n_ubatch=load.n_ubatch,
        n_threads=load.n_threads,
        kv_type=load.kv_type,
        n_sequences=1,
    ) as context:
        for at in range(0, BLOCK_TOKENS, load.n_batch):
            context.decode([Part(0, at, tokens[at : at + load.n_batch], 0)])
        state = context.save(0, 0, BLOCK_TOKENS)
    files = PrefixFiles(Path(load.prefix_folder, root.hex()), load.prefix_bytes)
    files.open()
    for index, block in enumerate(wanted):
        files.write(block.name, tiled(state, index))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--load", required=True)
    parser.add_argument("--tokens", type=int, required=True)
    options = parser.parse_args(arguments)
    load = msgspec.json.decode(options.load, type=Load)
    model = Model(Path(load.path), n_gpu_layers=0)
    found, tokens = sized(Desk(model, load.n_ctx), options.tokens)
    craft(load, model, tokens)
    print(msgspec.json.encode(found).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
