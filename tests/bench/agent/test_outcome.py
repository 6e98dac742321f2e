"""Reading the client's result and making the tables."""

import json

import pytest

from tests.bench.agent.outcome import End, Outcome, line, parse_result, ratio, table
from tests.bench.agent.task import Category


def result(**fields: object) -> str:
    """A result as 2.1.197 and 2.1.330 print it, cut to what matters."""
    base = {"type": "result", "subtype": "success", "is_error": False, "num_turns": 2}
    return json.dumps(base | {"result": "It printed 42.", "terminal_reason": "completed"} | fields)


def test_a_finished_run() -> None:
    found = parse_result(result() + "\n")
    assert (found.end, found.turns, found.answer) == ("finished", 2, "It printed 42.")


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"subtype": "error_max_turns", "is_error": True, "result": None}, "max-turns"),
        ({"is_error": True, "terminal_reason": "api_error"}, "api-error"),
        ({"is_error": True}, "failed"),
        ({"subtype": "error_during_execution"}, "failed"),
    ],
)
def test_other_ends(fields: dict[str, object], end: End) -> None:
    assert parse_result(result(**fields)).end == end


def test_no_answer_is_an_empty_answer() -> None:
    assert parse_result(result(result=None)).answer == ""


@pytest.mark.parametrize("stdout", ["", "Segmentation fault\n", "{", '[1]\n{"type": "system"}'])
def test_no_result(stdout: str) -> None:
    assert parse_result(stdout).end == "no-result"


def test_the_result_is_found_after_noise() -> None:
    assert parse_result("a warning\n" + result()).end == "finished"


def played(
    engine: str, category: Category, *, done: bool, end: End = "finished", seconds: float = 10
) -> Outcome:
    return Outcome(engine, f"{category}-task", category, end, done, 2, seconds)


OUTCOMES = [
    played("codriver", "create", done=True),
    played("codriver", "create", done=False, end="max-turns"),
    played("codriver", "run", done=True, end="timeout", seconds=40),
    played("peer", "create", done=False),
    played("peer", "create", done=False),
    played("peer", "run", done=False),
]


def test_done_but_not_finished_is_not_passed() -> None:
    assert [outcome.passed for outcome in OUTCOMES] == [True, False, False, False, False, False]


def test_ratio() -> None:
    assert ratio(OUTCOMES) == "codriver : peer = 1 : 0 (of 3)"
    assert ratio([]) == " =  (of 0)"


def test_table() -> None:
    rows = {row.split()[0]: row.split()[1:] for row in table(OUTCOMES).splitlines()}
    assert rows["create"] == ["1/2", "50", "%", "0/2", "0", "%"]
    assert rows["run"] == ["0/1", "0", "%", "0/1", "0", "%"]
    assert rows["find"] == ["-", "-"]
    assert rows["all"] == ["1/3", "33", "%", "0/3", "0", "%"]
    assert "done but not finished 1; 20 s and 2.0 turns a task" in table(OUTCOMES)


def test_line_calls_the_task_as_it_is_told() -> None:
    told = line(OUTCOMES[2], name="3/42 run")
    assert "3/42 run" in told
    assert "run-task" not in told
    assert "done, not finished" in told
