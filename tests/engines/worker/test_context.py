"""The KV memory of a real llama.cpp, on a tiny model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from edge.engines.worker.context import Context, NoCells, Part
from tests.engines.worker.conftest import MakeModel

TOKENS = [(n * 7) % 200 + 3 for n in range(300)]


@pytest.fixture
def made(make_model: MakeModel) -> Iterator[list[Context]]:
    """Contexts of one tiny model, made on demand by ``fresh``."""
    contexts: list[Context] = []
    yield contexts
    for context in contexts:
        context.close()


def fresh(made: list[Context], make_model: MakeModel, **shape: int) -> Context:
    context = Context(
        make_model(**shape),
        n_ctx=1024,
        n_batch=512,
        n_ubatch=64,
        n_threads=1,
        kv_type="f16",
        n_sequences=4,
    )
    made.append(context)
    return context


def read(context: Context, sequence: int, tokens: Sequence[int], at: int = 0) -> np.ndarray:
    """Append tokens; the logits behind the last."""
    assert context.decode([Part(sequence, at, tokens, 1)])
    return context.logits(len(tokens) - 1).copy()


def test_a_shared_beginning_gives_the_same_logits(made, make_model: MakeModel):
    cold = read(fresh(made, make_model), 0, TOKENS)
    context = fresh(made, make_model)
    read(context, 1, TOKENS[:200])
    context.copy(1, 2, 200)
    assert context.held(2) == 200
    warm = read(context, 2, TOKENS[200:], at=200)
    assert np.allclose(cold, warm, atol=1e-2)
    assert cold.argmax() == warm.argmax()


def test_several_sequences_in_one_decode(made, make_model: MakeModel):
    context = fresh(made, make_model)
    alone = [read(context, 3, tokens) for tokens in (TOKENS[:50],)]
    context.truncate(3, 0)
    context.decode([Part(0, 0, TOKENS[:50], 1), Part(1, 0, TOKENS[50:90], 0)])
    assert np.allclose(context.logits(49), alone[0], atol=1e-2)
    assert (context.held(0), context.held(1)) == (50, 40)


def test_logits_of_every_row_that_is_wanted(made, make_model: MakeModel):
    context = fresh(made, make_model)
    read(context, 0, TOKENS[:20])
    context.decode([Part(0, 20, TOKENS[20:24], 4)])
    rows = [context.logits(row).copy() for row in range(4)]
    context.truncate(0, 22)
    again = read(context, 0, TOKENS[22:23], at=22)
    assert np.allclose(rows[2], again, atol=1e-2)


def test_blocks_saved_and_restored_are_exact(made, make_model: MakeModel):
    before = fresh(made, make_model)
    read(before, 2, TOKENS)
    blocks = [before.save(2, start, start + 100) for start in (0, 100, 200)]
    expected = read(before, 2, [5], at=300)
    after = fresh(made, make_model)
    read(after, 0, TOKENS[:37])
    for block in blocks:
        assert after.restore(1, block)
    assert after.held(1) == 300
    assert np.array_equal(read(after, 1, [5], at=300), expected)


def test_a_block_that_does_not_follow_is_refused(made, make_model: MakeModel):
    context = fresh(made, make_model)
    read(context, 0, TOKENS[:200])
    block = context.save(0, 100, 200)
    assert not context.restore(1, block)
    assert context.held(1) == 0
    assert not context.restore(1, b"nonsense" * 20)


def test_a_block_of_another_shape_is_refused(made, make_model: MakeModel):
    before = fresh(made, make_model)
    read(before, 0, TOKENS[:100])
    after = fresh(made, make_model, n_kv_heads=4)
    assert not after.restore(0, before.save(0, 0, 100))


def test_a_full_memory_says_so(made, make_model: MakeModel):
    context = fresh(made, make_model)
    read(context, 0, TOKENS)
    read(context, 1, TOKENS)
    read(context, 2, TOKENS)
    with pytest.raises(NoCells):
        read(context, 3, TOKENS)
    context.truncate(1, 0)
    read(context, 3, TOKENS)


def test_an_interrupt_keeps_whole_micro_batches(made, make_model: MakeModel):
    context = fresh(made, make_model)
    asked = 0

    def interrupt() -> bool:
        nonlocal asked
        asked += 1
        return asked > 20

    context.interrupt = interrupt
    done = context.decode([Part(0, 0, TOKENS, 1)], interruptible=True)
    context.interrupt = lambda: False
    assert not done
    held = context.held(0)
    assert held < 300
    assert held % 64 == 0
    rest = read(context, 0, TOKENS[held:], at=held)
    assert np.allclose(rest, read(fresh(made, make_model), 0, TOKENS), atol=1e-2)


def test_what_is_tried_out_leaves_nothing_behind(made, make_model: MakeModel):
    context = fresh(made, make_model)
    read(context, 0, TOKENS[:100])
    expected = read(context, 0, [5], at=100)
    context.truncate(0, 100)
    context.interrupt = lambda: True
    for writing, reading in ((1, 2), (2, 1)):
        context.use_threads(writing, reading)
        assert context.try_out(range(3, 4), interruptible=False)
        assert context.try_out(range(3, 35), interruptible=True) is False, "somebody came"
    context.interrupt = lambda: False
    assert context.try_out(range(3, 35), interruptible=True)
    again = read(context, 0, [5], at=100)
    assert np.allclose(again, expected, atol=1e-2)
    assert context.held(0) == 101
