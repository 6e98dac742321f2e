from edge.board.live import free_memory, memory_pressure, oom_kills
from tests.board.boards import meminfo, write

PRESSURE = """some avg10=12.50 avg60=3.00 avg300=1.00 total=123
full avg10=7.25 avg60=2.00 avg300=0.50 total=99
"""


def test_a_kernel_that_says_nothing(tmp_path):
    assert free_memory(tmp_path) is None
    assert memory_pressure(tmp_path) is None
    assert oom_kills(tmp_path) is None


def test_free_memory_is_the_machines_or_what_a_group_leaves(tmp_path):
    write(tmp_path, {"proc/meminfo": meminfo(8_000_000, 4_000_000)})
    assert free_memory(tmp_path) == 4_096_000_000
    write(
        tmp_path,
        {
            "sys/fs/cgroup/cgroup.controllers": "memory",
            "proc/self/cgroup": "0::/a\n",
            "sys/fs/cgroup/a/memory.max": "1000000000\n",
            "sys/fs/cgroup/a/memory.current": "700000000\n",
            "sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 100000000\nfile 5\n",
        },
    )
    assert free_memory(tmp_path) == 400_000_000


def test_more_than_its_limit_leaves_nothing(tmp_path):
    write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/a\n",
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1000\n",
            "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "2000\n",
        },
    )
    assert free_memory(tmp_path) == 0


def test_pressure_is_the_time_in_which_all_stood_still(tmp_path):
    write(tmp_path, {"proc/pressure/memory": PRESSURE})
    assert memory_pressure(tmp_path) == 7.25
    write(tmp_path, {"proc/pressure/memory": "full avg10=much\n"})
    assert memory_pressure(tmp_path) is None


def test_what_the_kernel_killed(tmp_path):
    write(tmp_path, {"proc/vmstat": "nr_free_pages 5\noom_kill 3\n"})
    assert oom_kills(tmp_path) == 3
