"""The model families that codriver knows, each with the file of it that would run best here; pure.

Plans in, rows and figures out. Called by cli (`codriver models`), shown by listing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.catalog.families import Family
from edge.catalog.plans import Plan
from edge.units import Bytes, Tokens, TokensPerSecond


@dataclass(frozen=True, slots=True)
class KnownFamily:
    """``level`` and all below it are those of the file that would run best, where one was
    planned; ``complaint``: what speaks against that one, "" for nothing."""

    name: str
    title: str
    licence: str
    calls: str | None
    """The format of its tool calls; None for a model without tools."""
    parameters: int
    context: Tokens
    """As it was trained."""
    level: str | None = None
    bytes: Bytes | None = None
    here: bool = False
    fits: bool = False
    memory_bytes: Bytes | None = None
    n_ctx: Tokens | None = None
    decode_tokens_per_second: TokensPerSecond | None = None
    complaint: str = ""


def known_families(
    families: Sequence[Family], plans: Sequence[Plan], word: str = ""
) -> tuple[KnownFamily, ...]:
    """Those whose name, alias, title or licence has the word, by the order of their plans."""
    chosen = [one for one in families if _meant(one, word.lower())]
    found = [(_place(one, plans), one) for one in chosen]
    found.sort(key=lambda pair: pair[0])
    return tuple(_described(one, plans[at] if at < len(plans) else None) for at, one in found)


def _meant(family: Family, word: str) -> bool:
    texts = (family.name, *family.aliases, family.title, family.licence)
    return any(word in text.lower() for text in texts)


def _place(family: Family, plans: Sequence[Plan]) -> int:
    """The best plan for a file of the family; behind all of them if there is none."""
    files = {release.file for release in family.releases}
    return next((at for at, one in enumerate(plans) if one.path.name in files), len(plans))


def _described(family: Family, best: Plan | None) -> KnownFamily:
    facts = family.facts(family.releases[0])
    bare = KnownFamily(
        family.name,
        family.title,
        family.licence,
        family.calls if family.tools else None,
        facts.parameters,
        Tokens(family.shape.context),
    )
    if best is None:
        return bare
    return KnownFamily(
        bare.name,
        bare.title,
        bare.licence,
        bare.calls,
        bare.parameters,
        bare.context,
        level=best.quantization,
        bytes=best.file_bytes,
        here=best.here,
        fits=best.fits,
        memory_bytes=best.memory_bytes,
        n_ctx=best.n_ctx,
        decode_tokens_per_second=best.decode_tokens_per_second,
        complaint=next((fault for fault in best.faults if fault), "") if best.fits else best.reason,
    )


FAMILY_HEADINGS = ("family", "params", "context", "calls", "licence", "file", "on this board")


def family_row(one: KnownFamily) -> tuple[str, ...]:
    """For a table under FAMILY_HEADINGS."""
    size = "" if one.bytes is None else f"{one.level}, {one.bytes / 1e9:.1f} GB"
    return (
        one.name,
        f"{one.parameters / 1e9:.1f} B",
        f"{one.context:,}",
        one.calls or "none",
        one.licence,
        size,
        _verdict(one),
    )


def _verdict(one: KnownFamily) -> str:
    if one.memory_bytes is None:
        return ""
    if not one.fits:
        return f"too large, needs {one.memory_bytes / 1e9:.1f} GB"
    if one.complaint:
        return one.complaint
    speed = one.decode_tokens_per_second
    fast = "" if speed is None else f", about {speed:.1f} tokens/s"
    return f"{'here' if one.here else 'fits'}, {one.n_ctx:,} tokens{fast}"
