"""Loads a draft model beside the one it is to draft for, or says why not.

Whatever is wrong with it costs the drafts and nothing else: the answers come from the
other model. Called by the worker's start only.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from edge.engines.frames import Load
from edge.engines.worker.context import Context
from edge.engines.worker.draft_model import VIEWS, DraftModel
from edge.engines.worker.native import Model
from edge.engines.worker.payoff import Payoff
from edge.engines.worker.speculation import Speculation
from edge.errors import EngineError, ModelUnusable
from edge.units import Seconds

MOST_BATCH_TOKENS = 128
"""It reads in slices beside a running answer; more would only take scratch memory."""

TRIAL_TOKENS = 64
TRIAL_STEPS = 4
TRIALS = 4
"""What is read and drafted at the start, to know what both cost before anybody waits; the
first time warms up, and another may have been disturbed."""

_EVERY_LAYER = 10_000


class Texts(Protocol):
    """What is compared of a vocabulary."""

    @property
    def size(self) -> int: ...

    def written(self, token: int) -> str: ...


def difference(target: Texts, draft: Texts) -> str | None:
    """What keeps two vocabularies from being the same, None for nothing; the longer one may
    go on with tokens that files are padded with, which stand for no text."""
    shared = min(target.size, draft.size)
    for token in range(shared):
        ours, theirs = target.written(token), draft.written(token)
        if ours != theirs:
            return f"token {token} is {ours!r} in one vocabulary and {theirs!r} in the other"
    longer = target if target.size > draft.size else draft
    for token in range(shared, longer.size):
        if longer.written(token) != f"[PAD{token}]":
            return f"one vocabulary has {target.size:,} tokens, the other {draft.size:,}"
    return None


def open_draft(
    load: Load, target: Model, payoff: Payoff
) -> tuple[Speculation | None, tuple[str, ...]]:
    """What drafts for ``target``, and a sentence about it; nothing where none was asked for."""
    if not load.draft_path:
        return None, ()
    try:
        return _opened(load, target, payoff)
    except (EngineError, ModelUnusable) as error:
        return None, (f"draft model: not used, {error}",)


def _opened(
    load: Load, target: Model, payoff: Payoff
) -> tuple[Speculation | None, tuple[str, ...]]:
    if not target.can_truncate():
        return None, ("draft model: not used, what this model has read cannot be taken back",)
    model = Model(Path(load.draft_path), n_gpu_layers=_EVERY_LAYER if load.n_gpu_layers else 0)
    why = difference(target.vocabulary, model.vocabulary)
    if why is None and not model.can_truncate():
        why = "what it has read cannot be taken back"
    if why is not None:
        model.close()
        return None, (f"draft model: not used, {why}",)
    shared = min(target.vocabulary.size, model.vocabulary.size)
    context = _context(load, model)
    draft = DraftModel(context, shared=shared, ends=target.vocabulary.ends)
    step = _try(draft, payoff)
    words = f"{Path(load.draft_path).name} guesses ahead where that pays; a step takes"
    return Speculation(draft, payoff), (f"draft model: {words} {step * 1000:.0f} ms",)


def _context(load: Load, model: Model) -> Context:
    batch = min(load.n_ubatch, MOST_BATCH_TOKENS)
    return Context(
        model,
        n_ctx=load.draft_n_ctx,
        n_batch=batch,
        n_ubatch=batch,
        n_threads=load.n_threads,
        kv_type="f16",
        n_sequences=VIEWS,
    )


def _try(draft: DraftModel, payoff: Payoff) -> Seconds:
    """Read and draft a little some times over, and take the best. What a step takes."""
    reading, drafting = [], []
    for trial in range(TRIALS):
        text = [trial + 1] * (TRIAL_TOKENS + 1)
        began = time.monotonic()
        read = draft.read(text, TRIAL_TOKENS)
        middle = time.monotonic()
        _, steps = draft.draft(text, TRIAL_STEPS, lambda: False)
        reading.append((middle - began) / read)
        drafting.append((time.monotonic() - middle) / steps)
    payoff.learn_reading(1, Seconds(min(reading)))
    payoff.learn_drafting(1, Seconds(min(drafting)))
    return Seconds(min(drafting))
