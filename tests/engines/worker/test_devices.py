"""ggml's list of devices, asked in this process."""

from edge.engines.worker.devices import devices


def test_the_cpu_is_among_them():
    found = {device["name"]: device for device in devices()}
    assert found["CPU"]["description"]
    assert found["CPU"]["memory"] > 0
