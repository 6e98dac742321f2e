import pytest

from edge.chat import ChatRequest, Document, Image, Message, Text, ToolResult, ToolUse
from edge.routing.estimate import IMAGE_TOKENS, PAGE_BYTES, estimate_tokens
from tests.routing.asked import recorded


def of(*parts) -> int:
    return estimate_tokens(ChatRequest("m", (Message("user", parts),)))


def test_nothing_is_nothing():
    assert estimate_tokens(ChatRequest("m", ())) == 0


def test_text_by_its_bytes():
    assert of(Text(3600 * "a")) == 1000
    assert of(Text(1200 * "日")) == 1000
    assert of(Text("\ud800")) == 1, "half a surrogate pair is no reason to fail"


def test_calls_and_results():
    assert of(ToolUse("id", "Bash", {"command": 3600 * "a"})) > 1000
    assert of(ToolResult("id", (Text(3600 * "a"), Image(None, data=b"x")))) == 1000 + IMAGE_TOKENS


def test_pages():
    assert of(Document("application/pdf", data=b"x" * (PAGE_BYTES + 1))) == 2 * IMAGE_TOKENS
    assert of(Document(None, text=3600 * "a")) == 1000


@pytest.mark.parametrize(
    ("name", "low", "high"), [("bare", 1_000, 12_000), ("default-tools", 15_000, 45_000)]
)
def test_real_requests_have_the_length_that_is_published(name: str, low: int, high: int):
    for version in ("2.1.197", "2.1.330"):
        assert low / 2 < estimate_tokens(recorded(f"claude-code-{version}-{name}")) < high
