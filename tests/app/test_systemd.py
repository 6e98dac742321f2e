import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.app.systemd import Notifier


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield sock


def environ(supervisor: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": supervisor.getsockname(), **more}


def test_a_state_is_one_datagram(supervisor: socket.socket):
    Notifier(environ(supervisor)).send("READY=1")
    assert supervisor.recv(100) == b"READY=1"


def test_an_at_sign_means_the_abstract_namespace():
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind(f"\0codriver-test-{os.getpid()}")
        Notifier({"NOTIFY_SOCKET": f"@codriver-test-{os.getpid()}"}).send("STOPPING=1")
        assert sock.recv(100) == b"STOPPING=1"


def test_outside_systemd_nothing_is_sent():
    notifier = Notifier({})
    notifier.send("READY=1")
    assert notifier.watchdog is None


def test_a_supervisor_that_has_gone_is_no_reason_to_fail(tmp_path: Path):
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).send("READY=1")


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdogs_interval(more: dict[str, str], seconds: float | None):
    assert Notifier(more).watchdog == seconds


async def test_the_watchdog_is_fed_again_and_again(supervisor: socket.socket):
    notifier = Notifier(environ(supervisor, WATCHDOG_USEC="2000"))
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        feeding = tasks.create_task(notifier.feed_watchdog())
        for _ in range(3):
            assert await loop.sock_recv(supervisor, 100) == b"WATCHDOG=1"
        feeding.cancel()


async def test_without_a_watchdog_feeding_ends_at_once(supervisor: socket.socket):
    await Notifier(environ(supervisor)).feed_watchdog()
    with pytest.raises(BlockingIOError):
        supervisor.recv(100)
