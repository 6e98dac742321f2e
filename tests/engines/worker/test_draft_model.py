"""What a draft model guesses, over scripted and real contexts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.engines.worker.context import Context
from edge.engines.worker.draft_model import VIEWS, DraftModel
from edge.engines.worker.views import WINDOW_TOKENS
from tests.engines.worker.conftest import MakeModel
from tests.engines.worker.scripted_context import (
    END,
    VOCABULARY,
    ScriptedContext,
    continuation,
    successor,
)

PROMPT = [n % 60 + 1 for n in range(0, 400, 7)]


def never() -> bool:
    return False


def scripted(size: int = 400, shared: int = VOCABULARY) -> tuple[DraftModel, ScriptedContext]:
    context = ScriptedContext(size, sequences=VIEWS)
    return DraftModel(context, shared=shared, ends={END}), context


def test_it_guesses_what_comes():
    model, _ = scripted()
    expected = continuation(PROMPT, 5)
    assert model.draft(PROMPT, 5, never) == (expected, 5)
    assert model.unread([*PROMPT, *expected]) == 1, "the last guess was not decoded"
    assert model.unread([*PROMPT, *expected[:2], 63]) == 1


def test_it_reads_as_much_as_it_is_told_and_not_the_last():
    model, context = scripted()
    assert model.read(PROMPT, 20) == 20
    assert model.unread(PROMPT) == len(PROMPT) - 20
    assert model.read(PROMPT, 1000) == len(PROMPT) - 21
    assert model.read(PROMPT, 1000) == 0
    assert context.tokens(0) == PROMPT[:-1]


def test_it_stops_behind_the_end_and_when_somebody_waits():
    model, _ = scripted()
    text = list(PROMPT)
    while successor(text) != END:
        text.append(successor(text))
    while model.read(text, 50):
        pass
    assert model.draft(text, 5, never) == ([END], 1)
    assert model.draft(PROMPT, 5, lambda: True)[1] == 1


class Unsure(ScriptedContext):
    """All tokens are alike."""

    def _row(self, sequence: int) -> np.ndarray:
        return super()._row(sequence) / 9


def test_what_it_is_not_sure_of_is_not_offered():
    model = DraftModel(Unsure(400), shared=VOCABULARY, ends={END})
    assert model.draft(PROMPT, 5, never) == ([], 1)


def test_tokens_that_only_one_model_knows():
    model, context = scripted(shared=30)
    drafted, _ = model.draft(PROMPT, 3, never)
    assert all(token < 30 for token in drafted)
    assert max(context.tokens(0)) < 30


def test_views_give_way_to_each_other():
    model, context = scripted(size=150)
    texts = [[n, *PROMPT] for n in range(1, 5)]
    for text in texts * 2:
        assert model.draft(text, 3, never)[0] == continuation(text, 3)
    assert context.used <= 150


def guesses(model: DraftModel, text: Sequence[int]) -> list[int]:
    while model.unread(text) > 1 and model.read(text, 64):
        pass
    return model.draft(text, 4, never)[0]


def test_a_real_model_sees_the_end_of_a_long_text(make_model: MakeModel):
    model = make_model()
    with Context(
        model,
        n_ctx=2 * WINDOW_TOKENS,
        n_batch=64,
        n_ubatch=64,
        n_threads=1,
        kv_type="f16",
        n_sequences=VIEWS,
    ) as context:
        draft = DraftModel(context, shared=model.vocabulary.size, ends=model.vocabulary.ends)
        text = [(n * 7) % 200 + 3 for n in range(3 * WINDOW_TOKENS)]
        long = guesses(draft, text)
        assert context.held(0) >= WINDOW_TOKENS - 1
        assert long == guesses(draft, text[-WINDOW_TOKENS:])
