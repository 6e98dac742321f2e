import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.board.cpu import CpuInfo, core_kinds, parse_cpuinfo, parse_list, within_quota
from edge.state import CoreKind
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


def cpus(strengths, siblings=None):
    """Files of CPUs with (capacity, kHz) each, None for a file that is not there."""
    files = topology(len(strengths))
    for cpu, (capacity, khz) in enumerate(strengths):
        folder = f"sys/devices/system/cpu/cpu{cpu}/"
        if capacity is not None:
            files[folder + "cpu_capacity"] = f"{capacity}\n"
        if khz is not None:
            files[folder + "cpufreq/cpuinfo_max_freq"] = f"{khz}\n"
        if siblings is not None:
            files[folder + "topology/core_id"] = str(cpu // 2)
            files[folder + "topology/thread_siblings_list"] = siblings[cpu]
    return files


def test_hyper_threads_share_a_core(tmp_path):
    files = cpus([(None, 4_800_000)] * 4, ["0-1", "0-1", "2-3", "2-3"])
    assert core_kinds(write(tmp_path, files)) == (CoreKind(2, None, 4_800_000),)


def test_cores_with_and_without_hyper_threads(tmp_path):
    files = cpus([(1024, 4_700_000)] * 2 + [(683, 3_500_000)] * 2, ["0-1", "0-1", "2", "3"])
    assert core_kinds(write(tmp_path, files)) == (
        CoreKind(1, 1024, 4_700_000),
        CoreKind(2, 683, 3_500_000),
    )


def test_the_strongest_kind_comes_first(tmp_path):
    little, big = (530, 1_800_000), (1024, 2_400_000)
    write(tmp_path, cpus([little] * 4 + [big] * 4))
    assert core_kinds(tmp_path) == (CoreKind(4, *big), CoreKind(4, *little))


def test_clocks_alone_tell_kinds_apart(tmp_path):
    write(tmp_path, cpus([(None, 1_800_000)] * 2 + [(None, 2_000_000)]))
    assert [kind.count for kind in core_kinds(tmp_path)] == [1, 2]


def test_only_allowed_cores_count(tmp_path):
    write(tmp_path, {**topology(8), "proc/self/status": "Name:\tx\nCpus_allowed_list:\t0-2,7\n"})
    assert core_kinds(tmp_path) == (CoreKind(4),)


def test_affinity_may_leave_the_little_ones_only(tmp_path):
    write(tmp_path, cpus([(530, None)] * 4 + [(1024, None)] * 4))
    write(tmp_path, {"proc/self/status": "Cpus_allowed_list:\t0-3\n"})
    assert core_kinds(tmp_path) == (CoreKind(4, 530),)


def test_a_core_that_is_off_line_has_no_topology(tmp_path):
    write(tmp_path, {**topology(3), "sys/devices/system/cpu/cpu3/online": "0\n"})
    assert core_kinds(tmp_path) == (CoreKind(3),)


def test_unknown_topology_is_no_kind(tmp_path):
    assert core_kinds(tmp_path) == ()
    assert core_kinds(raspberry_pi_5(tmp_path)) == (CoreKind(4),)


def test_list_format():
    assert list(parse_list("0-3,7,x,9-")) == [0, 1, 2, 3, 7, 9]


@pytest.mark.parametrize(
    ("cores", "quota", "left"),
    [(4, None, 4), (4, 2.0, 2), (4, 1.5, 2), (4, 0.1, 1), (4, 9.0, 4), (None, 2.0, None)],
)
def test_quota(cores, quota, left):
    assert within_quota(cores, quota) == left
