"""Where state lies."""

from pathlib import Path

import pytest

from edge.config import state_directory

HOME = Path("/home/ada")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "/home/ada/.local/state/codriver"),
        ({"XDG_STATE_HOME": "/x"}, "/x/codriver"),
        ({"XDG_STATE_HOME": "relative"}, "/home/ada/.local/state/codriver"),
        ({"STATE_DIRECTORY": "/var/lib/codriver"}, "/var/lib/codriver"),
        ({"STATE_DIRECTORY": "/var/lib/codriver:/b", "XDG_STATE_HOME": "/x"}, "/var/lib/codriver"),
    ],
)
def test_state_directory(environment: dict[str, str], expected: str) -> None:
    assert state_directory(environment, HOME) == Path(expected)
