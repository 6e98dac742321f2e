"""Running the project's own programs."""

import pytest

from tests.safeguards.samples import passes


@pytest.mark.parametrize(
    "command",
    [
        "./run.sh --verbose",
        "python3.11 a.py",
        ".venv/bin/pytest -x",
        "/usr/bin/git status",
        "/home/dev/project/run.sh",
        "/home/dev/extra/run.sh",
        ". venv/bin/activate",
    ],
)
def test_programs_of_the_tree_pass(command):
    assert passes(command)


@pytest.mark.parametrize(
    "command",
    [
        "/opt/tool/run.sh",
        "../run.sh",
        ".venv/bin/pip install x",
        ".venv/bin/python -c 1",
        "./rm -rf src",
        "./install.sh",
        "./.git/hooks/x",
        "./run.sh /etc/passwd",
        "./run.sh --config=/etc/x",
        "./run.sh https://example.invalid",
        "/usr/bin/rm x",
        "source x.sh",
    ],
)
def test_other_programs_are_held(command):
    assert not passes(command)


def test_a_file_written_by_the_same_command_is_not_run():
    assert passes("echo x > a.txt && python3 b.py")
    assert not passes("echo x > b.py && python3 b.py")
    assert not passes("echo x | tee b.py; python3 ./b.py")
    assert not passes("echo x > conftest.py && pytest")
    assert passes("pytest > test.log && make 2>&1 | tee out.txt")
    assert not passes("cd sub && echo x > b.sh && cd .. && sh sub/b.sh")
