"""The local engine: a pool of models, each in a worker process that is watched and restarted."""

from edge.engines.llama.beginnings import file_for as beginnings_file
from edge.engines.llama.engine import LlamaEngine
from edge.engines.llama.ladder import Ladder, Readings, Rung
from edge.engines.llama.link import WorkerLink, spawn
from edge.engines.llama.names import LocalModel
from edge.engines.llama.pool import ModelPool
from edge.engines.llama.warmth import Warmth

__all__ = [
    "Ladder",
    "LlamaEngine",
    "LocalModel",
    "ModelPool",
    "Readings",
    "Rung",
    "Warmth",
    "WorkerLink",
    "beginnings_file",
    "spawn",
]
