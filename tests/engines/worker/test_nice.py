import os
import subprocess
import sys

from edge.engines.worker.nice import NICENESS, step_back


def test_it_asks_for_less():
    asked: list[int] = []
    step_back(lambda more: asked.append(more) or 0)
    assert asked == [NICENESS]


def test_a_system_that_refuses_is_left_alone():
    def refuse(_more: int) -> int:
        raise PermissionError

    step_back(refuse)


def test_the_kernel_takes_it():
    code = (
        "import os; from edge.engines.worker.nice import step_back; step_back(); print(os.nice(0))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(said.stdout) == min(19, os.nice(0) + NICENESS)
