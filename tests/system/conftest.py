"""What tests of this folder share: a daemon on the embedded model, and a LAN of two hosts."""

from collections.abc import Iterator

import pytest

from tests.system.daemon import Daemon, serving
from tests.system.hosts import Lan, two_hosts


@pytest.fixture(scope="session")
def small() -> Iterator[Daemon]:
    with serving("--model", "smollm2", "--context", "4096") as daemon:
        yield daemon


@pytest.fixture
def lan() -> Iterator[Lan]:
    with two_hosts() as hosts:
        yield hosts
