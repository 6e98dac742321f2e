"""llama.cpp with nothing around it: the loop that codriver is measured against.

A process of its own, from the same installed library. Takes orders as JSON lines on
standard input, answers each with one. Knows no HTTP and nothing of codriver.

    python -m tests.bench.engine.bare_loop --model FILE.gguf --threads N --context N
"""

from __future__ import annotations

import argparse
import ctypes
import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import llama_cpp

N_BATCH, N_UBATCH = 2048, 512
_TOKEN_ROOM = 16


@llama_cpp.llama_log_callback
def _quiet(_level: int, _text: bytes, _data: Any) -> None:
    """llama.cpp's own words are not part of the answers."""


class BareLoop:
    """A model and a context of one sequence; f16 keys and values, greedy."""

    def __init__(self, model: Path, threads: int, context: int) -> None:
        llama_cpp.llama_log_set(_quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        model_params = llama_cpp.llama_model_default_params()
        model_params.n_gpu_layers = 0
        self._model = llama_cpp.llama_model_load_from_file(str(model).encode(), model_params)
        if not self._model:
            raise SystemExit(f"llama.cpp cannot load {model}")
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = context, N_BATCH, N_UBATCH
        params.n_threads = params.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        self._memory = llama_cpp.llama_get_memory(self._context)
        chain = llama_cpp.llama_sampler_chain_default_params()
        self._sampler = llama_cpp.llama_sampler_chain_init(chain)
        llama_cpp.llama_sampler_chain_add(self._sampler, llama_cpp.llama_sampler_init_greedy())
        self._held: list[int] = []

    def about(self) -> dict[str, Any]:
        info = llama_cpp.llama_print_system_info().decode()
        return {"version": llama_cpp.__version__, "system": info}

    def prefill(self, text: str, tokens: int) -> dict[str, Any]:
        """Read ``tokens`` tokens of ``text``, cold: how long it took."""
        prompt = self._prompt(text, tokens)
        llama_cpp.llama_memory_clear(self._memory, True)
        self._held = []
        began = monotonic()
        self._read(prompt)
        seconds = monotonic() - began
        self._held = prompt
        return {"seconds": seconds}

    def decode(self, text: str, tokens: int, new: int) -> dict[str, Any]:
        """Write ``new`` tokens behind a prompt of ``tokens``: the time of each token and of
        each llama_decode alone."""
        prompt = self._prompt(text, tokens)
        if self._held != prompt:
            self.prefill(text, tokens)
        # The last token again: its logits are wanted, whatever was decoded since.
        llama_cpp.llama_memory_seq_rm(self._memory, 0, tokens - 1, -1)
        self._feed(prompt[-1:])
        times, steps = [], []
        for _ in range(new):
            token = llama_cpp.llama_sampler_sample(self._sampler, self._context, -1)
            times.append(monotonic())
            began = monotonic()
            self._feed([token])
            steps.append(monotonic() - began)
        llama_cpp.llama_memory_seq_rm(self._memory, 0, tokens, -1)
        return {"times": times, "steps": steps}

    def _read(self, prompt: list[int]) -> None:
        for start in range(0, len(prompt), N_BATCH):
            self._feed(prompt[start : start + N_BATCH])

    def _feed(self, tokens: list[int]) -> None:
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        code = llama_cpp.llama_decode(
            self._context, llama_cpp.llama_batch_get_one(array, len(tokens))
        )
        if code != 0:
            raise SystemExit(f"llama_decode gave {code}")

    def _prompt(self, text: str, wanted: int) -> list[int]:
        """``wanted`` tokens of ``text``, from its beginning again where it is too short."""
        data = text.encode()
        room = len(data) + _TOKEN_ROOM
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(
            self._vocabulary, data, len(data), tokens, room, False, False
        )
        found = list(tokens[:count])
        return (found * (wanted // len(found) + 1))[:wanted]


def main(argv: list[str]) -> int:
    """Answer orders until standard input ends."""
    parser = argparse.ArgumentParser(description="llama.cpp with nothing around it.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--context", type=int, required=True)
    options = parser.parse_args(argv)
    loop = BareLoop(options.model, options.threads, options.context)
    does = {"about": loop.about, "prefill": loop.prefill, "decode": loop.decode}
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(does[order.pop("do")](**order)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
