"""The stand-in cloud over a real socket, and what its answers are made of."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.chat import Finished, TextDelta, ToolCallDelta
from edge.dialects.anthropic import EventParser
from tests.bench.link.answers import LAST_WORDS, MARKS, Plan, text_answer, turn
from tests.bench.link.cloud import PAGE, Cloud, Connection
from tests.bench.link.laptop import Answer, Target, exchange

TOOLS = b'{"tools":[{"name":"Bash"}],"messages":[]}'


def heard(pieces: tuple[bytes, ...]):
    parser = EventParser()
    return parser.feed(b"".join(pieces)) + parser.close()


def test_a_text_answer_is_whole():
    events = heard(text_answer(1, Plan(words=5)))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "The word word word end."
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "end_turn"


def test_turns_want_one_command_each_and_then_are_done():
    plan = Plan(words=3, steps=2)
    for done in range(plan.steps):
        events = heard(turn(7, TOOLS + b'"tool_use_id"' * done, plan))
        said = "".join(e.json for e in events if isinstance(e, ToolCallDelta))
        assert json.loads(said)["command"] == f"echo step-{done + 1} >> {MARKS}"
        assert isinstance(events[-1], Finished) and events[-1].reason == "tool_use"
    events = heard(turn(7, TOOLS + b'"tool_use_id"' * plan.steps, plan))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == LAST_WORDS


def test_a_side_request_gets_no_command():
    events = heard(turn(1, b'{"messages":[]}', Plan(steps=2)))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "{}"


@asynccontextmanager
async def there(cloud: Cloud) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(cloud), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def asked(port: int, body: Path, times: int = 1) -> list[Answer]:
    to = Target("127.0.0.1", port, str(body), {"x-api-key": "k"})
    with to.connect(5) as sock:
        return [exchange(sock, to.request()) for _ in range(times)]


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.json"
    path.write_bytes(b"{}")
    return path


async def test_requests_one_after_the_other_on_one_connection(body: Path):
    cloud = Cloud()
    cloud.obey({"words": 3, "first": 0.01, "gap": 0.001})
    async with there(cloud) as port:
        answers = await asyncio.to_thread(asked, port, body, 3)
    assert [(one.status, one.whole, one.text) for one in answers] == [
        (200, True, "The word end.")
    ] * 3
    for one in answers:
        assert one.byte is not None and one.content is not None and one.ended is not None
        assert one.began + 0.01 <= one.byte <= one.content <= one.ended
    seen = {"asked": 3, "finished": 3, "connections": 1, "credentials": ["k"]}
    assert cloud.obey({"report": True}) == seen
    assert cloud.obey({"forget": True}) == dict.fromkeys(seen, 0) | {"credentials": []}


async def test_it_says_when_an_event_has_been_sent(body: Path, capsys):
    cloud = Cloud()
    cloud.obey({"cut": [2, 4]})
    async with there(cloud) as port:
        await asyncio.to_thread(asked, port, body, 3)
    assert capsys.readouterr().out == '{"cut": [2, 4]}\n'


async def test_a_sign_in_page_answers_everything(body: Path):
    cloud = Cloud()
    cloud.obey({"portal": True})
    async with there(cloud) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /generate_204 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert PAGE in await reader.readuntil(b"</html>")
        writer.close()


def test_a_wish_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="nothing is called colour"):
        Cloud().obey({"colour": "red"})
