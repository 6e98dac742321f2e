"""A cloud behind a link that goes away before, during and after requests, and an SDK's client."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.link.place import BOX_PORT, MODEL, TOKEN, Cloud, Place, road
from tests.bench.link.rig import small_body
from tests.system.daemon import Daemon
from tests.system.hosts import BOX_ADDRESS, on

ENOUGH_S = 60.0
"""For a slow machine; what is waited for takes a second or two, and five after a cut."""
LOCAL_SAYS = "Hello from codriver."

CLIENT = f"""
import anthropic, json
client = anthropic.Anthropic(
    base_url="http://{BOX_ADDRESS}:{BOX_PORT}", auth_token="{TOKEN}", api_key=None, max_retries=0
)
turns = [{{"role": "user", "content": "hi"}}]
with client.messages.stream(model="{MODEL}", max_tokens=500, messages=turns) as stream:
    kinds = [event.type for event in stream]
    message = stream.get_final_message()
print(json.dumps({{
    "text": "".join(block.text for block in message.content),
    "stop": message.stop_reason,
    "starts": kinds.count("message_start"),
    "stops": kinds.count("message_stop"),
}}))
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with road(tmp_path) as made:
        yield made


@pytest.fixture
def cloud(place: Place) -> Iterator[Cloud]:
    with place.cloud() as cloud:
        yield cloud


@pytest.fixture
def box(place: Place, cloud: Cloud) -> Iterator[Daemon]:
    with place.codriver() as daemon:
        yield daemon
    assert "Traceback" not in daemon.said


def test_an_answer_that_is_cut_is_gone_on_with_in_the_same_stream(
    place: Place, cloud: Cloud, box: Daemon
):
    cloud.set(gap=0.05, words=40, cut=[1, 8])
    with subprocess.Popen(
        on(place.laptop, "-c", CLIENT), stdout=subprocess.PIPE, text=True
    ) as client:
        assert cloud.heard() == {"cut": [1, 8]}
        place.link.drop()
        said, _ = client.communicate(timeout=ENOUGH_S)
    answer = json.loads(said)
    begun, _, rest = answer["text"].partition(LOCAL_SAYS)
    assert begun.startswith("The word word ")
    assert rest == ""
    assert answer["text"].endswith(LOCAL_SAYS)
    assert (answer["stop"], answer["starts"], answer["stops"]) == ("end_turn", 1, 1)
    assert box.heard("local goes on with it")


def test_packets_that_vanish_before_a_request_leave_it_to_the_box(
    place: Place, cloud: Cloud, box: Daemon
):
    body = small_body(place.folder)
    assert place.ask(place.to_box(body)).route == "cloud"
    place.link.drop()
    for _ in range(2):
        answer = place.ask(place.to_box(body), ENOUGH_S)
        assert (answer.route, answer.text, answer.whole) == ("local", LOCAL_SAYS, True)
    assert cloud.seen()["asked"] == 1


def test_a_link_that_is_down_is_not_tried(place: Place, cloud: Cloud, box: Daemon):
    assert box.heard("the uplink is online")
    place.down()
    assert box.heard("the uplink is offline (was online): no interface leads out")
    answer = place.ask(place.to_box(small_body(place.folder)), ENOUGH_S)
    assert (answer.route, answer.whole) == ("local", True)
    assert "cloud is not tried" in answer.reason
    assert cloud.seen()["connections"] == 0
