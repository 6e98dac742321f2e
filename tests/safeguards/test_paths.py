"""Trusted directories and sensitive names."""

import pytest

from edge.safeguards.finding import Held
from edge.safeguards.paths import Places, check, locate

PLACES = Places("/home/dev/project", "/home/dev", ("/home/dev/project",))


@pytest.mark.parametrize(
    ("mode", "path"),
    [
        ("read", "src/a.py"),
        ("read", "./src/../README.md"),
        ("read", "/home/dev/project"),
        ("read", ".git/HEAD"),
        ("read", ".env.example"),
        ("read", "/dev/null"),
        ("read", "/etc/os-release"),
        ("read", "*.py"),
        ("write", "src/*.py"),
        ("write", "/dev/null"),
        ("edit", "package.json"),
    ],
)
def test_passes(mode, path):
    check(mode, path, PLACES)


@pytest.mark.parametrize(
    ("mode", "path"),
    [
        ("read", "../x"),
        ("read", "/home/dev/project2/x"),
        ("read", "src/../../x"),
        ("read", "*/../x"),
        ("read", ".env"),
        ("read", ".ENV.local"),
        ("read", "a/.ssh/config"),
        ("read", "HEAD:.env"),
        ("read", ".e*"),
        ("read", "id_*"),
        ("write", ".git/hooks/x"),
        ("write", ".GIT/config"),
        ("write", "package.json"),
        ("write", "Make*"),
        ("write", "/etc/os-release"),
        ("write", "/dev/sda"),
        ("edit", ".github/workflows/ci.yml"),
        ("edit", ".claude/settings.json"),
    ],
)
def test_is_held(mode, path):
    with pytest.raises(Held):
        check(mode, path, PLACES)


def test_system_files_are_held_where_the_client_blocks_reads_outside():
    strict = Places("/p", None, ("/p",), system_reads=False)
    with pytest.raises(Held):
        check("read", "/etc/os-release", strict)


def test_a_path_is_taken_from_where_the_command_runs():
    assert locate("../a", "/home/dev/project/sub") == "/home/dev/project/a"
    check("read", "../a", PLACES, cwd="/home/dev/project/sub")
