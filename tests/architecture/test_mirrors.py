"""Every module has the test that mirrors it, or a reason here why another one stands for it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

INSTEAD = {
    "__main__.py": ("one call", "tests/system/test_serve.py"),
    "catalog/facts.py": ("what a header says, as values", "tests/catalog/test_gguf.py"),
    "chat.py": ("values without behaviour", "tests/dialects/anthropic/test_parse.py"),
    "config/settings.py": ("values without behaviour", "tests/config/test_load.py"),
    "engines/base.py": ("a protocol", "tests/engines/test_fake.py"),
    "engines/worker/__main__.py": ("a process", "tests/system/test_worker_crash.py"),
    "engines/worker/native.py": ("calls into llama.cpp", "tests/engines/worker/test_voice.py"),
    "errors.py": ("a tree of classes", "tests/dialects/anthropic/test_errors.py"),
    "queue/reading.py": ("rows as values", "tests/queue/test_store.py"),
    "safeguards/finding.py": ("exceptions without behaviour", "tests/safeguards/test_walk.py"),
    "safeguards/script.py": ("values without behaviour", "tests/safeguards/test_shell.py"),
    "state.py": ("values without behaviour", "tests/routing/test_policy.py"),
    "uplink/evidence.py": ("values without behaviour", "tests/uplink/test_link.py"),
    "units.py": ("names of numbers", "tests/catalog/test_planner.py"),
}
"""Module: what it is, and the test that would notice it broken."""

# An __init__ that does something is tested by what the package is for.
MODULES = sorted(
    str(path.relative_to(ROOT / "edge"))
    for path in (ROOT / "edge").rglob("*.py")
    if path.name != "__init__.py"
)


def mirror(module: str) -> Path:
    path = Path(module)
    return ROOT / "tests" / path.parent / f"test_{path.name}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_test(module: str):
    if module not in INSTEAD:
        assert mirror(module).is_file(), f"{mirror(module).relative_to(ROOT)} is missing"


@pytest.mark.parametrize("module", INSTEAD)
def test_a_reason_is_still_true(module: str):
    _, test = INSTEAD[module]
    assert module in MODULES
    assert (ROOT / test).is_file()
