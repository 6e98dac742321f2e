"""A recording at the size it had."""

from tests.prompts.padding import padded
from tests.prompts.reduction import reduce_text

PROSE = "This is a long sentence that says nothing about any place, day or session at all. " * 3
OTHER = PROSE.replace("long", "very long")


def test_prose_has_its_length_again():
    told = f"# Memory\n\n{PROSE}It lies at `/home/ada/x/`. {PROSE}\n"
    (again,) = padded([{"text": reduce_text(told)}])
    assert len(again["text"]) == len(told)
    assert again["text"].startswith("# Memory\n\n")
    assert " `/home/ada/x/`. " in again["text"]
    assert "prose" not in again["text"]


def test_the_same_prose_is_the_same_words_and_other_prose_others():
    assert padded(reduce_text(PROSE)) == padded(reduce_text(PROSE))
    assert padded(reduce_text(PROSE)) != padded(reduce_text(OTHER))


def test_all_else_stays():
    value = {"a": [1, None, True, "short"], "b": {"[prose]": 0.5}}
    assert padded(value) == value
