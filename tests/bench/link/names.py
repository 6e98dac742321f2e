"""A name server that leads every name to one address, as a sign-in page's does.

    python -m tests.bench.link.names ADDRESS

Answers questions for addresses of IPv4 on UDP port 53, and says of others that there are none.
"""

from __future__ import annotations

import socket
import sys

QUESTION_AT = 12
_A = 1


def reply(asked: bytes, address: str) -> bytes:
    """The answer to one question. Raises IndexError for what is none."""
    end = QUESTION_AT
    while asked[end]:
        end += asked[end] + 1
    question = asked[QUESTION_AT : end + 5]
    is_a = int.from_bytes(question[-4:-2], "big") == _A
    counts = b"\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4" + socket.inet_aton(address) if is_a else b""
    return asked[:2] + b"\x81\x80" + counts + question + answer


def main(arguments: list[str]) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 53))
        print("ready", flush=True)
        while True:
            asked, sender = sock.recvfrom(4096)
            sock.sendto(reply(asked, arguments[0]), sender)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
