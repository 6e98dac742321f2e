"""What a row measured and how it reads: ``Result``, ``Bar``, ``table``. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

HEADER = ("what", "codriver", "beside", "", "ratio", "bar", "met")


@dataclass(frozen=True, slots=True)
class Bar:
    """What the judged figure has to be."""

    sense: Literal["at least", "at most"]
    limit: float
    unit: str = ""

    def met(self, figure: float) -> bool:
        """A figure that is not a number meets nothing."""
        return figure >= self.limit if self.sense == "at least" else figure <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.sense == "at least" else "<="
        return f"{sign} {number(self.limit)}{self.unit}"


@dataclass(frozen=True, slots=True)
class Beside:
    """The same measure of something else."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Result:
    """One row. ``judged`` is what the bar speaks of; the first ``beside`` is what it is
    compared with, the others stand there to be seen. ``spoilt`` says why a figure that
    looks good does not count."""

    what: str
    unit: str
    value: float
    beside: tuple[Beside, ...]
    judged: float
    bar: Bar
    notes: tuple[str, ...] = ()
    p95: float | None = None
    spoilt: str | None = None

    @property
    def met(self) -> bool:
        return self.spoilt is None and self.bar.met(self.judged)


@dataclass(frozen=True, slots=True)
class Failed:
    """A row that could not be measured, and why."""

    what: str
    reason: str


def number(value: float) -> str:
    """Three digits that matter, no exponent."""
    if not math.isfinite(value):
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    places = 2 - math.floor(math.log10(abs(value)))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ratio(value: float, other: float) -> float:
    """``value`` / ``other``; not a number where there is nothing to divide by."""
    return value / other if other else math.nan


def table(results: Sequence[Result | Failed]) -> str:
    """The rows aligned, each with what stands beside it, notes below."""
    lines = [HEADER, *(line for result in results for line in _lines(result))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    drawn = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    drawn.insert(1, "  ".join("-" * width for width in widths))
    notes = [note for result in results for note in _notes(result)]
    return "\n".join([*drawn, *(["", *notes] if notes else [])])


def _lines(result: Result | Failed) -> list[tuple[str, ...]]:
    if isinstance(result, Failed):
        return [(result.what, "failed", "", "", "", "", "no")]
    value = f"{number(result.value)} {result.unit}"
    if result.p95 is not None:
        value += f" (p95 {number(result.p95)})"
    first, *others = result.beside or (Beside("", math.nan),)
    met = "yes" if result.met else "no"
    judged, bar = f"{number(result.judged)}{result.bar.unit}", str(result.bar)
    lines = [(result.what, value, first.name, _amount(first, result.unit), judged, bar, met)]
    for other in others:
        share = number(ratio(result.value, other.value))
        lines.append(("", "", other.name, _amount(other, result.unit), share, "", ""))
    return lines


def _amount(beside: Beside, unit: str) -> str:
    return f"{number(beside.value)} {unit}" if beside.name else ""


def _notes(result: Result | Failed) -> list[str]:
    if isinstance(result, Failed):
        return [f"{result.what}: {result.reason}"]
    spoilt = (f"does not count: {result.spoilt}",) if result.spoilt else ()
    return [f"{result.what}: {note}" for note in (*spoilt, *result.notes)]
