"""What the kernel says of bytes that nobody has acknowledged, and of the way there and back."""

import socket
import subprocess
import sys
from contextlib import closing

from edge.engines.upstream.acknowledged import round_trip, sent_again
from tests.system.hosts import BOX_ADDRESS, at, ip, two_hosts

TALK = f"""
import socket
import sys, time
from edge.engines.upstream.acknowledged import sent_again
sock = socket.create_connection(("{BOX_ADDRESS}", 4242), timeout=5)
sock.sendall(b"one")
sock.recv(1)
print("arrived", sent_again(sock), flush=True)
sys.stdin.readline()
sock.sendall(b"two")
for _ in range(100):
    if (again := sent_again(sock)) >= 2:
        break
    time.sleep(0.1)
print("again", again, flush=True)
"""

LISTEN = f"""
import socket
with socket.create_server(("{BOX_ADDRESS}", 4242)) as server:
    print("up", flush=True)
    sock, _ = server.accept()
    sock.recv(3)
    sock.sendall(b"y")
    sock.recv(3)
"""


def started(host: str, code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*at(host), sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_bytes_that_vanish_are_sent_again_and_counted():
    with two_hosts() as lan, started(lan.box, LISTEN) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "up\n"
        with started(lan.laptop, TALK) as talker:
            assert talker.stdin is not None and talker.stdout is not None
            assert talker.stdout.readline() == "arrived 0\n"
            # The cable stays, and nothing comes through it.
            ip("-n", lan.box, "address", "del", f"{BOX_ADDRESS}/24", "dev", "eth0")
            talker.stdin.write("\n")
            talker.stdin.flush()
            assert int(talker.stdout.readline().split()[1]) >= 2
        listener.kill()


def test_the_way_there_and_back_is_short_on_loopback():
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        closing(socket.create_connection(server.getsockname())) as client,
    ):
        assert 0 < (round_trip(client) or 0) < 0.2


def test_what_is_no_tcp_connection_is_not_known():
    left, right = socket.socketpair()
    with closing(left), closing(right):
        assert round_trip(left) is sent_again(left) is None
    assert round_trip(None) is None
