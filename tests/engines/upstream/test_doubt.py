"""When an answer is late, and whether the network is to blame."""

import socket
from contextlib import closing

import pytest

from edge.engines.upstream import doubt
from edge.engines.upstream.acknowledged import sent_again
from edge.engines.upstream.doubt import (
    CONNECTION_LATE,
    CONTENT_LATE,
    FEWEST,
    LEAST_LATE,
    MOST_LATE,
    Doubt,
    History,
)
from edge.units import Seconds


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Wire:
    """A transport over a real pair of sockets."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def get_extra_info(self, name: str) -> object:
        return self._sock if name == "socket" else None


@pytest.fixture
def clock() -> Clock:
    return Clock()


def begun(clock: Clock, history: History | None = None) -> tuple[Doubt, list[str]]:
    told: list[str] = []
    one = Doubt(told.append, history or History(), clock)
    one.begin()
    return one, told


async def test_no_connection_in_time(clock: Clock):
    one, told = begun(clock)
    one.look()
    assert told == []
    clock.now += CONNECTION_LATE + 0.01
    one.look()
    assert told[0] == "no connection for 0.8 s"
    assert one.network == told[0]
    one.settled(content=False)


async def test_a_model_that_thinks_is_not_the_network(clock: Clock):
    one, told = begun(clock)
    left, right = socket.socketpair()
    with closing(left), closing(right):
        one.connected(Wire(left))
        clock.now += CONTENT_LATE - 0.5
        one.look()
        assert told == []
        clock.now += 0.5
        one.look()
        assert told[0] == "no word of its answer for 10.0 s"
        assert one.network is None
        one.settled(content=True)


async def test_once_there_is_content_nothing_is_late(clock: Clock):
    history = History()
    one, told = begun(clock, history)
    clock.now += 2.0
    one.settled(content=True)
    one.settled(content=True)
    clock.now += 100.0
    one.look()
    assert told == []


@pytest.mark.parametrize(
    ("usual", "patience"), [(0.1, LEAST_LATE), (4.0, Seconds(8.0)), (100.0, MOST_LATE)]
)
def test_patience_comes_from_what_is_usual(usual: float, patience: float):
    history = History()
    for _ in range(FEWEST):
        assert history.patience() == CONTENT_LATE
        history.learn(Seconds(usual))
    assert history.patience() == pytest.approx(patience)


def test_the_kernel_says_what_has_arrived():
    with socket.create_server(("127.0.0.1", 0)) as server:
        left = socket.create_connection(server.getsockname())
        right, _ = server.accept()
        with closing(left), closing(right):
            left.sendall(b"x")
            right.recv(1)
            assert sent_again(left) == 0
    assert sent_again(None) is None
    assert sent_again(left) is None, "a closed socket"
    assert doubt.SENT_AGAIN > 1
