"""What the kernel knows of a TCP connection: how much of what was sent has arrived, how far it is.

Linux says it (struct tcp_info, include/uapi/linux/tcp.h); elsewhere nobody does. For this package.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import Any

from edge.units import Seconds

_RETRANSMITS = 2
"""The byte that counts how often the oldest unacknowledged data was sent again."""
_NUMBER = struct.Struct("=I")
_UNACKED_AT = 24
_ROUND_TRIP_AT = 68
"""Smoothed, in microseconds."""
_ACKED = struct.Struct("=Q")
_ACKED_AT = 120
_LENGTH = 128
_CLOSE_WAIT = bytes([8])
"""The first byte: the connection's state (include/net/tcp_states.h)."""


def sent_again(sock: Any) -> int | None:
    """How often the kernel has sent the same bytes again without an answer; 0 if all has arrived
    or is on its way for the first time. None where it cannot be known. Never raises."""
    info = _info(sock)
    if len(info) < _UNACKED_AT + _NUMBER.size:
        return None
    (unacked,) = _NUMBER.unpack_from(info, _UNACKED_AT)
    return info[_RETRANSMITS] if unacked else 0


def acknowledged(sock: Any) -> int | None:
    """Bytes that the other machine's kernel said it has, since the connection began. None where
    it cannot be known. Never raises."""
    info = _info(sock)
    if len(info) < _ACKED_AT + _ACKED.size:
        return None
    return int(_ACKED.unpack_from(info, _ACKED_AT)[0])


def round_trip(sock: Any) -> Seconds | None:
    """There and back, as measured lately. None where it cannot be known. Never raises."""
    info = _info(sock)
    if len(info) < _ROUND_TRIP_AT + _NUMBER.size:
        return None
    (microseconds,) = _NUMBER.unpack_from(info, _ROUND_TRIP_AT)
    return Seconds(microseconds / 1e6) if microseconds else None


def has_ended(sock: Any) -> bool:
    """Whether the other machine is known to have ended the connection, and not by a reset."""
    return _info(sock)[:1] == _CLOSE_WAIT


def _info(sock: Any) -> bytes:
    if not sys.platform.startswith("linux") or sock is None:
        return b""
    try:
        return bytes(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LENGTH))
    except OSError:
        return b""
