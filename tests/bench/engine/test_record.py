"""Bodies from the recordings, and which request of a session is meant."""

import json

import pytest

from tests.bench.agent.client import PINNED
from tests.bench.engine.record import NothingRecorded, main_request, recorded


def test_the_recordings_stand_in() -> None:
    bodies = recorded(PINNED, "no registry")
    assert bodies.source == "no registry"
    assert len(bodies.full["tools"]) > 20
    assert 0 < len(bodies.bare["tools"]) < 10
    assert not bodies.title["tools"]
    assert 75_000 < len(json.dumps(bodies.full)) < 85_000


def test_two_laptops_differ_in_their_conversations_only() -> None:
    bodies = recorded(PINNED, "")
    assert bodies.full["system"] == bodies.full_elsewhere["system"]
    assert bodies.full["tools"] == bodies.full_elsewhere["tools"]
    assert bodies.full["messages"] != bodies.full_elsewhere["messages"]


def test_the_main_request_has_the_most_tools() -> None:
    side, main = {"tools": []}, {"tools": [{"name": "Read"}]}
    assert main_request([side, main, {}], "") is main


def test_a_silent_client_is_told() -> None:
    with pytest.raises(NothingRecorded, match="no such option"):
        main_request([], "no such option")
