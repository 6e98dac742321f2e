"""ARCHITECTURE's table of constants says what the code says, and its layers are the contract's."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, text_of

PAGE = Path("ARCHITECTURE.md")
_ROW = re.compile(r"^\| ([A-Z][A-Z_, ]+) \| ([^|]+) \| `([\w/.]+)`", re.MULTILINE)
_SCALES = {"billion": 1_000_000_000}


def rows() -> list[tuple[str, str, str]]:
    """Name, value and file of each constant in the table."""
    found = []
    for names, values, file in _ROW.findall(text_of(PAGE)):
        pairs = zip(names.split(", "), re.split(r", (?!\d{3}\b)", values), strict=True)
        found += [(name, value.strip(), file.removeprefix("edge/")) for name, value in pairs]
    return found


def constant(file: str, name: str) -> float:
    """The number that a module gives a name at its top, with or without its unit's type."""
    tree = ast.parse((ROOT / "edge" / file).read_text("utf-8"))
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            value = statement.value
            literal = value.args[0] if isinstance(value, ast.Call) else value
            return float(ast.literal_eval(literal))
    raise AssertionError(f"{file} has no {name}")


def number(text: str) -> float:
    """ "2 s", "32,768" and "8 billion" as numbers."""
    digits, _, word = text.partition(" ")
    return float(digits.replace(",", "")) * _SCALES.get(word, 1)


def test_the_table_is_read():
    assert len(rows()) >= 6


@pytest.mark.parametrize(("name", "value", "file"), rows())
def test_a_constant_is_what_the_page_says(name: str, value: str, file: str):
    assert constant(file, name) == number(value)


def test_the_layers_are_those_that_are_checked():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    drawn = text_of(PAGE).partition("## Layers")[2].partition("## ")[0]
    for name in (name for layer in layers for name in layer.split(" | ")):
        assert re.search(rf"\b{name}\b", drawn), f"{name} is a layer and not in the picture"
