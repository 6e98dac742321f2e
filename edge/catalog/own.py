"""What can be wrong with a catalogue entry that a person wrote, in one sentence.

Pure: a table of TOML in, a complaint or none out. Called by models for the ``*.toml`` of the
models folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edge.catalog.splits import parts

_KINDS = {str: "text", int: "a whole number", list: "a list of texts", dict: "a table"}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_ENTRY: Mapping[str, type] = {
    "name": str,
    "file": str,
    "source": dict,
    "aliases": list,
    "title": str,
    "bytes": int,
    "sha256": str,
    "licence": str,
    "purpose": str,
    "note": str,
}
_HUB: Mapping[str, type] = {"repository": str, "file": str, "revision": str}
_WHEELS: Mapping[str, type] = {"package": str, "version": str, "member": str, "parts": int}


def complaint(table: Any) -> str | None:
    """What is wrong with the entry; None if it can be taken."""
    if not isinstance(table, dict):
        return "is no table"
    return _shape(table, _ENTRY, ("name", "file", "source")) or _words(table) or _source(table)


def _shape(table: Mapping[str, Any], known: Mapping[str, type], needed: tuple[str, ...]) -> str:
    """Missing, unknown and mistyped keys; "" if there are none."""
    for key in needed:
        if key not in table:
            return f"lacks the key '{key}'"
    for key, value in table.items():
        kind = known.get(key)
        if kind is None:
            return f"has the unknown key '{key}'"
        if type(value) is not kind or not _all_texts(value):
            return f"has a wrong '{key}': it should be {_KINDS[kind]}"
    return ""


def _all_texts(value: Any) -> bool:
    return not isinstance(value, list) or all(isinstance(item, str) for item in value)


def _words(table: Mapping[str, Any]) -> str:
    for key, word in [("name", table["name"]), *(("aliases", w) for w in table.get("aliases", ()))]:
        if not _NAME.fullmatch(word):
            return f"has a wrong '{key}': '{word}' is not of small letters, digits, '.', '_', '-'"
    if not is_plain_file(table["file"]):
        return "has a wrong 'file': it should be the name of a .gguf file, without folders"
    if table.get("purpose", "serve") not in ("serve", "test"):
        return "has a wrong 'purpose': it should be serve or test"
    if table.get("bytes", 1) <= 0:
        return "has a wrong 'bytes': it should be greater than 0"
    if not _SHA256.fullmatch(table.get("sha256", "0" * 64)):
        return "has a wrong 'sha256': it should be 64 small hexadecimal digits"
    return ""


def _source(table: Mapping[str, Any]) -> str | None:
    source = table["source"]
    if "repository" not in source:
        wrong = _shape(source, _WHEELS, ("package", "version", "member"))
        missing = next((key for key in ("bytes", "sha256") if key not in table), None)
        if missing and not wrong:
            return f"lacks the key '{missing}', which a source of packages needs"
        return f"{wrong} in its source" if wrong else None
    if wrong := _shape(source, _HUB, ("repository", "file")):
        return f"{wrong} in its source"
    if source["repository"].count("/") != 1 or ".." in source["repository"]:
        return "has a wrong 'repository' in its source: it should be owner/repository"
    file = source["file"]
    if not is_plain_file(file.rpartition("/")[2]) or ".." in file.split("/"):
        return "has a wrong 'file' in its source: it should be a .gguf file of the repository"
    if len(parts(file)) > 1 and table["file"] != parts(file)[0].rpartition("/")[2]:
        return "has a wrong 'file': of a model in parts it should be the first part's own name"
    return None


def is_plain_file(name: str) -> bool:
    """Whether it can be a model's file in the models folder: no path, nothing hidden."""
    return (
        name.lower().endswith(".gguf")
        and not name.startswith(".")
        and not set("/\\\0") & set(name)
        and len(name.encode("utf-8", "replace")) < 200
    )
