"""Makes a model file at another quantization level: llama.cpp's quantizer, in a process of its own.

    python -m edge.engines.worker.quantize SOURCE TARGET FILE_TYPE THREADS

Says how far it is, a line of JSON for each tensor on stdout; at last {"done": true}, or why not.
Killing it is how it is ended early. engines/quantize.py starts it.
"""

from __future__ import annotations

import ctypes
import json
import re
import sys
from collections import deque
from typing import Any

import llama_cpp

_AT = re.compile(r"\[\s*(\d+)/\s*(\d+)\]")
_WARNING = 3


class _Log:
    """llama.cpp's words: progress goes on as JSON, complaints are kept."""

    def __init__(self) -> None:
        self.complaints: deque[str] = deque(maxlen=3)
        self.callback = llama_cpp.llama_log_callback(self._take)

    def _take(self, level: int, text: bytes, _data: Any) -> None:
        words = text.decode("utf-8", "replace").strip()
        if at := _AT.match(words):
            say({"at": int(at[1]), "of": int(at[2])})
        elif level >= _WARNING and words:
            self.complaints.append(words)


_log = _Log()
"""Of the module, not of a call: llama.cpp holds a bare pointer to its callback for good."""


def say(event: dict[str, Any]) -> None:
    """One line that is on its way at once."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def quantize(source: str, target: str, file_type: int, threads: int) -> int:
    """Exit code 0 if ``target`` is whole."""
    _log.complaints.clear()
    llama_cpp.llama_log_set(_log.callback, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread, params.allow_requantize = file_type, threads, True
    code = llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(params))
    if code:
        say({"failed": "; ".join(_log.complaints) or "llama.cpp gives no reason"})
        return 1
    say({"done": True})
    return 0


if __name__ == "__main__":
    sys.exit(quantize(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
