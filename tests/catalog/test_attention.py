"""To fuse or not to fuse."""

from dataclasses import replace

from edge.catalog.attention import choose_attention, fused_layout
from edge.catalog.memory import FEW_SEQUENCES, N_SEQUENCES, Layout, need
from edge.units import Bytes
from tests.catalog.shapes import facts, qwen_coder

QWEN = qwen_coder("0.5b")
LAYOUT = Layout(32_768, 256)
LARGE, SMALL = Bytes(20 * 10**9), Bytes(16 * 10**8)


def test_a_board_with_memory_goes_fast():
    layout, reason = choose_attention(QWEN, LAYOUT, LARGE, on_gpu=False)
    assert (layout.fused, layout.n_sequences) == (False, FEW_SEQUENCES)
    assert reason == "attention not fused: 0.74 GB of scores make it faster on this CPU"


def test_a_board_without_saves():
    layout, reason = choose_attention(QWEN, LAYOUT, SMALL, on_gpu=False)
    assert (layout.fused, layout.n_sequences) == (True, N_SEQUENCES)
    assert "0.74 GB of scores would be too much" in reason
    assert not choose_attention(QWEN, Layout(4096, 256), SMALL, on_gpu=False)[0].fused


def test_scores_have_to_fit_beside_the_rest():
    apart = replace(LAYOUT, fused=False, n_sequences=FEW_SEQUENCES)
    takes = need(QWEN, replace(apart, n_ctx=4096)).total
    short = replace(LAYOUT, n_ctx=4096)
    assert not choose_attention(QWEN, short, takes, on_gpu=False)[0].fused
    assert choose_attention(QWEN, short, Bytes(takes - 1), on_gpu=False)[0].fused


def test_where_there_is_no_choice():
    def fused(shape=QWEN, layout=LAYOUT, budget=LARGE, *, on_gpu=False):
        return choose_attention(shape, layout, budget, on_gpu=on_gpu)[0].fused

    assert fused(on_gpu=True)
    assert fused(layout=replace(LAYOUT, kv_type="q8_0"))
    assert fused(facts(heads=0))
    assert fused(budget=None)


def test_fused_takes_least():
    assert (
        need(QWEN, fused_layout(QWEN, LAYOUT)).total
        < need(QWEN, replace(LAYOUT, fused=False)).total
    )
