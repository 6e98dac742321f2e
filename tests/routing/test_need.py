"""Light or heavy by what a request is; how often that is right is tests/bench/routes' affair."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.features import Answer, Features, Likeness, features_of
from edge.routing.need import (
    DOUBT,
    LEAN,
    LIGHT_COMPARED,
    load_table,
    need_of,
    prose,
    subject,
    weigh,
)
from tests.routing.asked import asked

TABLE = load_table()


def saying(*texts: str, **more: object) -> Features:
    return replace(Features("claude-sonnet-5", said=texts, turns=len(texts)), **more)


UNSURE = "add the thing to the other thing"
SURE = "show me where the unused import is, just tell me the file", "why does it hang? refactor it"


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("where is the port configured?", "light"),
        ("run the tests", "light"),
        ("benenne die Variable um", "light"),
        ("find out why the workers deadlock", "heavy"),
        ("refactor the auth module and update all callers", "heavy"),
        ("warum ist das so langsam?", "heavy"),
        (UNSURE, "heavy"),
    ],
)
def test_words_of_each_kind_where_there_is_no_likeness(text: str, tier: str):
    assert need_of(saying(text, likeness=Likeness()), TABLE).tier == tier


def test_the_reason_names_what_spoke_loudest():
    found = need_of(saying("where is the port configured?", likeness=Likeness()), TABLE)
    assert found.why == "the work looks light (a look-up)"


def test_where_words_do_not_tell_likeness_does():
    assert need_of(saying(UNSURE), TABLE).tier is None, "it is not compared yet"
    light = need_of(saying(UNSURE, likeness=Likeness(leaning=-0.2)), TABLE)
    heavy = need_of(saying(UNSURE, likeness=Likeness(leaning=0.2)), TABLE)
    assert (light.tier, heavy.tier) == ("light", "heavy")
    assert "it reads like light work" in light.why


def test_in_doubt_work_is_heavy():
    assert need_of(saying(UNSURE, likeness=Likeness(leaning=0.0)), TABLE).tier == "heavy"


def test_likeness_does_not_overrule_words_that_are_clear():
    light, heavy = SURE
    assert need_of(saying(light, likeness=Likeness(leaning=1.0)), TABLE).tier == "light"
    assert need_of(saying(heavy, likeness=Likeness(leaning=-1.0)), TABLE).tier == "heavy"
    assert need_of(saying(light), TABLE).tier == "light", "and is not asked for"


def near(over: float) -> Likeness:
    """What puts UNSURE so many points above the line between light and heavy."""
    points, _ = weigh(saying(UNSURE), TABLE)
    return Likeness(leaning=(LIGHT_COMPARED + over - points) / LEAN)


def test_where_likeness_leaves_a_doubt_an_answer_decides():
    doubtful = saying(UNSURE, likeness=near(0.1))
    assert need_of(doubtful, TABLE).tier == "heavy"
    light = need_of(replace(doubtful, answer=Answer("coder", 0.1)), TABLE)
    assert light.tier == "light"
    assert light.why.endswith("coder was asked and is 90% sure that it is light)")
    for answer in (Answer("coder", 0.9), Answer("coder", 0.49), Answer()):
        assert need_of(replace(doubtful, answer=answer), TABLE).tier == "heavy"
    heavy = replace(saying(UNSURE, likeness=near(-0.1)), answer=Answer("coder", 0.9))
    assert need_of(heavy, TABLE).tier == "heavy"


@pytest.mark.parametrize("sign", [1, -1])
def test_an_answer_does_not_overrule_a_likeness_that_is_clear(sign: int):
    clear = saying(UNSURE, likeness=near(sign * (DOUBT + 0.01)))
    found = need_of(replace(clear, answer=Answer("coder", 0.5 - sign * 0.5)), TABLE)
    assert found == need_of(clear, TABLE)
    assert "asked" not in found.why


def test_without_a_likeness_an_answer_counts_too():
    alone = saying("add a field to the other form", likeness=Likeness())
    tiers = {need_of(replace(alone, answer=Answer("m", p)), TABLE).tier for p in (0.0, 1.0)}
    assert tiers == {"light", "heavy"}


@pytest.mark.parametrize("word", ["yes", "OK, go ahead!", "weiter", "continue", "sí"])
def test_a_continuation_is_what_it_continues(word: str):
    assert subject(saying("refactor it all", word), TABLE) == "refactor it all"
    assert subject(saying("refactor it all", word, word), TABLE) == "refactor it all"
    assert subject(saying(word), TABLE) == word


def test_tools_that_keep_failing_make_work_heavy():
    text = "add the thing to main.c"
    assert need_of(saying(text, failures=2), TABLE).tier == "heavy"
    assert weigh(saying(text, failures=1), TABLE)[0] > weigh(saying(text), TABLE)[0]


def test_the_clients_own_errands_are_light():
    errand = saying("write a title: refactor the module", background=True)
    assert need_of(errand, TABLE).tier == "light"
    assert need_of(replace(errand, tools=("Bash",)), TABLE).tier != "light"


def test_a_compaction_is_heavy():
    text = "Your task is to create a detailed summary of the conversation so far."
    assert need_of(saying(text), TABLE).tier == "heavy"


def test_what_is_pasted_is_not_what_is_wanted():
    log = "\n".join(f"worker {n} deadlock, crash, memory leak" for n in range(20))
    assert prose(f"count the lines\n\n{log}") == "count the lines"
    assert prose("look\n```py\nrefactor everything\n```\nat it") == "look\nat it"
    assert prose(f"{log}\n\nwhich one is first?") == "which one is first?"
    assert prose("") == ""


def test_failures_and_turns_are_read_from_the_request():
    bad = {"type": "tool_result", "tool_use_id": "t", "content": "no", "is_error": True}
    good = {"type": "tool_result", "tool_use_id": "u", "content": "yes"}
    found = features_of(asked("one", "two", [bad, good], [bad]))
    assert (found.said, found.turns, found.failures) == (("one", "two"), 2, 2)
    assert features_of(asked([bad], "now this")).failures == 0


def test_a_huge_text_takes_no_time():
    began = time.perf_counter()
    for text in (
        "why " * 500_000,
        "\n" * 500_000,
        "`" * 500_000,
        "a." * 500_000,
        "is our " * 99_999,
    ):
        need_of(saying(text), TABLE)
    assert time.perf_counter() - began < 10


@given(st.text(max_size=300))
def test_any_text_has_a_need(text: str):
    assert need_of(saying(text), TABLE).why
