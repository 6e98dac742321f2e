from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.secrets import TABLE, entropy, find_secret, load_kinds
from edge.routing.texts import texts_of, wholes_of
from tests.routing.asked import chats, recorded

KINDS = load_kinds()
MIXED = "aB3dE5gH7kLmN9pQrS2tUvW4xYz6"
"""Letters and digits; no sample stands here whole, so that no scanner takes this file for one."""


def key(prefix: str, length: int) -> str:
    return prefix + (6 * MIXED)[:length]


PEM = "-----BEGIN {}PRIVATE KEY-----"
SAMPLES = {
    "an AWS access key": ["AKIA" + "Q3EGRZ7NHB2WTX5D", "id=ASIA" + "Q3EGRZ7NHB2WTX5D;"],
    "a GitHub token": [key("ghp_", 36), key("github_pat_", 22) + "_" + key("", 59)],
    "a GitLab token": [key("glpat-", 20)],
    "a private key": [
        PEM.format("") + "\n" + key("MII", 60),
        PEM.format("RSA ") + "\\n" + key("MII", 60),
        "     1\u2192" + PEM.format("OPENSSH ") + "\n     2\u2192" + key("b3", 60),
        PEM.format("RSA ") + "\nProc-Type: 4,ENCRYPTED\n" + key("MII", 60),
    ],
    "an Anthropic key": [key("sk-ant-api03-", 90), key("sk-ant-oat01-", 60)],
    "an OpenAI key": [key("sk-proj-", 100), key("sk-", 48)],
    "a Slack token": [
        "xoxb-" + "123456789012-" + key("", 24),
        "https://hooks.slack.com/services/" + "T0ABCDEFG/B0ABCDEFG/" + key("", 24),
    ],
    "a Google API key": [key("AIza", 35)],
    "a Stripe key": [key("sk_live_", 24)],
    "a Hugging Face token": [key("hf_", 34)],
    "a JSON web token": [key("eyJ", 20) + "." + key("eyJ", 40) + "." + key("", 43)],
    "a password or token in an assignment": [
        f'PASSWORD="{MIXED}"',
        f"aws_secret_access_key = {MIXED}/+{MIXED[::-1]}",
        f"'apiKey': '{MIXED}'",
        f"export DB_TOKEN={MIXED}",
    ],
}


@pytest.mark.parametrize(
    ("name", "sample"), [(name, one) for name, many in SAMPLES.items() for one in many]
)
def test_each_kind_is_found(name: str, sample: str):
    assert find_secret(f"so\n{sample}\nthere", KINDS) == name


def test_every_kind_of_the_table_has_a_sample_and_a_source():
    assert {kind.name for kind in KINDS} == set(SAMPLES)
    assert TABLE.read_text().count("source = ") == len(KINDS)


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "the header is -----BEGIN RSA PRIVATE KEY-----, then base64 follows",
        'if text.startswith("-----BEGIN PRIVATE KEY-----"):',
        "-----BEGIN CERTIFICATE-----\n" + key("MII", 60),
        "sk-ant-api03-...",
        "ghp_xxxx",
        "password = getpass.getpass('the password of the database: ')",
        "token: str = request.headers.get_authorization_token2()",
        "key = functools.cmp_to_key(compare_versions_2024)",
        "secret_name = projects/12345/secrets/database-password",
        "API_KEY=your-api-key-goes-in-here",
        "tokens: 1234567890123456789012345",
        "monkey=" + MIXED[:10],
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    ],
)
def test_what_only_looks_alike_is_left_alone(text: str):
    assert find_secret(text, KINDS) is None


@pytest.mark.parametrize("name", chats())
def test_claude_codes_own_prompts_hold_none(name: str):
    texts = [text for whole in wholes_of(recorded(name)) for text in texts_of(whole)]
    assert texts
    assert not any(find_secret(text, KINDS) for text in texts)


def test_our_own_sources_hold_none():
    root = Path(__file__).resolve().parents[2]
    for path in (*root.glob("edge/**/*.py"), *root.glob("docs/**/*.md")):
        assert find_secret(path.read_text("utf-8"), KINDS) is None, path


@given(st.text(max_size=300))
def test_any_text_is_read(text: str):
    find_secret(text, KINDS)


def test_entropy_is_in_bits_a_character():
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
