import pytest
from multidict import CIMultiDict

from edge.api.auth import presented_tokens, require_token
from tests.api.serving import ASK, HELLO, engine, refusal, serving

TOKEN = "token-of-this-box"
GUARD = require_token(lambda token: token == TOKEN)
CLAUDE = {"anthropic-version": "2023-06-01"}
CURE = (
    "set ANTHROPIC_AUTH_TOKEN, or OPENAI_API_KEY in a client of OpenAI's, to what "
    "`codriver serve` printed"
)


@pytest.mark.parametrize(
    ("headers", "tokens"),
    [
        ({}, ()),
        ({"Authorization": "Bearer a"}, ("a",)),
        ({"authorization": "bearer  a "}, ("a",)),
        ({"X-Api-Key": "b"}, ("b",)),
        ({"Authorization": "Bearer a", "x-api-key": "b"}, ("a", "b")),
        ({"Authorization": "Bearer a", "x-api-key": "a"}, ("a",)),
        ({"Authorization": "Bearer "}, ()),
        ({"Authorization": "Basic a"}, ()),
        ({"Authorization": "a"}, ()),
        ({"x-api-key": " "}, ()),
    ],
)
def test_a_token_comes_as_bearer_or_as_key(headers, tokens):
    assert presented_tokens(CIMultiDict(headers)) == tokens


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"x-api-key": TOKEN},
        {"x-api-key": TOKEN, "Authorization": f"Bearer {TOKEN}"},
        {"x-api-key": "meant for the cloud", "Authorization": f"Bearer {TOKEN}"},
        {"x-api-key": TOKEN, "Authorization": "Bearer meant-for-the-cloud"},
    ],
)
async def test_the_box_s_token_opens_everything(headers):
    async with serving(engine(*HELLO), guard=GUARD) as client:
        for path in ("/v1/messages", "/v1/messages/count_tokens"):
            assert (await client.post(path, json=ASK, headers=headers)).status == 200
        for path in ("/v1/models", "/v1/models/claude-x"):
            response = await client.get(path, headers={**headers, **CLAUDE})
            assert response.status == 200


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({}, f"this box wants its token: {CURE}"),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, f"this box wants its token: {CURE}"),
        ({"Authorization": "Bearer wrong"}, f"this is not the box's token: {CURE}"),
        ({"x-api-key": "wrong"}, f"this is not the box's token: {CURE}"),
        ({"x-api-key": TOKEN + "x"}, f"this is not the box's token: {CURE}"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/messages"),
        ("POST", "/v1/messages/count_tokens"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/claude-x"),
        ("GET", "/no/such/path"),
        ("POST", "/api/event_logging/batch"),
    ],
)
async def test_without_it_nothing_opens(headers, sentence, method, path):
    local = engine(*HELLO)
    async with serving(local, guard=GUARD) as client:
        response = await client.request(method, path, headers={**headers, **CLAUDE})
        assert await refusal(response) == (401, "authentication_error", sentence)
    assert local.requests == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/api/hello"])
async def test_clients_warm_up_without_a_token(method, path):
    async with serving(engine(*HELLO), guard=GUARD) as client:
        assert (await client.request(method, path)).status == 200


async def test_a_wrong_token_is_repeated_nowhere(caplog):
    caplog.set_level("DEBUG")
    async with serving(engine(*HELLO), guard=GUARD) as client:
        response = await client.get("/v1/models", headers={"x-api-key": "a-secret-of-mine"})
        assert "a-secret-of-mine" not in await response.text() + str(response.headers)
    assert "a-secret-of-mine" not in caplog.text


async def test_on_loopback_nobody_is_asked():
    async with serving(engine(*HELLO)) as client:
        assert (await client.get("/v1/models")).status == 200
