"""Sentences as vectors by all-MiniLM-L6-v2 (int8) on one CPU thread, and how alike two are.

The session is opened when the first text comes and closed when none has come for a while; all of
it runs on a thread of its own, off the event loop. Knows onnxruntime and the model's file, nothing
of requests and routes. Made by app, asked by routing.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from edge.engines import wordpiece
from edge.errors import ModelUnusable
from edge.units import Seconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float32]

log = logging.getLogger(__name__)

MOST_TOKENS = 128
"""Of a text, as the model was trained."""

IDLE = Seconds(300.0)
"""After so long without a text the session's memory, about 100 MB, is given back."""

MOST_VECTORS = 1_024
"""Kept by their texts' digests: 1.6 MB."""

_DIMENSIONS = 384


class Session(Protocol):
    """What is used of onnxruntime's."""

    def run(self, wanted: Sequence[str], inputs: dict[str, Any]) -> Sequence[Any]: ...


def open_session(path: Path) -> Session:
    """Blocking. Raises ModelUnusable."""
    try:
        import onnxruntime
    except ImportError:
        raise ModelUnusable("onnxruntime is not here: pip install 'codriver[box]'") from None
    onnxruntime.set_default_logger_severity(4)  # it tells about GPUs that are not there
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena would keep what the longest text took
    try:
        session: Session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # noqa: BLE001 - the library's errors share no other parent
        raise ModelUnusable(f"{path} cannot be used: {error}") from None
    _trim()  # the file and its tables as they were read: 60 MB
    return session


class Embedder:
    """One per daemon; ``run`` has to run. ``path`` may be missing: then nothing is known, which
    the log says once. Only the thread touches the session and the vectors."""

    def __init__(
        self,
        path: Path,
        *,
        idle: Seconds = IDLE,
        open_: Callable[[Path], Session] = open_session,
    ) -> None:
        self._path = path
        self._idle = idle
        self._open = open_
        self._session: Session | None = None
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._worked = asyncio.Event()
        self._said = ""

    async def run(self) -> None:
        """Until cancelled: gives the session's memory back when nobody has asked for a while."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._worked.wait()
                while self._worked.is_set():
                    self._worked.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._idle):
                            await self._worked.wait()
                await loop.run_in_executor(self._thread, self._close)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def compare(self, text: str, sentences: Sequence[str]) -> tuple[float, ...] | None:
        """How alike the text and each sentence are, from -1 to 1; None where that cannot be told.

        Cancelled, the work goes on and is kept for who asks for the same again.
        """
        self._worked.set()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._compare, text, tuple(sentences))

    # --- on the thread ----------------------------------------------------------------

    def _compare(self, text: str, sentences: tuple[str, ...]) -> tuple[float, ...] | None:
        try:
            vector = self._vector(text)
            return tuple(float(vector @ self._vector(one)) for one in sentences)
        except ModelUnusable as error:
            if str(error) != self._said:
                self._said = str(error)
                log.warning("%s; routes that compare requests with sentences are skipped", error)
            return None

    def _vector(self, text: str) -> Vector:
        """Kept or made. Raises ModelUnusable."""
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        vector = self._vectors.get(key)
        if vector is None:
            vector = self._vectors[key] = embed(self._opened(), text)
        self._vectors.move_to_end(key)
        while len(self._vectors) > MOST_VECTORS:
            self._vectors.popitem(last=False)
        return vector

    def _opened(self) -> Session:
        """Raises ModelUnusable."""
        if self._session is None:
            if not self._path.is_file():
                raise ModelUnusable(
                    f"{self._path} is not here; fetch it with: codriver pull minilm"
                )
            self._session = self._open(self._path)
        return self._session

    def _close(self) -> None:
        self._session = None
        _trim()


def _trim() -> None:
    """What the C library keeps of freed memory goes back to the system, where it knows how."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def embed(session: Session, text: str) -> Vector:
    """The mean of the last layer over all tokens, of length 1. Raises ModelUnusable."""
    import numpy as np

    tokens = np.array([wordpiece.load().encode(text, MOST_TOKENS)], np.int64)
    inputs = {
        "input_ids": tokens,
        "attention_mask": np.ones_like(tokens),
        "token_type_ids": np.zeros_like(tokens),
    }
    try:
        (hidden,) = session.run(["last_hidden_state"], inputs)
    except Exception as error:  # noqa: BLE001 - the library's errors share no other parent
        raise ModelUnusable(f"the embedding model is no MiniLM: {error}") from None
    if getattr(hidden, "shape", None) != (1, tokens.shape[1], _DIMENSIONS):
        raise ModelUnusable("the embedding model is no MiniLM: its output has another shape")
    mean = hidden[0].mean(axis=0)
    vector: Vector = mean / np.linalg.norm(mean)
    return vector
