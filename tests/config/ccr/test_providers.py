import pytest

from edge.config.ccr.providers import upstreams_of


def one(**entry):
    notes: list[str] = []
    found = upstreams_of({"Providers": [{"name": "p", **entry}]}, notes)
    return (found[0] if found else None), notes


@pytest.mark.parametrize(
    ("url", "rest", "dialect", "base"),
    [
        ("https://a.example/v1/chat/completions", {}, "openai", "https://a.example/v1"),
        ("https://a.example/chat/completions", {}, "openai", "https://a.example"),
        ("http://10.0.0.2:11434/v1", {}, "openai", "http://10.0.0.2:11434/v1"),
        ("https://a.example/v1/messages", {}, "anthropic", "https://a.example"),
        ("https://a.example/x", {"transformer": {"use": ["Anthropic"]}}, "anthropic",
         "https://a.example/x"),
        ("https://a.example", {"protocol": "anthropic_messages"}, "anthropic", "https://a.example"),
    ],
)  # fmt: skip
def test_dialect_and_address(url: str, rest, dialect: str, base: str):
    upstream, notes = one(api_base_url=url, **rest)
    assert upstream is not None
    assert (upstream.dialect, upstream.url, notes) == (dialect, base, [])


@pytest.mark.parametrize(
    ("entry", "note"),
    [
        ({"api_base_url": "ftp://x"}, "its address is no http:// or https:// address"),
        ({}, "its address is no http:// or https:// address"),
        ({"api_base_url": "https://me:secret@x"}, "its address is no http:// or https:// address"),
        (
            {"api_base_url": "https://x", "transformer": {"use": [["gemini", {}]]}},
            "it speaks no dialect of codriver's (gemini)",
        ),
        ({"api_base_url": "https://x", "enabled": False}, "it is switched off"),
    ],
)
def test_what_cannot_be_an_upstream_is_noted(entry, note: str):
    assert one(**entry) == (None, [f"provider p: {note}"])


def test_transformers_without_a_counterpart_are_noted():
    known = ["openrouter", "maxcompletiontokens"]
    use = {"use": [["maxtoken", {"max_tokens": 9}], *known], "m": {"use": ["tooluse"]}}
    upstream, notes = one(api_base_url="https://x", transformer=use)
    assert upstream is not None
    assert notes == [
        "provider p: its transformer maxtoken has no counterpart",
        "provider p: its transformer tooluse has no counterpart",
    ]


def test_keys_are_values_or_variables_and_never_shown():
    upstream, _ = one(api_base_url="https://x", api_key="sk-secret")
    assert upstream is not None
    assert (upstream.key, upstream.variable) == ("sk-secret", None)
    assert "secret" not in repr(upstream)
    for text in ("$MY_KEY", "${MY_KEY}"):
        upstream, _ = one(api_base_url="https://x", api_key=text)
        assert upstream is not None
        assert (upstream.key, upstream.variable) == (None, "MY_KEY")


def test_names_are_made_fit_and_unique():
    entries = [
        {"name": name, "api_base_url": "https://x"} for name in ("A b", "a-b", "local", "中")
    ]
    found = upstreams_of({"providers": [*entries, 3]}, notes := [])
    assert [each.name for each in found] == ["a-b", "a-b-2", "local-server", "provider"]
    assert notes == ["provider 5: it is no object"]


def test_models_are_texts_or_objects():
    upstream, _ = one(api_base_url="https://x", models=["a", {"id": "b"}, {"name": "c"}, 3, ""])
    assert upstream is not None
    assert upstream.models == ("a", "b", "c")
