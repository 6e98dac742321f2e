"""Which devices llama.cpp was built for and finds: ggml's own list, as one line of JSON.

A process of its own (`python -m edge.engines.worker.devices`), because loading a GPU's driver
may take its time or fail; edge/engines/devices.py starts it.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Iterator
from typing import Any

import llama_cpp
from llama_cpp._ggml import libggml


def devices() -> Iterator[dict[str, Any]]:
    """Name ("CUDA0"), description and bytes of memory of each, the CPU among them."""
    llama_cpp.llama_backend_init()
    count, get = _function("count", ctypes.c_size_t), _function("get", ctypes.c_void_p)
    name, about = _function("name", ctypes.c_char_p), _function("description", ctypes.c_char_p)
    memory = _function("memory", None)
    get.argtypes = [ctypes.c_size_t]
    for index in range(count()):
        device = ctypes.c_void_p(get(index))
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        memory(device, ctypes.byref(free), ctypes.byref(total))
        yield {
            "name": name(device).decode("utf-8", "replace"),
            "description": about(device).decode("utf-8", "replace").strip(),
            "memory": total.value,
        }


def _function(name: str, result: Any) -> Any:
    function = getattr(libggml, f"ggml_backend_dev_{name}")
    function.restype = result
    return function


if __name__ == "__main__":
    sys.stdout.write(json.dumps(list(devices())) + "\n")
