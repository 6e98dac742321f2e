"""Shared by all tests: a blocking call on the event loop is an error; and what is fetched once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from edge.catalog.fetch import ensure
from edge.catalog.models import EMBEDDING_MODEL, resolve

MODELS_DIR = Path(__file__).resolve().parents[1] / ".models"


@pytest.fixture(scope="session", autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    with blockbuster_ctx("edge") as detector:
        yield detector


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The embedding model's file, fetched into the checkout once."""
    return ensure(resolve(EMBEDDING_MODEL, MODELS_DIR), MODELS_DIR)
