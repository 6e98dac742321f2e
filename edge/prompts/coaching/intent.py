"""What a person's words ask for, as far as a few English words tell. Pure.

Only used to help small models, and only where the words are plain: other languages and
unclear words change nothing. Knows no tools.
"""

from __future__ import annotations

import re

_QUESTION = re.compile(
    r"\?\s*$|^\s*(?:please\s+)?(?:what|which|how|why|where|who|when|find|explain|describe|list|"
    r"show|tell|count|run|execute|search|look|check|read|print|open|test|summari[sz]e|review|"
    r"compare|identify)\b",
    re.IGNORECASE,
)
# Base forms only: "which file sets the rate" asks, "set the rate" orders.
_CHANGE = re.compile(
    r"\b(?:fix|change|add|create|write|rename|update|replace|remove|delete|implement|make|"
    r"refactor|bump|set|convert|move|edit|insert|append|correct|rewrite|extend|put|save|"
    r"increase|decrease|swap|translate|generate|merge|split|build|draft|prepare|produce|set up|"
    r"scaffold|export|drop|raise|lower|sort|reverse|clean up|comment out)\b",
    re.IGNORECASE,
)
# "Where is the rate set?" orders nothing; "Could you set the rate?" does.
_MERE_QUESTION = re.compile(
    r"(?:(?<=[.!?;:])|^)\s*(?:what|which|how|why|where|who|when|is|are|does|do|did|has|have)\b[^.!?]*"
    r"(?:\.\w[^.!?]*)*\?",
    re.IGNORECASE | re.MULTILINE,
)
_NO_CHANGE = re.compile(
    r"\b(?:change nothing|(?:do not|don't|without) (?:change|changing|edit|editing|modify)\w*)",
    re.IGNORECASE,
)
_CREATE = re.compile(
    r"\b(?:create|new|write|generate|save|store|put|add a file|make|build|draft|prepare|produce|"
    r"set up|scaffold|init(?:ialize|ialise)?|export|dump|convert|i need|i want|give me)\b",
    re.IGNORECASE,
)
_RUN = re.compile(r"\b(?:run|execute|launch)\b(?!\s+(?:out|into))", re.IGNORECASE)
_NO_RUN = re.compile(
    r"\b(?:do not|don't|without|never|no need to) (?:run|runn|execut|launch)\w*", re.IGNORECASE
)
_COUNT = re.compile(
    r"\b(?:how many|count|sum|total|average|number of|longest|shortest|largest|smallest)\b",
    re.IGNORECASE,
)
_FOLDER = re.compile(
    r"\b(?:folders?|director(?:y|ies)|dirs?|packages?)\b|(?<![\w./-])[\w.-]+(?:/[\w.-]+)*/(?!\w|\.\w)",
    re.IGNORECASE,
)
_SPARE = re.compile(
    r"\b(?:do not|don't|dont|never|without) (?:touch|chang|edit|modify|alter)\w*\b[^;!?\n]*"
    r"|\bleave\b[^;!?\n]*\b(?:as (?:it|they) (?:is|are)|alone|unchanged|untouched)\b",
    re.IGNORECASE,
)
_FILE = re.compile(r"(?<![\w/.-])((?:[\w-]+/)*[\w-]+(?:\.[\w-]+)*\.[A-Za-z][A-Za-z0-9]{0,5})(?!\w)")

_PATH_LIKE = re.compile(
    r"[\w.-]/|/[\w.-]|(?<![\w.])\.[A-Za-z]\w+|\b(?:Makefile|Dockerfile|Jenkinsfile|Procfile|Gemfile|"
    r"LICENSE|README|CHANGELOG|TODO)\b"
)
"""Words that may be paths without a suffix that tells."""

_LISTING = re.compile(r"\b(?:list|names? of|which files|what files)\b", re.IGNORECASE)

_MORE_TO_DO = re.compile(
    r"\b(?:then|after|next|also|twice|again|each|every|first|if|otherwise|until|why|how|which|where|"
    r"find|look|search|read|open|check|explain|compare|list|count|call|test|review|summari[sz]e)\b",
    re.IGNORECASE,
)
"""Words by which a task is more than one command and what it prints."""

_ABBREVIATIONS = frozenset(("e.g", "i.e"))


def wants_change(text: str) -> bool:
    """Whether files are to be changed or made."""
    return bool(_CHANGE.search(_MERE_QUESTION.sub("", _NO_CHANGE.sub("", text))))


def only_asks(text: str) -> bool:
    """Whether something is to be found out or run, and nothing to be changed."""
    return bool(_QUESTION.search(text)) and not wants_change(text)


def wants_new_file(text: str) -> bool:
    """Whether some file may not be there yet."""
    return bool(_CREATE.search(text))


def wants_run(text: str) -> bool:
    """Whether a command or a program is to be run."""
    return bool(_RUN.search(_NO_RUN.sub("", text)))


def wants_output_of(text: str, command: str) -> bool:
    """Whether the text wants this very command run, its output told, and nothing else."""
    if not command or command not in text:
        return False
    before, _, behind = text.partition(command)
    rest = f"{before} {behind}"
    more = _MORE_TO_DO.search(rest) or named_files(rest) or wants_change(rest)
    return wants_run(before) and not more


def wants_count(text: str) -> bool:
    """Whether something is to be counted or calculated."""
    return bool(_COUNT.search(text))


def names_folder(text: str) -> bool:
    """Whether a folder is spoken of beside the files' own paths."""
    return bool(_FOLDER.search(text))


def spared_files(text: str) -> frozenset[str]:
    """File names that the text says are to be left alone."""
    return frozenset(name for clause in _SPARE.findall(text) for name in named_files(clause))


def named_files(text: str) -> tuple[str, ...]:
    """File names in the text, each once, in order."""
    found = dict.fromkeys(_FILE.findall(text))
    return tuple(name for name in found if name.lower() not in _ABBREVIATIONS)


def names_a_path(text: str) -> bool:
    """Whether some file or folder is named, with or without a suffix."""
    return bool(named_files(text) or _PATH_LIKE.search(text))


def wants_names(text: str) -> bool:
    """Whether names of files are an answer."""
    return bool(_LISTING.search(text))
