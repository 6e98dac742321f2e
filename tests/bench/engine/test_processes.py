"""Servers found, weighed and ended from outside."""

import subprocess
import sys

import psutil
import pytest

from tests.bench.engine.processes import NoSuchServer, kill_all, memory_of, server_on

PARENT = """
import subprocess, sys
command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
child = subprocess.Popen(command, stdin=subprocess.PIPE)
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def family():
    command = [sys.executable, "-c", PARENT, "--port", "45678"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        if process.poll() is None:
            kill_all(psutil.Process(process.pid))


def test_a_server_is_known_by_its_port(family) -> None:
    process, _ = family
    assert server_on(45678).pid == process.pid
    assert 1 < memory_of(server_on(45678)).resident < 500


def test_nothing_of_it_is_left(family) -> None:
    _, child = family
    server = server_on(45678)
    kill_all(server)
    assert not server.is_running()
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_no_server_is_told() -> None:
    with pytest.raises(NoSuchServer, match="45679"):
        server_on(45679)
