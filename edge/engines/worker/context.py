"""llama.cpp behind typed methods: the KV memory and the decodes over it.

With native.py the only module that calls the C functions of llama-cpp-python. Knows
tokens and sequences, nothing of who asked for them. A Context belongs to one thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from edge.engines.worker.costs import TILE_ROWS
from edge.engines.worker.native import Model, last_words
from edge.errors import EngineError, ModelUnusable

KV_TYPES = {
    "f16": llama_cpp.GGML_TYPE_F16,
    "q8_0": llama_cpp.GGML_TYPE_Q8_0,
    "q4_0": llama_cpp.GGML_TYPE_Q4_0,
}
_FUSED = 1
"""llama.cpp's LLAMA_FLASH_ATTN_TYPE_ENABLED; ADR 12 has why it always is."""

_ALL, _PART = 0, 1
"""llama.cpp's LLAMA_STATE_SEQ_FLAGS: everything, or what windowed and recurrent layers hold."""

_NO_CELLS, _ABORTED = 1, 2
"""What llama_decode returns besides 0 for done and less for an error."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens to append to one sequence; logits are wanted behind the last ``wanted``."""

    sequence: int
    position: int
    tokens: Sequence[int]
    wanted: int


class NoCells(EngineError):
    """The KV memory is full: something has to be forgotten first."""


class _Batch:
    """A llama_batch over arrays of our own: filling it costs microseconds."""

    def __init__(self, size: int) -> None:
        self._token = np.zeros(size, dtype=np.int32)
        self._position = np.zeros(size, dtype=np.int32)
        self._sequence = np.zeros(size, dtype=np.int32)
        self._one = np.ones(size, dtype=np.int32)
        self._wanted = np.zeros(size, dtype=np.int8)
        step = self._sequence.itemsize
        first = self._sequence.ctypes.data
        self._sequences = np.arange(first, first + size * step, step, dtype=np.uintp)
        self._struct = llama_cpp.llama_batch(
            n_tokens=0,
            token=_pointer(self._token, llama_cpp.llama_token),
            embd=None,
            pos=_pointer(self._position, llama_cpp.llama_pos),
            n_seq_id=_pointer(self._one, ctypes.c_int32),
            seq_id=_pointer(self._sequences, ctypes.POINTER(llama_cpp.llama_seq_id)),
            logits=_pointer(self._wanted, ctypes.c_int8),
        )

    def fill(self, parts: Sequence[Part]) -> Any:
        start = 0
        for part in parts:
            end = start + len(part.tokens)
            self._token[start:end] = part.tokens
            self._position[start:end] = np.arange(part.position, part.position + end - start)
            self._sequence[start:end] = part.sequence
            self._wanted[start:end] = 0
            self._wanted[end - part.wanted : end] = 1
            start = end
        self._struct.n_tokens = start
        return self._struct


def _pointer(array: NDArray[Any], kind: Any) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))


class Context:
    """The KV memory of a model and one decode at a time. One thread only.

    ``n_outputs``: tokens of one decode whose logits may be wanted; 0 for all of them."""

    def __init__(
        self,
        model: Model,
        *,
        n_ctx: int,
        n_batch: int,
        n_ubatch: int,
        n_threads: int,
        kv_type: str,
        n_sequences: int,
        n_outputs: int = 0,
    ) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = n_ctx
        params.n_batch = n_batch
        params.n_ubatch = n_ubatch
        params.n_threads = params.n_threads_batch = n_threads
        # Blocks of state go through one more than the sequences in use. Whole states do not:
        # a window or a recurrent state of its own would cost memory.
        self._divisible = model.can_truncate()
        params.n_seq_max = n_sequences + 1 if self._divisible else n_sequences
        self._ferry = n_sequences
        self._window = int(llama_cpp.llama_model_n_swa(model.handle))
        self.outputs = min(n_outputs or n_batch, n_batch)
        """Tokens of one decode whose logits may be wanted."""
        params.n_outputs_max = self.outputs
        params.kv_unified = True
        params.swa_full = False
        params.flash_attn_type = _FUSED
        params.type_k = params.type_v = KV_TYPES[kv_type]
        self.handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise ModelUnusable(
                f"llama.cpp cannot make a context of {n_ctx} tokens: "
                f"{last_words() or 'not enough memory?'}; try a smaller --context"
            )
        self.size: int = llama_cpp.llama_n_ctx(self.handle)
        self.batch_size = n_batch
        self.threads = n_threads
        self.unit = n_ubatch
        """Tokens that llama.cpp computes at once; a batch is split into such."""
        # The ferry carries what pads a step, too.
        on_cpu = self._divisible and model.n_gpu_layers == 0
        self.tiles = on_cpu and kv_type == "f16" and n_ubatch >= TILE_ROWS
        """Whether attention works in tiles of rows."""
        self.attention = model.attention
        """A row's arithmetic with one cell, in parts of that with the weights; an estimate."""
        self.interrupt: Callable[[], bool] = lambda: False
        """Asked while a decode runs that may be interrupted (CPU only); must return at once."""
        self._vocabulary_size = model.vocabulary.size
        self._memory = llama_cpp.llama_get_memory(self.handle)
        self._batch = _Batch(n_batch)
        # Kept by the object: llama.cpp holds a bare pointer to it.
        self._abort = llama_cpp.ggml_abort_callback(lambda _data: self.interrupt())
        self._never = llama_cpp.ggml_abort_callback()

    def decode(
        self, parts: Sequence[Part], *, interruptible: bool = False, padding: int = 0
    ) -> bool:
        """Append each part to its sequence, batch_size tokens at most in all.

        ``padding`` tokens are computed behind them and forgotten, where ``tiles``: a fuller
        step may be the quicker one. False if ``interrupt`` said so in the middle; then sequences
        hold as much as ``held`` tells. Raises EngineError, and NoCells while the memory is full.
        """
        if not padding:
            return self._decode(parts, interruptible=interruptible)
        filler = Part(self._ferry, 0, [parts[0].tokens[0]] * padding, 0)
        try:
            return self._decode([*parts, filler], interruptible=interruptible)
        finally:
            llama_cpp.llama_memory_seq_rm(self._memory, self._ferry, -1, -1)

    def _decode(self, parts: Sequence[Part], *, interruptible: bool) -> bool:
        if (wanted := sum(part.wanted for part in parts)) > self.outputs:
            # llama.cpp would end the process.
            raise EngineError(f"{wanted} rows of logits wanted, {self.outputs} are reserved")
        batch = self._batch.fill(parts)
        callback = self._abort if interruptible else self._never
        llama_cpp.llama_set_abort_callback(self.handle, callback, None)
        code = llama_cpp.llama_decode(self.handle, batch)
        if code == _NO_CELLS:
            raise NoCells(f"no cells left for {batch.n_tokens} tokens")
        if code not in (0, _ABORTED):
            raise EngineError(f"llama_decode gave {code}: {last_words()}")
        return bool(code == 0)

    def use_threads(self, writing: int, reading: int) -> None:
        """From the next decode on, compute with so many threads: steps of one token, and those
        of more."""
        llama_cpp.llama_set_n_threads(self.handle, writing, reading)

    def try_out(self, tokens: Sequence[int], *, interruptible: bool) -> bool:
        """Decode tokens for the time it takes and forget them; False if interrupted. Only while
        ``can_try_out``."""
        sequence = self._unused()
        if sequence is None:
            raise EngineError("no sequence is empty")
        try:
            return self.decode([Part(sequence, 0, tokens, 1)], interruptible=interruptible)
        finally:
            llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    @property
    def can_try_out(self) -> bool:
        """Whether a sequence is empty: the ferry always is, a windowed model has none."""
        return self._unused() is not None

    def _unused(self) -> int | None:
        if self._divisible:
            return self._ferry
        return next((one for one in range(self._ferry) if not self.held(one)), None)

    def logits(self, row: int) -> NDArray[np.float32]:
        """Logits behind the batch's token number ``row``: a writable view, valid until the
        next decode."""
        pointer = llama_cpp.llama_get_logits_ith(self.handle, row)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary_size,))

    def held(self, sequence: int) -> int:
        """How many tokens a sequence holds, by its last position."""
        return int(llama_cpp.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def truncate(self, sequence: int, length: int) -> bool:
        """Keep the first ``length`` tokens of a sequence; False where that is impossible."""
        return bool(llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def copy(self, source: int, target: int, length: int) -> None:
        """Let ``target``, empty, share the first ``length`` tokens of ``source``; costs no
        compute."""
        first = llama_cpp.llama_memory_seq_pos_min(self._memory, source)
        trails = self._window > 0 and first < self.held(source) - self._window
        window = self._state(source, _PART) if trails else None
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)
        if window is not None:
            # Cells that have left the window are used again only while one sequence holds them:
            # shared ones would fill the windowed layers' memory. A state has none of them.
            self._put(target, window, _PART)

    def state_size(self, sequence: int) -> int:
        """Bytes of a whole sequence's state."""
        return int(llama_cpp.llama_state_seq_get_size(self.handle, sequence))

    def save(self, sequence: int, start: int, end: int) -> memoryview:
        """The state of the tokens from ``start`` to ``end``, for ``restore``; of a model whose
        sequences cannot be cut only all there is of one."""
        if not self._divisible:
            return self._state(sequence)
        llama_cpp.llama_memory_seq_cp(self._memory, sequence, self._ferry, start, end)
        try:
            return self._state(self._ferry)
        finally:
            llama_cpp.llama_memory_seq_rm(self._memory, self._ferry, -1, -1)

    def _state(self, sequence: int, flags: int = _ALL) -> memoryview:
        size = llama_cpp.llama_state_seq_get_size_ext(self.handle, sequence, flags)
        buffer = np.empty(size, dtype=np.uint8)
        target = _pointer(buffer, ctypes.c_uint8)
        count = llama_cpp.llama_state_seq_get_data_ext(self.handle, target, size, sequence, flags)
        return buffer.data[:count]

    def restore(self, sequence: int, state: memoryview) -> bool:
        """Append saved tokens to a sequence that ends where they start.

        False if llama.cpp does not take them; then nothing has changed.
        """
        if not self._divisible:
            return self._restore_whole(sequence, state)
        taken = self._put(self._ferry, state)
        try:
            start = llama_cpp.llama_memory_seq_pos_min(self._memory, self._ferry)
            if not taken or start != self.held(sequence):
                return False
            llama_cpp.llama_memory_seq_cp(self._memory, self._ferry, sequence, -1, -1)
        finally:
            llama_cpp.llama_memory_seq_rm(self._memory, self._ferry, -1, -1)
        return True

    def _restore_whole(self, sequence: int, state: memoryview) -> bool:
        """Windows hold no cells of the beginning, recurrent layers only the end: what is there
        cannot be checked against what was wanted, so only an empty sequence takes it."""
        if self.held(sequence):
            return False
        if taken := self._put(sequence, state):
            return taken
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def _put(self, sequence: int, state: memoryview, flags: int = _ALL) -> bool:
        source = _pointer(np.frombuffer(state, dtype=np.uint8), ctypes.c_uint8)
        size = len(state)
        return bool(
            llama_cpp.llama_state_seq_set_data_ext(self.handle, source, size, sequence, flags)
        )

    def clear(self) -> None:
        """Forget every sequence."""
        llama_cpp.llama_memory_clear(self._memory, True)

    def close(self) -> None:
        llama_cpp.llama_free(self.handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
