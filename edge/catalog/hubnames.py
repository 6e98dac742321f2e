"""Names of files in a hub's repositories: owner/repository[:LEVEL] and owner/repository/FILE.

Pure: words and lists of names in, a choice or one sentence out. Knows no network. Called by
models, hub and cli.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge.catalog.splits import is_further, title
from edge.errors import ModelUnusable

USUAL_LEVEL = "Q4_K_M"
"""What is taken where nobody names a level."""

SHOWN = 12
"""Names that a sentence lists at most."""

_WORD = r"[A-Za-z0-9][\w.-]*"
_NAME = re.compile(rf"({_WORD}/{_WORD})(?::([\w-]+)|/((?:{_WORD}/)*{_WORD}\.gguf))?", re.ASCII)
_LEVEL = re.compile(
    r"(?:^|[-._/])((?:UD-)?(?:I?Q\d\w*|TQ\d\w*|MXFP4\w*|BF16|FP?16|FP?32))(?=$|[-./])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository, as it is in a revision."""

    repository: str
    file: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class HubName:
    """What a person wrote: the repository, and a level or a file if they named one."""

    repository: str
    level: str | None = None
    file: str | None = None


def parse(word: str) -> HubName | None:
    """None for what cannot be such a name."""
    match = _NAME.fullmatch(word)
    if match is None or match[1].lower().endswith(".gguf"):
        return None
    return HubName(match[1], match[2] and match[2].upper(), match[3])


def level_of(file: str) -> str | None:
    """The quantization level that a file's name tells; the last one if it tells several."""
    found = _LEVEL.findall(title(file))
    return found[-1].upper() if found else None


def model_files(files: Sequence[str]) -> list[str]:
    """The models among a repository's files: no projectors, of parts the first."""
    names = [name for name in files if name.lower().endswith(".gguf") and not is_further(name)]
    return [name for name in names if not name.rpartition("/")[2].lower().startswith("mmproj")]


def pick(name: HubName, files: Sequence[str]) -> str:
    """The file of the repository that is meant. Raises ModelUnusable with what there is."""
    models = model_files(files)
    if not models:
        raise ModelUnusable(
            f"{name.repository} holds no .gguf file; take a repository of GGUF files"
            " (their names often end in -GGUF)"
        )
    if name.file is not None:
        if name.file in models:
            return name.file
        raise ModelUnusable(no_such_file(name.repository, name.file, files))
    wanted = name.level or USUAL_LEVEL
    exact = [one for one in models if level_of(one) == wanted]
    close = [one for one in models if (level_of(one) or "").removeprefix("UD-") == wanted]
    matching = sorted(exact or close, key=lambda one: (len(one), one))
    if matching:
        return matching[0]
    if name.level is None and len(models) == 1:
        return models[0]
    raise ModelUnusable(_no_such_level(name, wanted, models))


def no_such_file(repository: str, file: str, files: Sequence[str]) -> str:
    """The sentence for a file that is not there, with those that are, the likeliest first."""
    models = model_files(files)
    if not models:
        return f"{repository} has no {file}, and no other .gguf file"
    close = difflib.get_close_matches(file, models, n=3, cutoff=0.5)
    names = [*close, *(one for one in models if one not in close)]
    return f"{repository} has no {file}; it has {_listed(names)}"


def _no_such_level(name: HubName, wanted: str, models: Sequence[str]) -> str:
    levels = sorted({level for one in models if (level := level_of(one))})
    if not levels:
        files = f"name a file: {_listed([f'{name.repository}/{one}' for one in models])}"
        return f"{name.repository} does not tell its files' levels; {files}"
    return (
        f"{name.repository} has no {wanted}; its levels are {_listed(levels)}:"
        f" name one, as in {name.repository}:{levels[0]}"
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
