"""The real clients, the development model, and the daemon on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.catalog.fetch import ensure
from edge.catalog.models import resolve
from tests.bench.agent.client import PINNED, ensure_client
from tests.system.daemon import MODELS_DIR, ROOT, Daemon, serving


@pytest.fixture(scope="session")
def pinned() -> Path:
    """An old Claude Code that many still have."""
    return ensure_client(PINNED, ROOT / ".clients")


@pytest.fixture(scope="session")
def newest() -> Path:
    """The Claude Code of today."""
    return ensure_client("latest", ROOT / ".clients")


@pytest.fixture(scope="session")
def clients(pinned: Path, newest: Path) -> list[Path]:
    return [pinned, newest]


@pytest.fixture(scope="session")
def coder_model() -> Path:
    """Qwen2.5-Coder-0.5B, fetched into the checkout where it is not there yet."""
    MODELS_DIR.mkdir(exist_ok=True)
    return ensure(resolve("coder", MODELS_DIR), MODELS_DIR)


@pytest.fixture(scope="session")
def coder(coder_model: Path) -> Iterator[Daemon]:
    with serving("--model", str(coder_model)) as daemon:
        yield daemon
