"""How much of what was sent over a TCP connection has arrived, as the kernel knows it.

Linux says it (struct tcp_info, include/uapi/linux/tcp.h); elsewhere nobody does. For this package.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import Any

_RETRANSMITS = 2
"""The byte that counts how often the oldest unacknowledged data was sent again."""
_UNACKED = struct.Struct("=I")
_UNACKED_AT = 24
_ACKED = struct.Struct("=Q")
_ACKED_AT = 120
_LENGTH = 128
_CLOSE_WAIT = bytes([8])
"""The first byte: the connection's state (include/net/tcp_states.h)."""


def sent_again(sock: Any) -> int | None:
    """How often the kernel has sent the same bytes again without an answer; 0 if all has arrived
    or is on its way for the first time. None where it cannot be known. Never raises."""
    info = _info(sock)
    if len(info) < _UNACKED_AT + _UNACKED.size:
        return None
    (unacked,) = _UNACKED.unpack_from(info, _UNACKED_AT)
    return info[_RETRANSMITS] if unacked else 0


def acknowledged(sock: Any) -> int | None:
    """Bytes that the other machine's kernel said it has, since the connection began. None where
    it cannot be known. Never raises."""
    info = _info(sock)
    if len(info) < _ACKED_AT + _ACKED.size:
        return None
    return int(_ACKED.unpack_from(info, _ACKED_AT)[0])


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
