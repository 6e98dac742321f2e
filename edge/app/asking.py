"""What asks the models of this box what kind of work a request is, where a route wants to know.

Called by the daemon at its start.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from edge.routing.asking import Asker, Asking
from edge.routing.rules import Rules


@asynccontextmanager
async def asked(rules: Rules, asker: Asker | None) -> AsyncGenerator[Asking | None, None]:
    """None where no route goes by need or there is nobody to ask. What a model's answers mean is
    learned in the background."""
    if rules.table is None or asker is None:
        yield None
        return
    asking = Asking(asker, rules.table)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(asking.run(), name="scales")
        try:
            yield asking
        finally:
            running.cancel()
