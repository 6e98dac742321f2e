import json

from edge.board.probe import probe
from edge.board.report import facts_as_json, format_facts
from edge.state import BoardFacts, CoreKind
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
