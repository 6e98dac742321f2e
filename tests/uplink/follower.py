"""Prints what netlink tells, as JSON lines with the time: run inside a network namespace.

With an argument it reads so many bytes of a receive buffer, and only after a line on stdin.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from edge.uplink.evidence import Kernel
from edge.uplink.netlink import follow


def tell(facts: Kernel) -> None:
    line = {"at": time.monotonic(), "usable": facts.usable, "reason": facts.reason}
    print(json.dumps(line), flush=True)


async def main(buffer: int | None) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(tell, receive_buffer=buffer))
        if buffer is not None:
            await asyncio.sleep(0.5)
            print("stuck", flush=True)
            sys.stdin.readline()  # the loop stands still, and the kernel goes on telling


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
