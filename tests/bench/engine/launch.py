"""How each server is started for the bench: same file, context, threads and f16 KV. Pure.

Peers get the settings that their own documents recommend for agents: flash attention where
it helps, one KV pool for all slots, chunks of old prompts reused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.agent import servers
from tests.bench.agent.servers import Launch, free_port

_F16 = ("--cache-type-k", "f16", "--cache-type-v", "f16")


@dataclass(frozen=True, slots=True)
class Setting:
    """What every engine gets alike."""

    model: Path
    context: int
    threads: int


def codriver(setting: Setting, state: Path) -> Launch:
    """codriver as a person starts it, with a state directory of its own."""
    launch = servers.codriver(setting.model, setting.context, ("--config", str(config_in(state))))
    return replace(launch, command=("env", f"STATE_DIRECTORY={state}", *launch.command))


def config_in(state: Path) -> Path:
    """Where the bench writes codriver's configuration."""
    return state / "bench.toml"


def config(setting: Setting) -> str:
    """codriver's configuration: the threads that the others get."""
    return f"[model]\nthreads = {json.dumps(setting.threads)}\n"


def llama_server(binary: Path, setting: Setting, *, slots: int, speculate: bool) -> Launch:
    """llama-server; ``speculate``: with drafts looked up in the prompt, for edits."""
    port = free_port()
    place = ("--host", "127.0.0.1", "--port", str(port), "--no-ui", "--jinja")
    size = ("--ctx-size", str(setting.context), "--parallel", str(slots), "--kv-unified")
    threads = ("--threads", str(setting.threads), "--threads-batch", str(setting.threads))
    tuning = ("--flash-attn", "auto", "--cache-reuse", "256", *_F16)
    drafts = ("--spec-type", "ngram-simple") if speculate else ()
    command = (str(binary), "--model", str(setting.model), *place, *size, *threads, *tuning)
    # /v1/models is answered while the model still loads; /health is not.
    return Launch("llama-server", (*command, *drafts), port, ready_path="/health")


def llama_cpp_python(python: Path, setting: Setting) -> Launch:
    """llama-cpp-python's own server; it keeps one prompt, the last."""
    port = free_port()
    place = ("--host", "127.0.0.1", "--port", str(port))
    size = ("--model", str(setting.model), "--n_ctx", str(setting.context))
    threads = ("--n_threads", str(setting.threads), "--n_threads_batch", str(setting.threads))
    tuning = (
        "--flash_attn",
        "true",
        "--interrupt_requests",
        "false",
        "--n_batch",
        "2048",
        "--n_ubatch",
        "512",
    )
    command = (str(python), "-m", "llama_cpp.server", *place, *size, *threads, *tuning)
    return Launch("llama-cpp-python", command, port)
