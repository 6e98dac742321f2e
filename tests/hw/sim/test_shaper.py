"""The bad link: its rules on a scripted time, and what packets of a real kernel see of it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.sim.shaper import BURST_BYTES, Line, Shape, Shaper
from tests.system.cloudy import CLOUD_ADDRESS, SHAPER, Journey, cloudy
from tests.system.hosts import on

PACKET = b"x" * 1500


def line(**wishes: float | bool) -> Line:
    made = Line(random.Random(1).random)
    made.turn(Shape().changed(dict(wishes)))
    return made


def arrivals(made: Line, count: int, every: float = 0.0) -> list[float]:
    """When each packet arrives that is sent ``every`` so many seconds."""
    for number in range(count):
        made.take(PACKET, number * every)
    found = []
    while (at := made.next_due()) is not None:
        found += [at for _ in made.due(at)]
    return found


def test_an_open_line_carries_at_once() -> None:
    assert arrivals(line(), 3) == [0, 0, 0]


def test_delay_and_jitter() -> None:
    assert arrivals(line(delay_ms=500), 2, every=1) == [0.5, 1.5]
    found = arrivals(line(delay_ms=500, jitter_ms=200), 200, every=0.01)
    assert found == sorted(found)
    assert all(0.5 <= at - 0.01 * i <= 0.7 + 0.2 for i, at in enumerate(found))


def test_a_rate_holds_in_the_long_run() -> None:
    found = arrivals(line(rate_kbit=120, queue_bytes=1e8), 101)
    assert found[-1] == pytest.approx(100 * 1500 * 8 / 120_000, rel=0.05)


def test_a_full_queue_has_no_room() -> None:
    made = line(rate_kbit=64, queue_bytes=15_000)
    assert len(arrivals(made, 100)) == pytest.approx((15_000 + BURST_BYTES) / 1500, abs=2)
    assert made.counts.no_room == 100 - made.counts.carried


def test_loss_is_a_share() -> None:
    made = line(loss=0.1)
    assert len(arrivals(made, 5000)) == pytest.approx(4500, abs=100)


def test_silence_takes_what_is_under_way_too() -> None:
    made = line(delay_ms=500)
    made.take(PACKET, 0)
    made.turn(made.shape.changed({"drop": True}))
    made.take(PACKET, 0.1)
    assert list(made.due(9)) == []
    made.turn(made.shape.changed({"drop": False}))
    made.take(PACKET, 1)
    assert list(made.due(9)) == [PACKET]
    assert (made.counts.lost, made.counts.carried) == (2, 1)


@given(
    st.lists(st.floats(0, 0.5), max_size=40),
    st.floats(0, 500),
    st.floats(0, 500),
    st.floats(0, 2000),
)
def test_nothing_overtakes_and_nothing_is_invented(
    pauses: list[float], delay: float, jitter: float, rate: float
) -> None:
    made, now = line(delay_ms=delay, jitter_ms=jitter, rate_kbit=rate), 0.0
    for number, pause in enumerate(pauses):
        now += pause
        made.take(number.to_bytes(4, "big") * 300, now)
    out = [int.from_bytes(packet[:4], "big") for packet in made.due(float("inf"))]
    assert out == sorted(set(out))
    assert len(out) + made.counts.no_room == len(pauses)


def test_orders_and_what_is_wrong_with_them() -> None:
    shaper = Shaper(-1, -1, random.Random(1).random)
    assert shaper.answer(b'{"delay_ms": 5, "direction": "out"}')["out"]["shape"]["delay_ms"] == 5
    assert shaper.answer(b'{"report": true}')["in"]["shape"]["delay_ms"] == 0
    assert shaper.answer(b'{"clear": true, "loss": 0.5}')["out"]["shape"]["delay_ms"] == 0
    for wrong, words in [
        (b"{", "Expecting"),
        (b"[]", "expected a JSON object"),
        (b'{"dely": 1}', "nothing is called dely: there is delay_ms"),
        (b'{"loss": 2}', "loss: expected a share from 0 to 1"),
        (b'{"loss": -1}', "loss: expected a number that is not negative"),
        (b'{"delay_ms": "1"}', "delay_ms: expected a number"),
        (b'{"drop": 1}', "drop: expected bool"),
        (b'{"direction": "up"}', 'direction: expected "out" or "in"'),
    ]:
        assert words in shaper.answer(wrong)["error"]
    assert shaper.lines["in"].shape == Shape(loss=0.5)


# --- real packets ---------------------------------------------------------------------------

# Echoes datagrams, and swallows what comes by TCP and says how much it was.
CLOUD = """
import socket, threading
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("0.0.0.0", 7))
tcp = socket.create_server(("0.0.0.0", 9))
def swallow():
    while True:
        peer, _ = tcp.accept()
        total = 0
        while data := peer.recv(1 << 16):
            total += len(data)
        peer.sendall(str(total).encode()); peer.close()
threading.Thread(target=swallow, daemon=True).start()
print("up", flush=True)
while True:
    data, sender = udp.recvfrom(2000)
    udp.sendto(data, sender)
"""

# Round trips in milliseconds, None for those that never came back.
PING = """
import json, socket, sys, time
host, count, patience = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.connect((host, 7))
udp.settimeout(patience)
times = []
for number in range(count):
    began = time.perf_counter()
    udp.send(str(number).encode())
    try:
        while int(udp.recv(100)) != number: pass
        times.append((time.perf_counter() - began) * 1000)
    except TimeoutError:
        times.append(None)
print(json.dumps(times))
"""

# Mbit/s of so many bytes.
PUSH = """
import socket, sys, time
host, size = sys.argv[1], int(sys.argv[2])
began = time.perf_counter()
tcp = socket.create_connection((host, 9))
tcp.sendall(b"x" * size); tcp.shutdown(socket.SHUT_WR)
assert int(tcp.recv(100)) == size
print(size * 8 / (time.perf_counter() - began) / 1e6)
"""


@contextmanager
def echoing(journey: Journey) -> Iterator[None]:
    with subprocess.Popen(
        on(journey.internet, "-c", CLOUD), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            yield
        finally:
            process.kill()


@pytest.fixture
def journey() -> Iterator[Journey]:
    with cloudy() as made, echoing(made):
        yield made


def run(journey: Journey, script: str, *words: str) -> str:
    return subprocess.run(
        on(journey.box, "-c", script, CLOUD_ADDRESS, *words),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=200,
    ).stdout


def pings(journey: Journey, count: int, patience: float = 5.0) -> list[float | None]:
    found: list[float | None] = json.loads(run(journey, PING, str(count), str(patience)))
    return found


def came(times: list[float | None]) -> list[float]:
    return sorted(time for time in times if time is not None)


def test_a_perfect_link_is_fast_and_wide(journey: Journey) -> None:
    times = came(pings(journey, 300))
    rate = float(run(journey, PUSH, str(20_000_000)))
    print(f"round trip {times[150]:.3f} ms in the middle, {rate:.0f} Mbit/s")
    assert len(times) == 300
    assert times[0] / 2 < 0.3, "one way, the least of them: the machine has other work as well"
    assert rate > 50


def test_what_it_is_told_is_what_packets_see(journey: Journey) -> None:
    journey.shaper.set(delay_ms=40, jitter_ms=20)
    times = came(pings(journey, 20))
    assert 80 <= times[0] <= 110
    assert times[10] >= 90
    journey.shaper.set(clear=True, loss=0.2)
    times = pings(journey, 100, 0.08)
    assert 15 <= times.count(None) <= 60, "a fifth each way, 36 of a hundred"
    journey.shaper.set(clear=True, rate_kbit=2000)
    rate = float(run(journey, PUSH, str(500_000)))
    assert 1.2 < rate < 2.1


def test_silence_and_its_end(journey: Journey) -> None:
    assert None not in pings(journey, 3)
    journey.shaper.drop()
    assert came(pings(journey, 3, 0.2)) == []
    journey.shaper.clear()
    assert None not in pings(journey, 3)
    report = journey.shaper.set(report=True)
    assert report["out"]["counts"]["lost"] >= 3
    assert report["out"]["counts"]["carried"] >= 6


def test_a_namespace_that_is_none_is_a_sentence() -> None:
    words = ("--left", "no-such-namespace", "--right", "neither")
    done = subprocess.run(
        [sys.executable, str(SHAPER), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("no TUN device can be made:")
