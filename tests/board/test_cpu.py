import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.board.cpu import CpuInfo, parse_cpuinfo, parse_list, usable_cores, within_quota
from tests.board.boards import arm_cpuinfo, pc, raspberry_pi_5, topology, write


def test_reads_an_arm_cpu():
    found = parse_cpuinfo(arm_cpuinfo(0xD0B, 4, "fp asimddp", "Revision\t: d04170\n"))
    assert found == CpuInfo("aarch64", "Cortex-A76", ("asimddp", "fp"), 4, 0xD04170)


def test_reads_a_pc(tmp_path):
    found = parse_cpuinfo((pc(tmp_path) / "proc/cpuinfo").read_text())
    assert (found.architecture, found.name, found.processors) == ("x86_64", "Intel(R) N100", 4)
    assert "avx_vnni" in found.features


def test_mixed_cores_are_all_named():
    text = arm_cpuinfo(0xD05, 2, "fp") + arm_cpuinfo(0xD0B, 2, "fp")
    assert parse_cpuinfo(text).name == "Cortex-A55 + Cortex-A76"


@given(st.text())
def test_any_text_is_safe(text):
    parse_cpuinfo(text)


def test_hyper_threads_share_a_core(tmp_path):
    files = {}
    for cpu in range(4):
        folder = f"sys/devices/system/cpu/cpu{cpu}/topology/"
        files[folder + "core_id"] = str(cpu // 2)
        files[folder + "physical_package_id"] = "0"
        files[folder + "thread_siblings_list"] = f"{cpu // 2 * 2}-{cpu // 2 * 2 + 1}"
    assert usable_cores(write(tmp_path, files)) == 2


def test_only_allowed_cores_count(tmp_path):
    write(tmp_path, {**topology(8), "proc/self/status": "Name:\tx\nCpus_allowed_list:\t0-2,7\n"})
    assert usable_cores(tmp_path) == 4


def test_unknown_topology_is_none(tmp_path):
    assert usable_cores(tmp_path) is None
    assert usable_cores(raspberry_pi_5(tmp_path)) == 4


def test_list_format():
    assert list(parse_list("0-3,7,x,9-")) == [0, 1, 2, 3, 7, 9]


@pytest.mark.parametrize(
    ("cores", "quota", "left"),
    [(4, None, 4), (4, 2.0, 2), (4, 1.5, 2), (4, 0.1, 1), (4, 9.0, 4), (None, 2.0, None)],
)
def test_quota(cores, quota, left):
    assert within_quota(cores, quota) == left
