"""The daemon on the embedded model, over HTTP, as any client sees it."""

import json
import signal
import threading

from tests.system.daemon import Daemon, run_codriver, serving, sse, started, text_of

HELLO = {
    "model": "claude-sonnet-5",
    "max_tokens": 12,
    "temperature": 0,
    "messages": [{"role": "user", "content": "Say hello."}],
}


def test_the_start_says_what_was_chosen_and_what_to_paste(small: Daemon):
    assert "model      smollm2-135m" in small.said
    assert "export ANTHROPIC_BASE_URL=http://127.0.0.1:" in small.said
    assert "export ANTHROPIC_AUTH_TOKEN=local" in small.said
    assert "GB usable" in small.said


def test_a_streamed_answer(small: Daemon):
    reply = small.ask("POST", "/v1/messages?beta=true", {**HELLO, "stream": True})
    events = sse(reply.body)
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    assert [events[0][0], events[-2][0], events[-1][0]] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    assert text_of(events)
    assert events[-2][1]["usage"]["output_tokens"] > 0
    assert reply.headers["x-codriver-route"] == "local"


def test_a_whole_answer_says_the_same_as_the_stream(small: Daemon):
    whole = small.ask("POST", "/v1/messages", HELLO)
    streamed = small.ask("POST", "/v1/messages", {**HELLO, "stream": True})
    assert whole.json["content"][0]["text"] == text_of(sse(streamed.body))
    assert whole.json["id"].startswith("msg_")
    assert whole.json["model"] == "claude-sonnet-5"


def test_usage_adds_up_and_tells_what_was_kept(small: Daemon):
    request = {**HELLO, "messages": [{"role": "user", "content": "Count to three. " * 30}]}
    first = small.ask("POST", "/v1/messages", request).json["usage"]
    second = small.ask("POST", "/v1/messages", request).json["usage"]
    counted = small.ask("POST", "/v1/messages/count_tokens", request).json["input_tokens"]
    for usage in (first, second):
        parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        assert sum(usage[part] for part in parts) == counted
    assert second["cache_read_input_tokens"] == counted - 1


def test_a_stop_sequence_is_reported(small: Daemon):
    free = small.ask("POST", "/v1/messages", {**HELLO, "max_tokens": 30}).json["content"][0]["text"]
    stop = free[3:6]
    reply = small.ask("POST", "/v1/messages", {**HELLO, "stop_sequences": [stop]}).json
    assert (reply["stop_reason"], reply["stop_sequence"]) == ("stop_sequence", stop)
    assert stop not in "".join(block["text"] for block in reply["content"])


def test_structured_output_is_valid(small: Daemon):
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string", "maxLength": 40}, "n": {"enum": [1, 2]}},
        "required": ["title", "n"],
        "additionalProperties": False,
    }
    request = {
        **HELLO,
        "max_tokens": 200,
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }
    reply = small.ask("POST", "/v1/messages", request).json
    value = json.loads(reply["content"][0]["text"])
    assert isinstance(value["title"], str)
    assert value["n"] in (1, 2)
    assert reply["stop_reason"] == "end_turn"


def test_a_forced_tool_is_called_with_valid_arguments(small: Daemon):
    tool = {
        "name": "set_unit",
        "input_schema": {
            "type": "object",
            "properties": {"unit": {"enum": ["km", "mi"]}},
            "required": ["unit"],
        },
    }
    request = {**HELLO, "max_tokens": 100, "tools": [tool], "tool_choice": {"type": "any"}}
    reply = small.ask("POST", "/v1/messages", request).json
    assert reply["stop_reason"] == "tool_use"
    assert reply["content"][-1]["name"] == "set_unit"
    assert reply["content"][-1]["input"]["unit"] in ("km", "mi")
    assert reply["content"][-1]["id"].startswith("toolu_")


def test_probes_are_answered(small: Daemon):
    assert small.ask("HEAD", "/").status == 200
    assert small.ask("HEAD", "/api/hello").status == 200
    assert small.ask("GET", "/").status == 200
    assert small.ask("POST", "/api/event_logging/batch", {}).status == 200
    quota = {
        "model": "claude-haiku-4-5",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "quota"}],
    }
    reply = small.ask("POST", "/v1/messages", quota)
    assert "without a model" in reply.headers["x-codriver-reason"]


def test_models_pass_the_clients_discovery(small: Daemon):
    page = small.ask("GET", "/v1/models?limit=1000", x_api_key="any").json
    ids = [model["id"] for model in page["data"]]
    assert all("anthropic" in name or "claude" in name for name in ids)
    for name in (ids[0], "claude-opus-4-8"):
        one = small.ask("GET", f"/v1/models/{name}", anthropic_version="2023-06-01").json
        assert one["id"] == name


def test_sigterm_lets_an_answer_finish():
    with serving("--model", "smollm2", "--context", "2048") as daemon:
        connection_reply = []

        def ask() -> None:
            connection_reply.append(
                daemon.ask("POST", "/v1/messages", {**HELLO, "max_tokens": 60, "stream": True})
            )

        asking = threading.Thread(target=ask)
        asking.start()
        assert daemon.heard("goes to local")
        daemon.process.send_signal(signal.SIGTERM)
        asking.join()
        assert daemon.process.wait(40) == 0
    assert sse(connection_reply[0].body)[-1][0] == "message_stop"


def test_a_busy_port_is_one_sentence(small: Daemon):
    port = str(small.address[1])
    with started("--port", port, "--model", "smollm2") as second:
        assert second.process.wait(60) == 1
    assert f"port {port}" in second.said
    assert "--port" in second.said
    assert "Traceback" not in second.said


def test_plan_and_probe_tell_in_json():
    plans = json.loads(run_codriver("plan", "--json", "--model", "smollm2").stdout)
    assert plans[0]["fits"] is True
    assert plans[0]["reason"]
    assert json.loads(run_codriver("probe", "--json").stdout)["cores"] >= 1
