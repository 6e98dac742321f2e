import json
from dataclasses import replace

from edge.board.probe import probe
from edge.board.report import facts_as_json, format_facts
from edge.board.throughput import DiskSpeed
from edge.state import BoardFacts, CoreKind, EngineDevice, Storage
from tests.board.boards import jetson_orin_nano, raspberry_pi_5


def test_people_see_one_fact_a_line(tmp_path):
    said = format_facts(probe(raspberry_pi_5(tmp_path)))
    assert "board:        raspberry-pi-5-8gb" in said
    assert "memory:       7.9 GiB, 7.3 GiB free" in said
    assert "accelerators: v3d (renderD128) (Vulkan, unused)" in said
    assert "features:     asimddp fphp" in said


def test_kinds_of_cores_and_a_quota_are_told():
    kinds = (CoreKind(4, 1024, 2_400_000), CoreKind(4, 530, 1_800_000))
    facts = BoardFacts(cores=3, core_kinds=kinds, cpu_quota=2.5)
    assert "cores:        3 (4 at 2.4 GHz + 4 at 1.8 GHz), at most 2.5 CPUs' time" in format_facts(
        facts
    )
    value = json.loads(facts_as_json(facts))
    assert value["core_kinds"][1] == {"count": 4, "capacity": 530, "top_khz": 1_800_000}
    assert value["cpu_quota"] == 2.5


def test_disk_and_swap_are_told(tmp_path):
    facts = BoardFacts(
        swap=3 * 2**30, zram=2**30, storage=Storage("sd", "SN64G", 59 * 2**30), l4t="36.4.3"
    )
    said = format_facts(facts)
    assert "swap:         3.0 GiB, 1.0 GiB of it compressed memory" in said
    assert "storage:      SD card SN64G, 59.0 GiB" in said
    assert "l4t:          36.4.3" in said
    assert json.loads(facts_as_json(facts))["storage"]["kind"] == "sd"
    assert "swap:         none" in format_facts(BoardFacts(swap=0, zram=0))
    odd = format_facts(BoardFacts(storage=Storage(None)))
    assert "storage:      a disk of unknown kind, unknown" in odd


def test_the_disks_speed_is_told_where_it_was_measured():
    assert "disk speed" not in format_facts(BoardFacts())
    speed = DiskSpeed("sd", 88.4e6, 21.2e6)
    said = format_facts(BoardFacts(), speed)
    assert "disk speed:   reads 88 MB/s, writes 21 MB/s (measured)" in said
    assert json.loads(facts_as_json(BoardFacts(), speed))["disk_speed"]["reads"] == 88.4e6
    assert "reads 88 MB/s (measured)" in format_facts(BoardFacts(), DiskSpeed("sd", 88.4e6, None))


def test_what_the_engine_can_use_is_told(tmp_path):
    facts = probe(jetson_orin_nano(tmp_path))
    assert "tegra234" not in format_facts(facts)
    assert "engine" not in format_facts(facts)
    without = replace(facts, engine_devices=(EngineDevice("CPU", "Cortex-A78AE", 8),))
    said = format_facts(without)
    assert "engine:       CPU (Cortex-A78AE)" in said
    assert "CUDA, unused: this llama.cpp is built without it" in said
    assert json.loads(facts_as_json(without))["engine_devices"][0]["name"] == "CPU"
    assert json.loads(facts_as_json(facts))["engine_devices"] is None
    assert "engine:       no device at all" in format_facts(replace(facts, engine_devices=()))


def test_unknown_says_so():
    said = format_facts(BoardFacts())
    assert "model:        unknown" in said
    assert "memory:       unknown, unknown free" in said
    assert "accelerators: none" in said


def test_programs_get_plain_values(tmp_path):
    value = json.loads(facts_as_json(probe(jetson_orin_nano(tmp_path))))
    assert value["board"] == "jetson-orin-nano-8gb"
    assert value["memory_limit"] is None
    assert value["accelerators"][0]["unified"] is True
