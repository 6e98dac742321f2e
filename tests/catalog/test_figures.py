"""What is counted of a header, layer by layer."""

from edge.catalog.figures import Heads, figures_of
from tests.catalog.made_facts import facts, gemma3, qwen_coder


def test_plain_attention_keeps_all_of_its_context():
    found = figures_of(qwen_coder("0.5b"))
    assert (found.kept, found.looking) == (Heads(full=24 * 2), Heads(full=24 * 14))
    assert (found.window, found.state, found.head) == (None, 0, 2 * 64)
    assert found.weights == qwen_coder("0.5b").tensor_bytes


def test_heads_are_told_apart_by_the_window_of_their_layer():
    found = figures_of(gemma3())
    layers, heads = gemma3().layers, gemma3().heads
    full = layers // 6
    assert found.kept == Heads(full, layers - full)
    assert found.looking == Heads(full * heads, (layers - full) * heads)


def test_only_layers_that_keep_something_are_looked_at():
    found = figures_of(facts(layers=4, kv_heads=(0, 8, 0, 8), heads=16, width=512))
    assert (found.kept, found.looking) == (Heads(16), Heads(32))


def test_the_widest_layer_counts():
    widths = figures_of(facts(layers=2, feed_forward_length=(100, 5000))).inner
    assert (widths, figures_of(facts(width=512)).inner) == (5000, 4 * 512)


def test_merges_are_entries_of_the_tokenizer():
    found = figures_of(facts(vocabulary=1000, merges=700))
    assert (found.vocabulary, found.entries) == (1000, 1700)
