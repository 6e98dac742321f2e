"""What a play of a task came to, read from the client's own result, and the tables of it.

Pure: text in, values and text out. Starts nothing and reads no file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.bench.agent.task import CATEGORIES, Category

End = Literal["finished", "max-turns", "api-error", "failed", "timeout", "no-result"]


@dataclass(frozen=True, slots=True)
class ClientResult:
    """The client's last word in ``--output-format json``."""

    end: End
    turns: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One task played once against one engine. ``done``: the checker is satisfied."""

    engine: str
    task: str
    category: Category
    end: End
    done: bool
    turns: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Done, and the client came to its own end: a loop that hit a limit does not count."""
        return self.done and self.end == "finished"


def parse_result(stdout: str) -> ClientResult:
    """Read the client's JSON result; text that holds none is "no-result"."""
    result = _last_result(stdout)
    if result is None:
        return ClientResult("no-result")
    answer = result.get("result")
    return ClientResult(
        end=_end(result),
        turns=int(result.get("num_turns") or 0),
        answer=answer if isinstance(answer, str) else "",
    )


def _last_result(stdout: str) -> dict[str, Any] | None:
    for line in reversed(stdout.strip().splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and value.get("type") == "result":
            return value
    return None


def _end(result: dict[str, Any]) -> End:
    if result.get("subtype") == "error_max_turns":
        return "max-turns"
    if result.get("terminal_reason") == "api_error":
        return "api-error"
    if result.get("is_error") or result.get("subtype") != "success":
        return "failed"
    return "finished"


def line(outcome: Outcome, *, name: str) -> str:
    """One outcome in one line; ``name`` stands for the task."""
    word = "passed" if outcome.passed else "done, not finished" if outcome.done else "failed"
    return (
        f"{outcome.engine:10} {name:24} {word:18} {outcome.end:10}"
        f" {outcome.turns:3} turns {outcome.seconds:7.1f} s"
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """Passed of played, by category and engine, with how the plays ended."""
    engines = list(dict.fromkeys(outcome.engine for outcome in outcomes))
    rows = [f"{'':12}" + "".join(f"{engine:>16}" for engine in engines)]
    rows += [_row(category, engines, outcomes) for category in CATEGORIES]
    rows += [_total(engines, outcomes)]
    rows += [_summary(engine, outcomes) for engine in engines]
    return "\n".join(rows)


def ratio(outcomes: Sequence[Outcome]) -> str:
    """The engines' passes side by side: "codriver : peer = 17 : 2 (of 42)"."""
    engines = list(dict.fromkeys(outcome.engine for outcome in outcomes))
    passes = Counter(outcome.engine for outcome in outcomes if outcome.passed)
    played = Counter(outcome.engine for outcome in outcomes)
    left = " : ".join(engines)
    right = " : ".join(str(passes[engine]) for engine in engines)
    return f"{left} = {right} (of {max(played.values(), default=0)})"


def _row(category: Category, engines: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    cells = "".join(
        f"{_share([o for o in outcomes if (o.engine, o.category) == (engine, category)]):>16}"
        for engine in engines
    )
    return f"{category:12}{cells}"


def _total(engines: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    cells = "".join(
        f"{_share([o for o in outcomes if o.engine == engine]):>16}" for engine in engines
    )
    return f"{'all':12}{cells}"


def _share(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "-"
    passed = sum(outcome.passed for outcome in outcomes)
    return f"{passed}/{len(outcomes)} {100 * passed / len(outcomes):3.0f} %"


def _summary(engine: str, outcomes: Sequence[Outcome]) -> str:
    mine = [outcome for outcome in outcomes if outcome.engine == engine]
    ends = Counter(outcome.end for outcome in mine)
    words = ", ".join(f"{end} {count}" for end, count in ends.most_common())
    unfinished = sum(outcome.done and not outcome.passed for outcome in mine)
    seconds = sum(outcome.seconds for outcome in mine) / len(mine)
    turns = sum(outcome.turns for outcome in mine) / len(mine)
    return (
        f"{engine}: {words}; done but not finished {unfinished};"
        f" {seconds:.0f} s and {turns:.1f} turns a task"
    )
