"""Every rule before and after, and all of them at once, over what real clients sent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.chat import ChatRequest, Text
from edge.prompts import to_messages
from edge.prompts.normalise import (
    announcements_first,
    drop_attribution,
    drop_countdown,
    lift_effort,
    merge_turns,
    normalise,
    reminders_in_place,
    trim_system,
)
from edge.prompts.offers import settle_tools
from edge.prompts.volatile import settle_environment
from tests.prompts.repeatable import (
    announcements,
    first_turn,
    front,
    later_month,
    lost_words,
    parsed,
)

FOLDER = Path(__file__).parent / "recordings"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
VERSIONS = sorted({name.split("-")[0] for name in NAMES})
OLD, NEW = VERSIONS[0], VERSIONS[-1]


def body(name: str):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def recorded(name: str) -> ChatRequest:
    return parsed(body(name))


def system(request: ChatRequest) -> str:
    return "\n".join(block.text for block in request.system)


def roles(request: ChatRequest) -> list[str]:
    return [message.role for message in request.messages]


def texts(request: ChatRequest, at: int) -> list[str]:
    return [part.text for part in request.messages[at].parts if isinstance(part, Text)]


# --- the whole --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("situation", ["first", "later", "bare", "agent"])
def test_the_front_is_the_same_in_every_project_and_session(version: str, situation: str):
    here = recorded(f"{version}-harbour-{situation}")
    there = recorded(f"{version}-orchard-{situation}")
    assert front(here) == front(there)
    assert announcements(here) == announcements(there)
    assert here.session is None or here.session != there.session


@pytest.mark.parametrize("version", VERSIONS)
def test_the_front_is_the_same_in_every_request_of_a_session(version: str):
    first = front(recorded(f"{version}-orchard-first"))
    assert front(recorded(f"{version}-orchard-later")) == first
    assert front(recorded(f"{version}-orchard-side")) == first


@pytest.mark.parametrize("name", NAMES)
def test_the_front_is_the_same_in_every_month(name: str):
    assert front(parsed(later_month(body(name)))) == front(recorded(name))


@pytest.mark.parametrize("name", NAMES)
def test_no_fact_is_lost(name: str):
    request = recorded(name)
    assert lost_words(request) == set()
    told = first_turn(request)
    assert "/home/grace/orchard" in told or "/home/ada/harbour" in told
    assert "2026-11-2" in told
    assert ("?? new.py" in told) is (
        "?? new.py" in json.dumps([body(name)["system"], body(name)["messages"][0]])
    )


@pytest.mark.parametrize("name", NAMES)
def test_twice_is_once(name: str):
    once = normalise(recorded(name))
    assert normalise(once) == once


@pytest.mark.parametrize("version", VERSIONS)
def test_a_later_turn_goes_on_where_the_first_ended(version: str):
    first, _ = to_messages(normalise(recorded(f"{version}-orchard-first")))
    later, _ = to_messages(normalise(recorded(f"{version}-orchard-later")))
    assert later[: len(first)] == first


# --- each rule --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_attribution_goes(version: str):
    before = recorded(f"{version}-orchard-first")
    assert before.system[0].text.startswith("x-anthropic-billing-header: cc_version=")
    assert drop_attribution(before) == replace(before, system=before.system[1:])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_countdown_goes_from_system_text_and_system_turns(version: str):
    before = recorded(f"{version}-orchard-later")
    assert "<total_tokens>1000000 tokens left</total_tokens>" in system(before)
    assert "tokens left" in "".join(texts(before, -1))
    after = drop_countdown(before)
    assert "tokens left" not in system(after)
    assert after.messages[-1].parts == ()
    assert after.messages[2:-1] == before.messages[2:-1]


def test_the_facts_of_an_old_client():
    before = recorded(f"{OLD}-orchard-side")
    after = settle_environment(drop_countdown(before))
    assert texts(after, 0)[0].splitlines()[1:] == [
        "# Environment",
        " - Primary working directory: /home/grace/orchard/.claude/worktrees/side",
        " - This is a git worktree — an isolated copy of the repository. Run all commands from "
        "this directory. Do NOT `cd` to the original repository root.",
        " - Is a git repository: true",
        " - Additional working directories:",
        "  - /home/grace",
        " - Platform: linux",
        " - Shell: unknown",
        " - OS Version: Linux 6.12.0",
        " - You are powered by the model named Opus 4.8 (1M context). "
        "The exact model ID is claude-opus-4-8[1m].",
        " - Assistant knowledge cutoff is January 2026.",
        "<memory directory> is /home/grace/.claude/projects/-home-grace-orchard/memory/",
        "<current month> is November 2026",
        "gitStatus: This is the git status at the start of the conversation. Note that this "
        "status is a snapshot in time, and will not update during the conversation.",
        *("", "Current branch: main", ""),
        *("Main branch (you will usually use this for PRs): main", ""),
        *("Status:", "(clean)", "", "Recent commits:"),
        texts(after, 0)[0].splitlines()[-2],
        "</system-reminder>",
    ]
    assert "memory at `<memory directory>" in system(after)
    assert "grace" not in system(after)
    search = next(tool for tool in after.tools if tool.name == "WebSearch")
    assert "current month is <current month> " in search.description
    assert after.messages[1:] == before.messages[1:]


def test_the_facts_of_a_new_client_come_out_of_its_announcement():
    before = recorded(f"{NEW}-harbour-first")
    after = settle_environment(before)
    assert " - Primary working directory: /home/ada/harbour\n" in texts(before, 1)[0]
    assert texts(after, 0)[0].splitlines()[1:] == [
        "# Environment",
        "<memory directory> is /home/ada/.claude/projects/-home-ada-harbour/memory/",
        " - Primary working directory: /home/ada/harbour",
        " - Is a git repository: false",
        " - Platform: linux",
        " - Shell: bash",
        " - OS Version: Linux 6.12.0",
        "You are powered by the model named Opus 5.5. The exact model ID is claude-opus-5-5. "
        "Assistant knowledge cutoff is June 2026.",
        "Today's date is 2026-11-27.",
        "</system-reminder>",
    ]
    assert texts(after, 1)[0].startswith("# Environment\nYou have been invoked in the following")
    assert "harbour" not in texts(after, 1)[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_bare_facts_leave_no_empty_block(version: str):
    after = settle_environment(drop_attribution(recorded(f"{version}-harbour-bare")))
    assert after.system[-1].text.strip() == ""
    assert trim_system(after).system == after.system[:-1]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_client_announces_comes_first(version: str):
    before = recorded(f"{version}-orchard-first")
    assert roles(before) == ["user", "system"]
    after = announcements_first(before)
    assert after.messages == before.messages[::-1]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_system_turn_in_the_middle_stays_there_as_a_reminder(version: str):
    before = recorded(f"{version}-orchard-later")
    assert roles(before)[-3:] == ["assistant", "user", "system"]
    after = reminders_in_place(announcements_first(before))
    assert roles(after)[-3:] == ["assistant", "user", "user"]
    assert texts(after, -1)[0].startswith("<system-reminder>\n<total_tokens>")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_first_turn_is_one_and_ends_with_the_task(version: str):
    before = reminders_in_place(announcements_first(recorded(f"{version}-orchard-first")))
    assert roles(before) == ["user", "user"]
    after = merge_turns(before)
    assert roles(after) == ["user"]
    assert texts(after, 0)[-1] == "Look at the orchard and tell me what it does."


def test_the_effort_of_a_system_turn_becomes_the_requests_own():
    before = recorded(f"{NEW}-orchard-first")
    assert before.messages[1].effort == "medium"
    after = lift_effort(before)
    assert after.effort == "medium"
    assert after.messages[1].effort is None


@pytest.mark.parametrize("version", VERSIONS)
def test_tools_are_in_order_and_no_placeholder_among_them(version: str):
    before = recorded(f"{version}-orchard-first")
    after = settle_tools(before)
    offered = [tool.name for tool in after.tools]
    assert offered == sorted(tool.name for tool in before.tools if not tool.deferred)
