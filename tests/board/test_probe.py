from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.board.probe import parse_meminfo, probe
from edge.state import BoardFacts, CoreKind
from tests.board.boards import jetson_orin_nano, pc, raspberry_pi_5, write


def test_a_raspberry_pi_5(tmp_path):
    facts = probe(raspberry_pi_5(tmp_path))
    assert facts.model == "Raspberry Pi 5 Model B Rev 1.0"
    assert facts.board == "raspberry-pi-5-8gb"
    assert (facts.architecture, facts.cpu, facts.cores) == ("aarch64", "Cortex-A76", 4)
    assert "asimddp" in facts.cpu_features
    assert facts.memory_total == 8_245_696 * 1024
    assert facts.memory_available == 7_645_696 * 1024
    assert facts.memory_limit is None


def test_the_revision_code_decides_between_sizes(tmp_path):
    facts = probe(raspberry_pi_5(tmp_path, revision="e04171", total_kb=9_000_000))
    assert facts.board == "raspberry-pi-5-16gb"


def test_the_device_tree_has_the_revision_where_cpuinfo_lacks_it(tmp_path):
    raspberry_pi_5(tmp_path, revision="", total_kb=9_000_000)
    write(tmp_path, {"proc/device-tree/system/linux,revision": bytes.fromhex("00e04171")})
    assert probe(tmp_path).board == "raspberry-pi-5-16gb"


def test_a_jetson(tmp_path):
    facts = probe(jetson_orin_nano(tmp_path))
    assert (facts.board, facts.cores) == ("jetson-orin-nano-8gb", 6)
    assert [one.kind for one in facts.accelerators] == ["cuda"]
    assert facts.accelerators[0].memory == facts.memory_total
    assert facts.l4t == "35.3.1"


def test_a_pc(tmp_path):
    facts = probe(pc(tmp_path))
    assert (facts.board, facts.model, facts.cores) == ("generic-x86_64", "Mini PC", 4)


def test_a_limited_service(tmp_path):
    raspberry_pi_5(tmp_path)
    group = "sys/fs/cgroup/system.slice/codriver.service/"
    write(tmp_path, {group + "memory.max": "3221225472\n", group + "cpu.max": "200000 100000\n"})
    facts = probe(tmp_path)
    assert (facts.memory_limit, facts.cores) == (3 * 2**30, 2)
    assert (facts.cpu_quota, facts.core_kinds) == (2.0, (CoreKind(4),))


def test_an_empty_root_is_unknown(tmp_path):
    assert probe(tmp_path) == BoardFacts()


def test_this_machine():
    facts = probe(Path("/"))
    assert facts.cores
    assert facts.memory_available <= facts.memory_total


def test_swap_and_what_of_it_is_memory(tmp_path):
    write(
        tmp_path,
        {
            "proc/swaps": "Filename\tType\tSize\tUsed\tPriority\n"
            "/dev/zram0\tpartition\t2048\t0\t100\n/var/swap\tfile\t1024\t0\t-2\n"
        },
    )
    facts = probe(tmp_path)
    assert (facts.swap, facts.zram) == (3072 * 1024, 2048 * 1024)


def test_meminfo():
    assert parse_meminfo("MemTotal:  8 kB\nHugePages_Total:  0\nx\n") == {"MemTotal": 8192}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
@given(st.binary(max_size=200), st.integers(0, 30))
def test_no_content_makes_it_fail(tmp_path, junk, which):
    raspberry_pi_5(tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    files[which % len(files)].write_bytes(junk)
    probe(tmp_path)
