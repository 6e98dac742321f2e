"""Which headers, and above all which credentials, go where."""

import pytest

from edge.config import Secret
from edge.engines.upstream.headers import HOP_BY_HOP, authorised, kept, wait_of
from edge.engines.upstream.server import Server

ANTHROPIC_KEY = ("Authorization", "Bearer sk-ant-laptop")
OTHER_KEY = ("Authorization", "Bearer sk-laptop")


def is_own(token):
    return token == "box"


def sent(server, *headers):
    return authorised(headers, server, is_own)


def test_headers_of_one_hop():
    headers = (("Connection", "a"), ("A", "1"), ("TE", "x"), ("X-Codriver-Route", "y"), ("B", "2"))
    assert kept(headers, HOP_BY_HOP) == (("B", "2"),)


def test_a_key_of_its_own_stands_where_its_dialect_looks():
    own = Secret("k")
    assert sent(Server("http://a", "openai", own), OTHER_KEY, ("x-api-key", "z"), ("a", "b")) == (
        ("a", "b"),
        ("authorization", "Bearer k"),
    )
    assert sent(Server("http://a", "anthropic", own), OTHER_KEY) == (("x-api-key", "k"),)


def test_none_means_none():
    headers = (OTHER_KEY, ("x-api-key", "z"), ("Api-Key", "y"), ("a", "b"))
    assert sent(Server("http://a", "openai", "none"), *headers) == (("a", "b"),)


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("https://api.anthropic.com/v1", True),
        ("https://anthropic.com", True),
        ("https://openrouter.example/api/v1", False),
        ("https://api.anthropic.com.evil.example", False),
        ("https://notanthropic.com", False),
    ],
)
def test_a_key_of_anthropics_goes_to_no_stranger_of_the_other_dialect(url, goes):
    for header in (ANTHROPIC_KEY, ("x-api-key", "sk-ant-laptop")):
        passed = sent(Server(url, "openai"), header)
        assert (passed is not None) == goes
    assert sent(Server(url, "openai"), OTHER_KEY) == (OTHER_KEY,)
    assert sent(Server(url, "anthropic"), ANTHROPIC_KEY) == (ANTHROPIC_KEY,)


def test_the_boxs_own_token_goes_nowhere():
    assert sent(Server("http://a", "openai"), ("Authorization", "Bearer box")) is None
    assert sent(
        Server("http://a", "openai"), ("Authorization", "Bearer box"), ("Api-Key", "k")
    ) == (("Api-Key", "k"),)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("99999", 3600.0), ("-1", None), ("inf", None), ("nan", None),
     ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("", None), (None, None)],
)  # fmt: skip
def test_when_to_come_back(value, seconds):
    assert wait_of(value) == seconds
