"""Shares over a run of the suite: what was wanted, what came, whether it was right and valid.

Pure. Knows no server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.tools.answer import Answer
from tests.bench.tools.case import Case, Group


@dataclass(frozen=True, slots=True)
class Result:
    """One case answered; ``faults`` has one sentence for each call that does not validate."""

    case: Case
    answer: Answer
    faults: tuple[str, ...]
    seconds: float

    @property
    def emitted(self) -> bool:
        return bool(self.answer.calls)

    @property
    def right(self) -> bool:
        """Calls came, and each is of a tool that would do."""
        return self.emitted and all(call.name in self.case.right for call in self.answer.calls)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        percent = f"{100 * self.part / self.whole:5.1f} %" if self.whole else "    - %"
        return f"{percent} ({self.part}/{self.whole})"


def valid(results: Sequence[Result]) -> Share:
    """Emitted calls that validate against their original schema."""
    calls = sum(len(result.answer.calls) for result in results)
    return Share(calls - sum(len(result.faults) for result in results), calls)


def emitted(results: Sequence[Result], *groups: Group) -> Share:
    """Cases of ``groups`` in which at least one call came."""
    mine = [result for result in results if result.case.group in groups]
    return Share(sum(result.emitted for result in mine), len(mine))


def right(results: Sequence[Result]) -> Share:
    """Cases that wanted a call and got only calls of tools that would do."""
    wanted = [result for result in results if result.case.right]
    return Share(sum(result.right for result in wanted), len(wanted))


def report(model: str, results: Sequence[Result]) -> str:
    """The suite's figures for one model, with every fault and error written out."""
    rows = [
        f"model                      {model}",
        f"emitted calls that validate {valid(results)}",
        f"  invalid as length cut it  {sum(r.answer.cut for r in results):5}",
        f"wanted and emitted          {emitted(results, 'single', 'multi')}",
        f"  one tool on offer         {emitted(results, 'single')}",
        f"  several tools on offer    {emitted(results, 'multi')}",
        f"right tool                  {right(results)}",
        f"unwanted calls              {emitted(results, 'none')}",
        f"seconds a case              {_mean_seconds(results):5.1f}",
    ]
    rows += [f"INVALID {r.case.name}: {fault}" for r in results for fault in r.faults]
    rows += [f"ERROR {r.case.name}: {r.answer.error}" for r in results if r.answer.error]
    return "\n".join(rows)


def sound(results: Sequence[Result]) -> bool:
    """No invalid call, no broken answer."""
    return not any(result.faults or result.answer.error for result in results)


def _mean_seconds(results: Sequence[Result]) -> float:
    return sum(result.seconds for result in results) / max(len(results), 1)
