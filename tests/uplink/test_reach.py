"""What is on this side of the uplink."""

import pytest

from edge.uplink.reach import is_beyond


@pytest.mark.parametrize("host", ["api.anthropic.com", "8.8.8.8", "[2606:4700::1111]", "a.b."])
def test_beyond(host: str) -> None:
    assert is_beyond(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "::1",
        "[::1]",
        "localhost",
        "192.168.1.20",
        "10.0.0.1",
        "169.254.1.1",
        "fe80::1%eth0",
        "fd00::7",
        "workstation",
        "Workstation.local",
        "nas.home.arpa.",
        "100.64.0.9",
    ],
)
def test_near(host: str) -> None:
    assert not is_beyond(host)
