"""Whether a request is light work or heavy, by what it is and what the person wrote. Pure but
for loading its table (``edge/data/need.toml``).

Points are added up for each sign; few mean light, many heavy. In between the request's likeness
to sentences of either kind is added, and where that leaves a doubt what a model of this box said
when it was asked. Who is taken for light without being so gets a bad answer,
who is taken for heavy costs a little money: in doubt work is heavy. Called by the conditions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from edge.routing.features import Answer, Features

Tier: TypeAlias = Literal["light", "heavy"]
TIERS: tuple[Tier, Tier] = ("light", "heavy")

TABLE = Path(__file__).parent.parent / "data" / "need.toml"

UNDER_COST = 3.0
"""How much worse heavy work on the box is than light work in the cloud. The thresholds below cost
least so on the development half of tests/bench/routes, once as it is and many times with signs
left out and wrong ones put in: people find words that no table has."""

LIGHT_AT_MOST, HEAVY_AT_LEAST = -2.5, 2.5
"""Beyond these the words alone decide."""
LEAN = 24.0
"""Points for a likeness that leans wholly to the heavy sentences; 0.1 is much."""
LIGHT_COMPARED, LIGHT_ALONE = -0.9, -1.2
"""Light at most, with the likeness added and where there is none."""

DOUBT = 1.0
"""As near as that to the line above a model's answer counts, where there is a likeness."""
DOUBT_ALONE = 2.0
"""The same where there is none."""
ASKED = 2.0
"""Points for an answer that is wholly sure of heavy work."""

FEW_WORDS, MANY_WORDS = 6, 40
PASTED_LINES = 8
LONG_TALK = 20

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_FILE = re.compile(r"\b[\w./-]*\w\.(?:[A-Za-z][A-Za-z0-9]{0,4})\b")
_MOST_PROSE = 1_200
"""Characters of the person's own words that are looked at, half from each end."""


@dataclass(frozen=True, slots=True)
class Sign:
    """``name`` is how a reason says it, "a look-up"."""

    name: str
    points: float
    words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Table:
    points: Mapping[str, float]
    signs: tuple[Sign, ...]
    continuation: re.Pattern[str]
    light: tuple[str, ...]
    heavy: tuple[str, ...]
    question: str
    """What a model is told before the person's words; it answers with one of TIERS."""


@dataclass(frozen=True, slots=True)
class Need:
    """``tier`` is None where the words alone do not tell and likeness was not asked for yet."""

    tier: Tier | None
    why: str


@cache
def load_table(table: Path = TABLE) -> Table:
    """The shipped table. Blocking."""
    found = tomllib.loads(table.read_text(encoding="utf-8"))
    return Table(
        points=found["points"],
        signs=tuple(
            Sign(one["name"], one["points"], _any_of(one["words"])) for one in found["sign"]
        ),
        continuation=re.compile(
            rf"\W*(?:(?:{'|'.join(map(re.escape, found['words']['continuation']))})\b\W*)+",
            re.IGNORECASE,
        ),
        light=tuple(found["sentences"]["light"]),
        heavy=tuple(found["sentences"]["heavy"]),
        question=found["question"]["text"],
    )


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    """One that stands between other words; with ``^`` at the beginning of a sentence."""
    first = [word[1:] for word in words if word.startswith("^")]
    inside = [word for word in words if not word.startswith("^")]
    options = []
    if first:
        opening = r"(?:(?:please|can you|could you|now|ok|bitte|just)[ ,]+)*"
        options.append(rf"(?:\A|[.!?]\s|\n)\W*{opening}(?:{'|'.join(first)})(?!\w)")
    if inside:
        options.append(rf"(?<!\w)(?:{'|'.join(inside)})(?!\w)")
    return re.compile("|".join(options), re.IGNORECASE)


def need_of(features: Features, table: Table) -> Need:
    """What the request needs, and the sentence that says why."""
    points, signs = weigh(features, table)
    told = ", ".join(signs) or "nothing stands out"
    if points <= LIGHT_AT_MOST:
        return Need("light", f"the work looks light ({told})")
    if points >= HEAVY_AT_LEAST:
        return Need("heavy", f"the work looks heavy ({told})")
    if features.likeness is None:
        return Need(None, f"the work may be heavy ({told})")
    return _compared(points, told, features.likeness.leaning, features.answer)


def _compared(points: float, told: str, leaning: float | None, answer: Answer | None) -> Need:
    """Where words do not tell; what is 0 or less is light."""
    if leaning is None:
        over, doubt = points - LIGHT_ALONE, DOUBT_ALONE
    else:
        over, doubt = points + LEAN * leaning - LIGHT_COMPARED, DOUBT
        told += f"; it reads like {_tier(leaning)} work"
    if answer is not None and answer.heavy is not None and abs(over) < doubt:
        over += ASKED * (2 * answer.heavy - 1)
        said, sure = _tier(answer.heavy - 0.5), max(answer.heavy, 1 - answer.heavy)
        told += f"; {answer.model} was asked and is {sure:.0%} sure that it is {said}"
    tier = _tier(over)
    return Need(tier, f"the work looks {tier} ({told})")


def _tier(over: float) -> Tier:
    return "heavy" if over > 0 else "light"


def weigh(features: Features, table: Table) -> tuple[float, tuple[str, ...]]:
    """Points for heavy work, and the signs that speak loudest, at most three."""
    found = sorted(_found(features, table), key=lambda one: -abs(one[1]))
    points = table.points["start"] + sum(points for _, points in found)
    return points, tuple(name for name, points in found[:3] if abs(points) > 0.5)


def subject(features: Features, table: Table) -> str:
    """The newest text that says what is to be done: not a yes, a go on."""
    texts = [text for text in reversed(features.said) if text.strip()]
    told = (text for text in texts if not table.continuation.fullmatch(text.strip()))
    return next(told, texts[0] if texts else "")


def prose(text: str, most: int = _MOST_PROSE) -> str:
    """The person's own words without what they paste: the first paragraph and the last, no
    fenced code, at most so many characters."""
    plain = _FENCE.sub("\n\n", text)
    paragraphs = [one for one in re.split(r"\n\s*\n", plain) if one.strip()]
    own = paragraphs if len(paragraphs) < 2 else [paragraphs[0], paragraphs[-1]]
    short = [one for one in own if one.count("\n") < PASTED_LINES] or own[:1]
    words = "\n".join(short)
    if len(words) <= most:
        return words
    return f"{words[: most // 2]}\n{words[-most // 2 :]}"


def _found(features: Features, table: Table) -> Iterator[tuple[str, float]]:
    text = subject(features, table)
    words = prose(text)
    for sign in table.signs:
        if sign.words.search(words):
            yield sign.name, sign.points
    for key, name in (*_sizes(text, words), *_circumstances(features)):
        yield name, table.points[key]


def _sizes(text: str, words: str) -> Iterator[tuple[str, str]]:
    """Keys of the table's points, and how a reason says them."""
    count = len(words.split())
    if count <= FEW_WORDS:
        yield "few_words", "few words"
    if count > MANY_WORDS:
        yield "many_words", "many words"
    files = len(set(_FILE.findall(words)))
    if files == 1:
        yield "one_file", "one file"
    if files > 2:
        yield "many_files", f"{files} files"
    if text.count("\n") > PASTED_LINES:
        yield "pasted", "a long paste"


def _circumstances(features: Features) -> Iterator[tuple[str, str]]:
    if features.failures == 1:
        yield "failed_once", "a tool has failed"
    if features.failures > 1:
        yield "failed_often", "tools keep failing"
    if features.turns >= LONG_TALK:
        yield "long_talk", "a long conversation"
    if features.background and not features.tools:
        yield "own_errand", "the client's own errand"
