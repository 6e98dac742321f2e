"""Coarser files that could be made here, of finer ones that are present; pure.

Knows names, levels and headers; makes nothing (engines/quantize.py does) and knows no disk.
Called by app, to plan with what could be made, and by `codriver quantize`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edge.catalog.levels import LEVELS, at_level, is_known
from edge.catalog.plans import Candidate, Making
from edge.catalog.quality import divergence
from edge.catalog.splits import title

SPARE_BYTES = 268_435_456
"""Left free on the disk."""

FINE_ENOUGH = ("F32", "F16", "BF16", "Q8_0")
"""Levels of files that others are made of. What Q8_0 has lost (0.0014 nats, quality.py) vanishes
beside what any coarser level loses; Q6_K's 0.0055 is half of what Q5_K_M loses, nobody has measured
what is lost twice, and llama.cpp's tools/quantize/README.md warns that quantizing what is quantized
can severely reduce quality. So nothing is promised of a file made of Q6_K or less."""

OFFERED = tuple(level for level in LEVELS if not level.startswith("IQ"))
"""Not IQ4_XS and IQ4_NL: what they lose was measured with an importance matrix; here is none."""

_LATEST = ":latest"


def makeable_of(present: Sequence[Candidate], models_dir: Path) -> tuple[Candidate, ...]:
    """Every file that could be made of those that are here, as it would lie in the folder; of the
    finer one where two would become the same."""
    found = {one.path: one for one in present}
    for source in sorted(present, key=lambda one: (divergence(one.facts.quantization), one.name)):
        for made in _coarser(source, models_dir):
            found.setdefault(made.path, made)
    return tuple(one for one in found.values() if one.made is not None)


def _coarser(source: Candidate, models_dir: Path) -> Iterator[Candidate]:
    before = source.facts.quantization
    if before not in FINE_ENOUGH or not is_known(source.facts):
        return
    word = shlex.quote(_word(source, models_dir))
    for level in OFFERED:
        if divergence(level) > divergence(before):
            path = made_path(source, level, models_dir)
            yield replace(
                source,
                name=title(path.name),
                path=path,
                facts=at_level(source.facts, level),
                here=False,
                level=level,
                made=Making(source.path, before, f"codriver quantize {word} {level}"),
            )


def made_path(source: Candidate, level: str, models_dir: Path) -> Path:
    """Where the file lies once it is made: in the folder, by the name of the source's file, or of
    its model where the file has none that a person could read."""
    named = source.path.suffix.lower() == ".gguf"
    stem = title(source.path.name) if named else _plain(source.name)
    return models_dir / target_name(f"{stem}.gguf", source.facts.quantization, level)


def target_name(name: str, old: str, new: str) -> str:
    """The file's name with the new level in place of the old one, or behind the name."""
    stem = name.removesuffix(".gguf")
    at = stem.lower().rfind(old.lower())
    if at < 0:
        return f"{stem}-{new}.gguf"
    shown = new.lower() if stem[at : at + len(old)].islower() else new
    return f"{stem[:at]}{shown}{stem[at + len(old) :]}.gguf"


def _plain(name: str) -> str:
    """A file's name from a store's, ollama/someone/qwen3:4b: qwen3-4b."""
    tagged = name.rpartition("/")[2].removesuffix(_LATEST)
    return re.sub(r"[^A-Za-z0-9._-]", "-", tagged).lstrip(".-") or "model"


def _word(source: Candidate, models_dir: Path) -> str:
    """What a person calls the source: its name, or the path of a file that lies elsewhere."""
    known = source.path.parent == models_dir or "/" in source.name
    return source.name if known else str(source.path)
