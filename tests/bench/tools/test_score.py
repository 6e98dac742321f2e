"""The suite's figures."""

from tests.bench.tools.answer import Answer, Call
from tests.bench.tools.case import Case
from tests.bench.tools.score import Result, Share, emitted, report, right, sound, valid


def result(
    name: str, offered: str, wanted: str, called: str, faults: tuple[str, ...] = ()
) -> Result:
    case = Case(name, tuple(offered.split()), "?", frozenset(wanted.split()))
    answer = Answer(calls=tuple(Call(tool, "{}") for tool in called.split()))
    return Result(case, answer, faults, 2.0)


RESULTS = [
    result("one", "a", "a", "a"),
    result("one-missed", "a", "a", ""),
    result("two", "a b", "a", "a a"),
    result("two-wrong", "a b", "a", "b", ("b: bad",)),
    result("none", "a b", "", ""),
    result("none-called", "a", "", "a"),
]


def test_shares() -> None:
    assert valid(RESULTS) == Share(4, 5)
    assert emitted(RESULTS, "single", "multi") == Share(3, 4)
    assert emitted(RESULTS, "single") == Share(1, 2)
    assert emitted(RESULTS, "multi") == Share(2, 2)
    assert emitted(RESULTS, "none") == Share(1, 2)
    assert right(RESULTS) == Share(2, 4)


def test_soundness_is_validity_and_whole_answers() -> None:
    assert not sound(RESULTS)
    assert sound(RESULTS[:3])
    broken = Result(RESULTS[0].case, Answer(error="HTTP 500"), (), 1.0)
    assert not sound([broken])
    assert "ERROR one: HTTP 500" in report("m", [broken])


def test_report() -> None:
    text = report("coder", RESULTS)
    assert "validate  80.0 % (4/5)" in text
    assert "INVALID two-wrong: b: bad" in text
    assert str(Share(0, 0)).endswith("(0/0)")
