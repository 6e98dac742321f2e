"""Routes, the error edge and what stands on every answer."""

import json

import aiohttp
import pytest

from edge.engines.base import ModelInfo
from edge.engines.fake import FakeEngine
from edge.errors import EngineError
from edge.units import Tokens
from tests.api.serving import ASK, HELLO, STREAMED, engine, refusal, serving


@pytest.mark.parametrize("path", ["/", "/api/hello"])
async def test_clients_find_somebody_home(path):
    async with serving(engine(*HELLO)) as client:
        response = await client.get(path)
        assert (response.status, await response.text()) == (200, "codriver is running")
        response = await client.head(path)
        assert (response.status, await response.read()) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/event_logging/batch"), ("GET", "/api/claude_cli/bootstrap")],
)
async def test_telemetry_is_taken_quietly(method, path):
    async with serving(engine(*HELLO)) as client:
        response = await client.request(method, path)
        assert (response.status, await response.json()) == (200, {})


async def metrics(**options) -> str:
    async with serving(engine(*HELLO), **options) as client:
        response = await client.get("/metrics")
        assert response.status == 200
        return await response.text()


async def test_the_metrics_are_of_the_engines_and_of_the_box():
    async def measures() -> list[tuple[str, float]]:
        return [("queue_waiting", 2.0)]

    alone = await metrics()
    assert alone.startswith("# TYPE codriver_engine_ready gauge")
    assert await metrics(measures=measures) == (
        alone + "# TYPE codriver_queue_waiting gauge\ncodriver_queue_waiting 2\n"
    )


async def test_what_cannot_be_told_costs_the_page_nothing_else():
    async def measures() -> list[tuple[str, float]]:
        raise EngineError("the disk is gone")

    assert await metrics(measures=measures) == await metrics()


CLAUDE = {"anthropic-version": "2023-06-01"}
"""What every client of Anthropic's sends."""


# --- models -----------------------------------------------------------------------------


class Named(FakeEngine):
    def models(self) -> tuple[ModelInfo, ...]:
        names = frozenset({"codriver/qwen-x", "coder"})
        return (ModelInfo("qwen-x", "Qwen X", Tokens(32_768), names=names),)


async def test_models_are_listed_under_ids_that_clients_keep():
    async with serving(Named()) as client:
        response = await client.get("/v1/models?limit=1000", headers={"x-api-key": "any"})
        page = await response.json()
    assert response.status == 200
    assert [model["id"] for model in page["data"]] == ["anthropic-local-qwen-x"]
    assert page["data"][0]["display_name"] == "Qwen X"
    assert page["data"][0]["max_input_tokens"] == 32_768
    assert page["first_id"] == page["last_id"] == "anthropic-local-qwen-x"
    assert page["has_more"] is False


@pytest.mark.parametrize(
    "wanted", ["anthropic-local-qwen-x", "claude-sonnet-5", "Claude-of-tomorrow", "claude/a/b"]
)
async def test_one_model_is_described(wanted):
    """Every Claude is served, by the model that is here."""
    async with serving(Named()) as client:
        response = await client.get(f"/v1/models/{wanted}", headers=CLAUDE)
        assert response.status == 200
        model = await response.json()
    assert (model["id"], model["display_name"]) == (wanted, "Qwen X")


@pytest.mark.parametrize("name", ["qwen-x", "codriver/qwen-x", "Coder"])
async def test_a_model_is_found_by_its_other_names(name):
    async with serving(Named()) as client:
        response = await client.get(f"/v1/models/{name}", headers=CLAUDE)
        assert (await response.json())["id"] == "anthropic-local-qwen-x"


async def test_a_model_nobody_has_is_not_found():
    async with serving(Named()) as client:
        response = await client.get("/v1/models/gpt-x", headers=CLAUDE)
        assert await refusal(response) == (404, "not_found_error", "model: gpt-x")


# --- the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("POST", "/v1/complete"),
        ("POST", "/v1/messages/batches"),
        ("GET", "/v1/models/"),
        ("POST", "/v1/messages/"),
    ],
)
async def test_an_unknown_path_is_told_what_there_is(method, path):
    async with serving(engine(*HELLO)) as client:
        status, kind, message = await refusal(await client.request(method, path, headers=CLAUDE))
    assert (status, kind) == (404, "not_found_error")
    assert "/v1/messages" in message


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/messages"), ("POST", "/v1/models"), ("DELETE", "/")]
)
async def test_a_wrong_method_is_told_so(method, path):
    async with serving(engine(*HELLO)) as client:
        status, kind, message = await refusal(await client.request(method, path, headers=CLAUDE))
    assert (status, kind) == (405, "invalid_request_error")
    assert "does not take that method" in message


async def test_a_body_over_the_limit_is_too_large():
    local = engine(*HELLO)
    async with serving(local, max_body=10_000) as client:
        response = await client.post("/v1/messages", data=b"x" * 20_000)
        status, kind, message = await refusal(response)
        assert (status, kind) == (413, "request_too_large")
        assert "server.max_body_bytes" in message
        assert (await client.post("/v1/messages", json=ASK)).status == 200
    assert len(local.requests) == 1


async def test_a_body_at_the_limit_is_taken():
    body = json.dumps(ASK).encode()
    async with serving(engine(*HELLO), max_body=len(body)) as client:
        assert (await client.post("/v1/messages", data=body)).status == 200


async def test_a_mistake_of_ours_is_a_sentence_and_the_log_has_the_rest(caplog):
    class Broken(FakeEngine):
        async def count_tokens(self, request: object) -> Tokens:
            raise KeyError("a secret of the code")

    async with serving(Broken()) as client:
        response = await client.post("/v1/messages/count_tokens", json=ASK)
        assert await refusal(response) == (
            500,
            "api_error",
            "codriver made a mistake; its log has the details",
        )
    assert "a secret of the code" in caplog.text


# --- ids --------------------------------------------------------------------------------


async def request_id(response: aiohttp.ClientResponse) -> str:
    await response.read()
    (found,) = response.headers.getall("request-id")
    return found


async def test_every_answer_has_an_id_of_its_own():
    async with serving(engine(*HELLO)) as client:
        found = [
            await request_id(await client.get("/")),
            await request_id(await client.get("/v1/models", headers=CLAUDE)),
            await request_id(await client.get("/nowhere")),
            await request_id(await client.post("/v1/messages", json=ASK)),
            await request_id(await client.post("/v1/messages", json=STREAMED)),
            await request_id(await client.post("/v1/messages/count_tokens", json=ASK)),
        ]
    assert len(set(found)) == len(found)
    assert all(name.startswith("req_") for name in found)
