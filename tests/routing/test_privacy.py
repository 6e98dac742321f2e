import asyncio
from pathlib import Path

import pytest

from edge.chat import ChatRequest
from edge.routing.patterns import Patterns
from edge.routing.pins import Pins
from edge.routing.privacy import Privacy, session_key
from edge.routing.scan import Scan
from edge.routing.secrets import load_kinds
from tests.routing.asked import asked, chats, recorded
from tests.routing.test_pins import Clock

CWD = "Working directory: {}\n"
KINDS = load_kinds()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pins.json"


def privacy(path: Path, *projects: str, most: int = 99) -> Privacy:
    pins = Pins(path, Clock(), most=most)
    pins.load()
    return Privacy(projects, Scan(Patterns(["falcon"]), KINDS, lambda: 0.0), pins)


def of(session: str | None, *contents, **rest) -> ChatRequest:
    headers = {"x-claude-code-session-id": session} if session else {}
    return asked(*contents, headers=headers, **rest)


async def test_a_session_is_pinned_for_its_whole_life(path: Path, caplog):
    kept = privacy(path)
    assert await kept.why_here(of("s", "hi")) is None
    found = "pattern 1 of privacy.never_cloud_patterns is in it"
    assert await kept.why_here(of("s", "hi", "the falcon")) == found
    for again in (kept, await asyncio.to_thread(privacy, path)):
        why = await again.why_here(of("s", "compacted"))
        assert why == "its session matched privacy.never_cloud_patterns"
        assert await again.why_here(of("t", "hi")) is None
    assert caplog.text.count("from now on") == 1
    assert b"falcon" not in await asyncio.to_thread(path.read_bytes)


async def test_a_client_without_sessions_is_known_by_its_beginning(path: Path):
    kept = privacy(path)
    assert await kept.why_here(of(None, "hi", "falcon"))
    assert await kept.why_here(of(None, "hi", "something else"))
    assert await kept.why_here(of(None, "hello")) is None


def test_the_keys_of_sessions():
    attribution = {"type": "text", "text": "x-anthropic-billing-header: cch=1"}
    rules = {"type": "text", "text": "be kind"}
    assert session_key(of("s", "a")) == session_key(of("s", "b"))
    assert session_key(of("s")) != session_key(of("t"))
    assert session_key(of(None, "a")) != session_key(of(None, "b"))
    with_one = of(None, "a", system=[attribution, rules])
    assert session_key(with_one) == session_key(of(None, "a", "b", system=[rules]))


async def test_a_project_that_never_leaves(path: Path):
    kept = privacy(path, "~/work/secret")
    inside = of("s", "hi", system=CWD.format("/home/ann/work/secret/src"))
    assert await kept.why_here(inside) == (
        "its project is in ~/work/secret (privacy.never_cloud_projects)"
    )
    outside = of("s", "hi", system=CWD.format("/tmp"))
    assert await kept.why_here(outside) == "its session worked in a project that never leaves"


async def test_a_project_that_is_not_known_yet_waits_at_home(path: Path):
    kept = privacy(path, "~/work/secret")
    title = of("s", "a title, please")
    assert await kept.why_here(title) == "its project is not known yet, and some never leave"
    assert await kept.why_here(of("s", "hi", system=CWD.format("/tmp"))) is None
    assert await kept.why_here(title) is None, "the session has said where it works"


@pytest.fixture
def broken(path: Path) -> Privacy:
    path.write_bytes(b"broken")
    return privacy(path)


async def test_a_broken_list_of_pins_keeps_old_sessions_and_lets_new_ones_go(broken: Privacy):
    kept = broken
    assert await kept.why_here(of("old", "hi", "and then?")) == (
        "the list of pinned sessions was lost, and this may be one of them"
    )
    assert await kept.why_here(of("new", "hi")) is None
    assert await kept.why_here(of("new", "hi", "and then?")) is None


async def test_a_full_list_pins_whom_it_cannot_remember(path: Path):
    kept = privacy(path, most=1)
    assert await kept.why_here(of("a", "hi", "falcon"))
    assert await kept.why_here(of("b", "hi", "falcon"))
    again = await asyncio.to_thread(privacy, path, most=1)
    assert await again.why_here(of("a", "hi", "compacted"))
    assert await again.why_here(of("b", "compacted"))


async def test_a_disk_that_refuses_is_told_and_the_pin_holds(caplog):
    kept = privacy(Path("/proc/pins.json"))
    assert await kept.why_here(of("s", "falcon"))
    assert "pinned sessions cannot be saved: " in caplog.text
    assert await kept.why_here(of("s", "hi"))


@pytest.mark.parametrize("name", chats())
async def test_real_sessions_may_leave(path: Path, name: str):
    assert await privacy(path).why_here(recorded(name)) is None
