"""The real clients in two real projects, their whole requests: a new client that puts a
changing fact at the front of its prompt is found here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prompts.repeatable import (
    announcements,
    first_turn,
    front,
    later_month,
    lost_words,
    parsed,
)
from tests.prompts.situations import ASK, HARBOUR, LOOK, ORCHARD, Body, Heard, Project, hear

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def sessions(client: Path, project: Project) -> dict[str, list[Body]]:
    """Every request of three sessions in ``project``, by the session's kind."""
    task = f"Look at the {project.name}."
    heard = {
        "full": hear(client, project, [task], [LOOK], countdown=True),
        "bare": hear(client, project, [task], bare=True),
        "agent": hear(client, project, [task], [ASK]),
    }
    for each in heard.values():
        _check_facts(each, project)
    return {name: list(each.bodies) for name, each in heard.items()}


def _check_facts(heard: Heard, project: Project) -> None:
    for body in heard.bodies:
        request = parsed(body)
        assert lost_words(request) == set()
        assert str(heard.project) in first_turn(request)
        assert project.name.encode() not in front(request)
        assert f"/{project.user}/".encode() not in front(request)
        assert front(parsed(later_month(body))) == front(request)


@pytest.mark.parametrize("which", ["pinned", "newest"])
def test_the_front_is_the_same_everywhere(which: str, request: pytest.FixtureRequest):
    client: Path = request.getfixturevalue(which)
    here, there = sessions(client, HARBOUR), sessions(client, ORCHARD)
    for kind, bodies in here.items():
        assert len(bodies) == len(there[kind])
        for one, other in zip(map(parsed, bodies), map(parsed, there[kind]), strict=True):
            assert front(one) == front(other)
            assert announcements(one) == announcements(other)
    fronts = {front(parsed(body)) for kind in ("full", "agent") for body in here[kind]}
    assert len(fronts) == 2, "one of the session, one of the agent"
