"""Choosing tokens: against llama.cpp's own chain, and by its own rules."""

from typing import Any

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.engines.frames import SamplingValues
from edge.engines.worker.sampler import PENALTY_WINDOW_TOKENS, Sampler

SIZE = 5000


def some_logits(seed: int = 1) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).normal(size=SIZE) * 4).astype(np.float32)


def peer_shares(logits: NDArray[np.float32], stages: list[Any]) -> NDArray[np.float64]:
    """The distribution that llama.cpp's chain leaves."""
    data = (llama_cpp.llama_token_data * SIZE)()
    for token in range(SIZE):
        data[token].id, data[token].logit = token, float(logits[token])
    array = llama_cpp.llama_token_data_array(data=data, size=SIZE, selected=-1, sorted=False)
    for stage in stages:
        llama_cpp.llama_sampler_apply(stage, array)
        llama_cpp.llama_sampler_free(stage)
    shares = np.zeros(SIZE)
    for index in range(array.size):
        shares[array.data[index].id] = array.data[index].logit
    kept = shares != 0
    shares[kept] = np.exp(shares[kept] - shares[kept].max())
    return shares / shares.sum()


def drawn_shares(values: SamplingValues, logits: NDArray[np.float32], draws: int) -> Any:
    sampler = Sampler(values)
    counts = np.zeros(SIZE)
    for _ in range(draws):
        counts[sampler.choose(logits.copy())] += 1
    return counts / draws


@pytest.mark.parametrize(
    ("values", "stages"),
    [
        (
            SamplingValues(temperature=0.7, top_k=20, top_p=0.8, seed=3),
            lambda: [
                llama_cpp.llama_sampler_init_top_k(20),
                llama_cpp.llama_sampler_init_top_p(0.8, 1),
                llama_cpp.llama_sampler_init_temp(0.7),
            ],
        ),
        (
            SamplingValues(temperature=1.5, min_p=0.05, seed=3),
            lambda: [
                llama_cpp.llama_sampler_init_min_p(0.05, 1),
                llama_cpp.llama_sampler_init_temp(1.5),
            ],
        ),
        (
            SamplingValues(temperature=0.3, top_p=0.95, seed=3),
            lambda: [
                llama_cpp.llama_sampler_init_top_p(0.95, 1),
                llama_cpp.llama_sampler_init_temp(0.3),
            ],
        ),
    ],
)
def test_the_distribution_is_llama_cpps(values: SamplingValues, stages: Any):
    logits = some_logits()
    ours = drawn_shares(values, logits, 4000)
    theirs = peer_shares(logits, stages())
    assert set(np.flatnonzero(ours)) <= set(np.flatnonzero(theirs))
    assert np.abs(ours - theirs).max() < 0.03


def test_penalties_are_llama_cpps():
    values = SamplingValues(
        temperature=0, repeat_penalty=1.3, presence_penalty=0.5, frequency_penalty=0.2
    )
    logits, stage = (
        some_logits(),
        llama_cpp.llama_sampler_init_penalties(SIZE, PENALTY_WINDOW_TOKENS, 1.3, 0.2, 0.5),
    )
    sampler = Sampler(values)
    for token in (1, 2, 3, 3, 4999):
        llama_cpp.llama_sampler_accept(stage, token)
        sampler.accept(token)
    ours = logits.copy()
    sampler.penalise(ours)
    theirs = np.log(peer_shares(logits, [stage]) + 1e-300)
    ours_normed = ours - ours.max()
    assert np.allclose(ours_normed, theirs - theirs.max(), atol=1e-3)


def test_greedy_takes_the_best():
    logits = some_logits()
    assert Sampler(SamplingValues(temperature=0)).choose(logits) == int(logits.argmax())


def test_a_seed_repeats_itself():
    logits = some_logits()
    values = SamplingValues(temperature=1.0, seed=42)
    first, second = Sampler(values), Sampler(values)
    assert [first.choose(logits) for _ in range(20)] == [second.choose(logits) for _ in range(20)]


def test_what_is_masked_is_never_chosen():
    logits = np.full(SIZE, -np.inf, dtype=np.float32)
    logits[[7, 9]] = (1.0, 0.5)
    sampler = Sampler(SamplingValues(temperature=2.0, seed=1))
    assert {sampler.choose(logits.copy()) for _ in range(50)} == {7, 9}


def test_old_tokens_leave_the_penalties():
    sampler = Sampler(SamplingValues(temperature=0, repeat_penalty=2.0))
    sampler.accept(5)
    for token in range(100, 100 + PENALTY_WINDOW_TOKENS):
        sampler.accept(token)
    logits = np.zeros(SIZE, dtype=np.float32)
    logits[5] = 1.0
    sampler.penalise(logits)
    assert sampler.choose(logits) == 5
