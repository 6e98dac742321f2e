"""One daemon on the embedded model for all tests of this folder that need nothing else."""

from collections.abc import Iterator

import pytest

from tests.system.daemon import Daemon, serving


@pytest.fixture(scope="session")
def small() -> Iterator[Daemon]:
    with serving("--model", "smollm2", "--context", "4096") as daemon:
        yield daemon
