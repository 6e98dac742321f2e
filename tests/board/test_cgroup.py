from edge.board.cgroup import cpu_quota, memory_limit
from tests.board.boards import write

V2 = {"sys/fs/cgroup/cgroup.controllers": "cpu memory", "proc/self/cgroup": "0::/a/b\n"}
V1 = {"proc/self/cgroup": "9:name=systemd:/x\n4:memory:/a\n3:cpu,cpuacct:/a\n0::/\n"}


def test_no_groups_no_limit(tmp_path):
    assert memory_limit(tmp_path) is None
    assert cpu_quota(tmp_path) is None


def test_v2_takes_the_tightest_on_the_way_up(tmp_path):
    write(
        tmp_path,
        V2
        | {
            "sys/fs/cgroup/a/b/memory.max": "max\n",
            "sys/fs/cgroup/a/memory.max": "2147483648\n",
            "sys/fs/cgroup/memory.max": "4294967296\n",
        },
    )
    assert memory_limit(tmp_path) == 2**31


def test_v2_inside_a_container_reads_the_mount(tmp_path):
    write(tmp_path, V2 | {"sys/fs/cgroup/memory.max": "1073741824\n"})
    assert memory_limit(tmp_path) == 2**30
    write(tmp_path, {"proc/self/cgroup": "0::/../../outside\n"})
    assert memory_limit(tmp_path) == 2**30


def test_v2_max_is_none(tmp_path):
    write(tmp_path, V2 | {"sys/fs/cgroup/a/b/memory.max": "max\n"})
    assert memory_limit(tmp_path) is None


def test_v1_takes_the_tightest_and_knows_no_limit(tmp_path):
    write(
        tmp_path,
        V1
        | {
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )
    assert memory_limit(tmp_path) is None
    write(tmp_path, {"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1000000\n"})
    assert memory_limit(tmp_path) == 1_000_000


def test_cpu_quota_of_both_versions(tmp_path):
    write(tmp_path / "v2", V2 | {"sys/fs/cgroup/a/b/cpu.max": "150000 100000\n"})
    assert cpu_quota(tmp_path / "v2") == 1.5
    write(tmp_path / "v2", {"sys/fs/cgroup/a/b/cpu.max": "max 100000\n"})
    assert cpu_quota(tmp_path / "v2") is None
    write(
        tmp_path / "v1",
        V1
        | {
            "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "200000\n",
            "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert cpu_quota(tmp_path / "v1") == 2.0
