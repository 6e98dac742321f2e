import pytest

from edge.chat import ChatRequest
from edge.routing.features import features_of, is_background, session_of
from tests.routing.asked import asked, chats, recorded

PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}


def test_of_a_plain_request_little_is_known():
    found = features_of(ChatRequest("claude-x", ()))
    assert (found.tokens, found.project, found.session, found.effort) == (None, None, None, None)
    assert not (found.thinking or found.web_search or found.subagent or found.background)


def test_a_real_main_request():
    found = features_of(recorded("claude-code-2.1.330-default-tools"))
    assert found.project == "/home/dev/project"
    assert (found.thinking, found.effort) == (True, "medium")
    assert "Bash" in found.tools
    assert found.session == "00000000-0000-4000-8000-000000000001"
    assert not (found.subagent or found.web_search)
    assert found.header("X-App") == "cli"


@pytest.mark.parametrize("version", ["2.1.197", "2.1.330"])
def test_a_real_subagent_and_a_real_search(version: str):
    subagent = features_of(recorded(f"claude-code-{version}-subagent"))
    assert subagent.subagent
    assert subagent.project == "/home/dev/project"
    search = features_of(recorded(f"claude-code-{version}-web-search"))
    assert search.web_search
    assert search.server_tools[0].startswith("web_search_")


def test_the_bare_client_says_its_directory_in_its_own_words():
    found = asked("hi", system="CWD: /home/dev/bare project\nDate: 2026-11-22")
    assert features_of(found).project == "/home/dev/bare project"


def test_where_auto_mode_works_now_is_a_directory_too():
    found = features_of(recorded("claude-code-2.1.330-auto"))
    assert found.directories == ("/home/dev/project",)


def test_what_a_file_or_a_person_says_is_no_directory():
    assert features_of(asked("Working directory: /etc")).project is None


@pytest.mark.parametrize("name", chats())
def test_every_recording_has_features(name: str):
    assert features_of(recorded(name)).model.startswith("claude-opus")


def test_reminders_are_not_what_the_person_said():
    text = "<system-reminder>CWD: /secret\n</system-reminder>\nfix it <system-reminder>a"
    found = features_of(asked(text))
    assert found.last_user_text == "fix it <system-reminder>a"
    assert found.project == "/secret"


def test_many_open_reminders_take_no_time():
    text = 200_000 * "<system-reminder>"
    assert features_of(asked(text)).last_user_text == text


def test_images_count_in_the_last_user_turn_only():
    result = {"type": "tool_result", "tool_use_id": "t", "content": [PNG, PNG]}
    assert features_of(asked([PNG], "and now?")).images == 0
    assert features_of(asked("see", [PNG, result])).images == 3


def test_effort_is_what_was_said_last():
    request = asked("hi", output_config={"effort": "high"})
    assert features_of(request).effort == "high"
    assert features_of(recorded("claude-code-2.1.330-bare")).effort == "medium"


@pytest.mark.parametrize(
    ("model", "expected"),
    [("claude-haiku-4-5", True), ("Claude-3-5-Haiku", True), ("haiku", False), ("claude-x", False)],
)
def test_the_background_class(model: str, expected: bool):
    assert is_background(model) is expected


def test_a_session_in_the_users_id():
    request = asked("hi", metadata={"user_id": "user_ab_account__session_1234"})
    assert session_of(request) == "1234"
    assert session_of(asked("hi", metadata={"user_id": "me"})) is None
    both = asked(
        "hi", headers={"x-claude-code-session-id": "s"}, metadata={"user_id": "_session_x"}
    )
    assert session_of(both) == "s"
