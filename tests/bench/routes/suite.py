"""How well the box tells light work from heavy, beside simpler rules, and how long it takes.

    python -m tests.bench.routes.suite [--half development] [--wrong] [--models-dir .models]

Every way of deciding gets the same requests as Claude Code would send them, through the functions
that the router calls. Prints a Markdown table; the embedding rows need `codriver pull minilm`, the
rows with a question one of the models in ASKED, which answers it in a worker as it would be served.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import get_args

from edge.catalog.models import EMBEDDING_MODEL, resolve
from edge.chat import ChatRequest
from edge.engines.embedder import Embedder
from edge.engines.frames import Load
from edge.engines.llama import LocalModel, ModelPool, spawn
from edge.routing.asking import Asker, Asking
from edge.routing.estimate import estimate_tokens
from edge.routing.features import Features, Likeness, features_of
from edge.routing.likeness import Comparing
from edge.routing.need import UNDER_COST, Tier, load_table, need_of
from edge.routing.policy import doubts, hangs, weigh
from edge.routing.rules import Route, Rules, Step, When
from edge.state import EngineState, Room, Snapshot
from edge.units import Seconds
from tests.bench.routes.labelled import Half, Labelled, load
from tests.bench.routes.score import Score, at_share, score

ASKED = ("coder", "qwen2.5-coder-1.5b")
"""Models of the catalogue that are asked, where they are here."""

PATIENT = Seconds(60.0)

TABLE = load_table()
RULES = Rules(
    order=("cloud", "local"),
    own=(Route("light", (Step("local"), Step("cloud")), When(need="light")),),
    table=TABLE,
)
UP = EngineState(True, "taken as ready")
SNAPSHOT = Snapshot((("cloud", UP), ("local", UP)))

Decide = Callable[[ChatRequest], Awaitable[Tier]]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    score: Score
    milliseconds: tuple[float, ...]
    wrong: tuple[Labelled, ...]

    def __str__(self) -> str:
        found = self.score
        shares = (found.right, found.under, found.over, found.cloud)
        cells = [
            self.name,
            *(f"{100 * share:.1f} %" for share in shares),
            f"{100 * found.cost:.0f}",
        ]
        times = (at_share(self.milliseconds, 0.5), at_share(self.milliseconds, 0.95))
        return f"| {' | '.join([*cells, *(f'{one:.2f}' for one in times)])} |"


HEAD = (
    "| decided by | right | under-routed | over-routed | to the cloud | cost"
    " | ms median | ms p95 |\n"
    "|---|---|---|---|---|---|---|---|"
)


async def measure(name: str, decide: Decide, requests: Sequence[Labelled]) -> Row:
    guesses: list[Tier] = []
    times = []
    for one in requests:
        request = one.request()
        began = time.perf_counter()
        guesses.append(await decide(request))
        times.append(1000 * (time.perf_counter() - began))
    wrong = tuple(one for one, guess in zip(requests, guesses, strict=True) if one.tier != guess)
    return Row(name, score([one.tier for one in requests], guesses), tuple(times), wrong)


# --- ways of deciding -------------------------------------------------------------------


def always(tier: Tier) -> Decide:
    async def decide(request: ChatRequest) -> Tier:
        return tier

    return decide


def by_counts(most: int) -> Decide:
    async def decide(request: ChatRequest) -> Tier:
        return "heavy" if words_of(request) > most else "light"

    return decide


def words_of(request: ChatRequest) -> float:
    """What is long is heavy, and what goes on for many turns or fails."""
    features = features_of(request, estimate_tokens(request))
    if features.turns > 10 or features.failures:
        return inf
    return len(features.said[-1].split()) if features.said else 0


def best_count(requests: Sequence[Labelled]) -> int:
    """The number of words that costs least on these requests."""
    labels = [one.tier for one in requests]
    words = [words_of(one.request()) for one in requests]

    def cost(most: int) -> float:
        return score(labels, ["heavy" if count > most else "light" for count in words]).cost

    return min(range(2, 60), key=cost)


async def by_features(request: ChatRequest) -> Tier:
    """Without an embedding model."""
    return _decided(replace(_features(request), likeness=Likeness()))


def by_embedding(comparing: Comparing, compared: list[float]) -> Decide:
    """As the router does it; ``compared`` gets the milliseconds of those that were compared."""

    async def decide(request: ChatRequest) -> Tier:
        features = _features(request)
        if hangs(features, SNAPSHOT, RULES):
            began = time.perf_counter()
            features = await comparing.known(features)
            compared.append(1000 * (time.perf_counter() - began))
        return _decided(features)

    return decide


def by_likeness_alone(comparing: Comparing) -> Decide:
    """No signs and no points: the nearer kind of sentences."""

    async def decide(request: ChatRequest) -> Tier:
        likeness = (await comparing.known(_features(request))).likeness
        leaning = likeness.leaning if likeness else None
        return "light" if leaning is not None and leaning < 0 else "heavy"

    return decide


def by_question_alone(asking: Asking) -> Decide:
    """No signs, no points and no sentences: what the model says. Who is not sure is not trusted
    with light work, as heavy work on the box costs more."""

    async def decide(request: ChatRequest) -> Tier:
        answer = (await asking.known(_features(request))).answer
        heavy = answer.heavy if answer else None
        return "light" if heavy is not None and heavy < 1 / (1 + UNDER_COST) else "heavy"

    return decide


def by_question(asking: Asking, comparing: Comparing | None, asked: list[float]) -> Decide:
    """As the router does it; ``asked`` gets the milliseconds of those that were asked. Without
    ``comparing`` there is no embedding model."""

    async def decide(request: ChatRequest) -> Tier:
        features = _features(request)
        if comparing is None:
            features = replace(features, likeness=Likeness())
        elif hangs(features, SNAPSHOT, RULES):
            features = await comparing.known(features)
        if doubts(features, SNAPSHOT, RULES):
            began = time.perf_counter()
            features = await asking.known(features)
            asked.append(1000 * (time.perf_counter() - began))
        return _decided(features)

    return decide


def _features(request: ChatRequest) -> Features:
    return features_of(request, estimate_tokens(request))


def _decided(features: Features) -> Tier:
    return "light" if weigh(features, SNAPSHOT, RULES).decision.route == "light" else "heavy"


@asynccontextmanager
async def comparing(model: Path) -> AsyncGenerator[Comparing, None]:
    """With its sentences read; a fresh one remembers no request."""
    embedder = Embedder(model)
    found = Comparing(embedder, RULES, patience=PATIENT)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(embedder.run())
        await found.prepare()
        yield found
        running.cancel()


@asynccontextmanager
async def serving(file: Path, name: str) -> AsyncGenerator[ModelPool, None]:
    """A model of the box, loaded by a worker."""
    threads = os.cpu_count() or 1
    load_ = Load(str(file), 2048, 512, 512, threads, 0, "f16", 4, 1)
    model = LocalModel(name, load_, coached=False)
    pool = ModelPool([model], lambda models: Room(True, "it is alone"), spawn=spawn)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(pool.run())
        await pool.wait_ready()
        yield pool
        running.cancel()


async def asking(asker: Asker) -> Asking:
    """With the model's scale learned; a fresh one remembers no request."""
    found = Asking(asker, TABLE, patience=PATIENT)
    await found.learn()
    return found


async def with_question(requests: Sequence[Labelled], models_dir: Path) -> list[Row]:
    """The rows of every model that is here."""
    rows: list[Row] = []
    embedding = resolve(EMBEDDING_MODEL, models_dir)
    for word in ASKED:
        found = resolve(word, models_dir)
        if not found.is_present():
            print(f"{found.path} is not here: without its rows")
            continue
        async with serving(found.path, word) as pool:
            file = embedding.path if embedding.is_present() else None
            rows += await asked_of(pool, word, requests, file)
    return rows


async def asked_of(
    asker: Asker, name: str, requests: Sequence[Labelled], embedding: Path | None
) -> list[Row]:
    """One model's rows; that with likeness where the embedding model's file is here."""
    asked: list[float] = []
    alone = by_question_alone(await asking(asker))
    rows = [await measure(f"question to {name} alone", alone, requests)]
    decide = by_question(await asking(asker), None, [])
    rows.append(await measure(f"features, then question to {name}", decide, requests))
    if embedding is not None:
        async with comparing(embedding) as found:
            decide = by_question(await asking(asker), found, asked)
            title = f"features, likeness, then question to {name}"
            rows.append(await measure(title, decide, requests))
        print(
            f"{len(asked)} of {len(requests)} requests were a question to {name}, {_times(asked)}"
        )
    return rows


def _times(milliseconds: Sequence[float]) -> str:
    median, late = at_share(milliseconds, 0.5), at_share(milliseconds, 0.95)
    return f"which took {median:.1f} ms (median), {late:.1f} ms (p95)\n"


# --- the whole --------------------------------------------------------------------------


async def run(half: Half, models_dir: Path) -> list[Row]:
    requests = load(half)
    most = best_count(load("development"))
    rows = [
        await measure("always the box", always("light"), requests),
        await measure("always the cloud", always("heavy"), requests),
        await measure(f"counts (more than {most} words)", by_counts(most), requests),
        await measure("features", by_features, requests),
    ]
    model = resolve(EMBEDDING_MODEL, models_dir)
    if not model.is_present():
        print(f"{model.path} is not here: without the rows of the embedding model")
        return rows + await with_question(requests, models_dir)
    compared: list[float] = []
    async with comparing(model.path) as found:
        rows.append(await measure("likeness alone", by_likeness_alone(found), requests))
    async with comparing(model.path) as found:
        rows.append(
            await measure("features, then likeness", by_embedding(found, compared), requests)
        )
    print(f"{len(compared)} of {len(requests)} were compared with sentences, {_times(compared)}")
    return rows + await with_question(requests, models_dir)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=get_args(Half), default="held out")
    parser.add_argument("--models-dir", type=Path, default=Path(".models"))
    parser.add_argument("--wrong", action="store_true", help="list what the last row got wrong")
    options = parser.parse_args()
    requests = load(options.half)
    heavy = sum(one.tier == "heavy" for one in requests)
    print(f"{len(requests)} requests ({options.half}), {heavy} of them heavy\n")
    rows = asyncio.run(run(options.half, options.models_dir))
    print(HEAD, *rows, sep="\n")
    if options.wrong:
        for one in rows[-1].wrong:
            print(
                f"{one.tier}: {one.text[:80]!r}: {need_of(features_of(one.request()), TABLE).why}"
            )


if __name__ == "__main__":
    main()
