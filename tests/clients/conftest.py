"""The development model, and the daemon on it, for the real clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.catalog.fetch import ensure
from edge.catalog.models import resolve
from tests.system.daemon import MODELS_DIR, Daemon, serving


@pytest.fixture(scope="session")
def coder_model() -> Path:
    """Qwen2.5-Coder-0.5B, fetched into the checkout where it is not there yet."""
    MODELS_DIR.mkdir(exist_ok=True)
    return ensure(resolve("coder", MODELS_DIR), MODELS_DIR)


@pytest.fixture(scope="session")
def coder(coder_model: Path) -> Iterator[Daemon]:
    with serving("--model", str(coder_model)) as daemon:
        yield daemon
