"""Recording the real client's tools."""

from pathlib import Path

from tests.bench.agent.client import PINNED, ensure_client
from tests.bench.tools.capture import RECORDING, offered
from tests.bench.tools.schemas import CLAUDE_CODE

CLIENTS = Path(__file__).parents[3] / ".clients"


def test_the_bare_clients_tools() -> None:
    tools = offered(ensure_client(PINNED, CLIENTS), ["--bare"])
    assert [tool["name"] for tool in tools] == ["Bash", "Edit", "Read"]
    assert tools[0]["input_schema"]["required"] == ["command"]


def test_the_recording_is_of_the_same_shape() -> None:
    assert RECORDING.is_file()
    assert [tool["name"] for tool in CLAUDE_CODE][:3] == ["Bash", "Edit", "Read"]
    assert all(set(tool) == {"name", "description", "input_schema"} for tool in CLAUDE_CODE)
