"""Models that llama.cpp really loads, for the tests of the worker's parts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.engines.worker.native import Model
from tests.catalog.tiny_gguf import make_tiny_gguf
from tests.engines.worker.tiny_kinds import Kind, make_kind

MakeModel = Callable[..., Model]
OfKind = Callable[[Kind], Model]


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> MakeModel:
    """A loaded tiny model; the arguments are make_tiny_gguf's. Each is made once."""
    folder: Path = tmp_path_factory.mktemp("models")
    made: dict[str, Model] = {}

    def make(**arguments: Any) -> Model:
        key = repr(sorted(arguments.items()))
        if key not in made:
            path = make_tiny_gguf(folder / f"{len(made)}.gguf", **arguments)
            made[key] = Model(path, n_gpu_layers=0)
        return made[key]

    return make


@pytest.fixture(scope="session")
def of_kind(tmp_path_factory: pytest.TempPathFactory) -> OfKind:
    """A loaded tiny model with that kind of KV memory. Each is made once."""
    folder: Path = tmp_path_factory.mktemp("kinds")
    made: dict[Kind, Model] = {}

    def make(kind: Kind) -> Model:
        if kind not in made:
            made[kind] = Model(make_kind(folder / f"{kind}.gguf", kind), n_gpu_layers=0)
        return made[kind]

    return make
