import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.privacy import privacy_of
from edge.config import load
from edge.errors import ConfigError
from tests.routing.asked import asked

DEFAULTS = load(None).privacy
KEY = "ghp_" + 4 * "aB3dE5gH9"


async def test_the_defaults_pin_a_session_that_holds_a_key_over_restarts(tmp_path: Path):
    settings = DEFAULTS
    session = {"x-claude-code-session-id": "s"}
    before = await asyncio.to_thread(privacy_of, settings, tmp_path / "state")
    assert await before.why_here(asked("hello", headers=session)) is None
    assert await before.why_here(asked(f"use {KEY}", headers=session)) == "a GitHub token is in it"
    after = await asyncio.to_thread(privacy_of, settings, tmp_path / "state")
    assert await after.why_here(asked("hello", headers=session)) == (
        "a key or a token was met in its session"
    )
    assert await after.why_here(asked("hello", headers={"x-claude-code-session-id": "t"})) is None


def test_a_pattern_that_cannot_be_used_is_a_sentence(tmp_path: Path):
    settings = replace(DEFAULTS, never_cloud_patterns=("fine", "(oops"))
    with pytest.raises(ConfigError, match="pattern 2 cannot be used: missing"):
        privacy_of(settings, tmp_path)
