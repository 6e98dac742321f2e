"""The local engine's face in the daemon: one worker process, watched and restarted."""

from edge.engines.llama.engine import LlamaEngine
from edge.engines.llama.link import WorkerLink, spawn

__all__ = ["LlamaEngine", "WorkerLink", "spawn"]
