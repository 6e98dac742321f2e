"""What compares requests with sentences, where a route wants it: the embedder over its file.

Called by the daemon at its start, and by the command that explains.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.app.rules import rules_of
from edge.catalog.models import EMBEDDING_MODEL, find, load_catalog, location
from edge.chat import ChatRequest
from edge.config import Config
from edge.engines.embedder import Embedder
from edge.routing.features import Likeness, features_of
from edge.routing.likeness import Comparing
from edge.routing.rules import Rules


def embedding_file(config: Config, state_dir: Path) -> Path:
    """Where the embedding model lies, or would. Blocking."""
    entry = find(EMBEDDING_MODEL, load_catalog())
    assert entry is not None  # noqa: S101 - it is in the shipped catalogue
    return location(entry, config.model.models_dir or state_dir / "models")


@asynccontextmanager
async def compared(
    config: Config, rules: Rules, state_dir: Path
) -> AsyncGenerator[Comparing | None, None]:
    """None where no route has sentences. The sentences are read in the background."""
    embedder = Embedder(await asyncio.to_thread(embedding_file, config, state_dir))
    comparing = Comparing(embedder, rules)
    if not comparing.is_wanted:
        yield None
        return
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(embedder.run(), name="embedder")
        preparing = tasks.create_task(comparing.prepare(), name="sentences")
        try:
            yield comparing
        finally:
            preparing.cancel()
            working.cancel()


async def likeness_of(request: ChatRequest, config: Config, state_dir: Path) -> Likeness:
    """For who explains: the same, however long it takes; empty where nothing is compared."""
    rules = await asyncio.to_thread(rules_of, config)
    async with compared(config, rules, state_dir) as comparing:
        if comparing is None:
            return Likeness()
        await comparing.prepare()
        return (await comparing.known(features_of(request))).likeness or Likeness()
