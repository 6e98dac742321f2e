"""The unit and its companions, read by systemd's own tools. Nothing is started."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.config import load

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "codriver.service"
MOST_EXPOSED = 2.0
"""systemd's own mark runs from 0 (best) to 10; services without hardening get 9.6."""


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which(str(command[0])) is None:
        pytest.fail(f"{command[0]} is missing: install systemd (it need not be running)")
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A copy of the unit whose program exists on this machine."""
    text, count = re.subn(r"^ExecStart=\S+", "ExecStart=/bin/sh", UNIT.read_text(), flags=re.M)
    assert count == 1
    copy = tmp_path / UNIT.name
    copy.write_text(text)
    return copy


def test_the_unit_is_valid(unit: Path) -> None:
    done = run("systemd-analyze", "verify", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_drop_in_is_valid_where_systemd_knows_its_keys(unit: Path) -> None:
    shutil.copytree(SYSTEMD / "codriver.service.d", unit.parent / "codriver.service.d")
    done = run("systemd-analyze", "verify", unit)
    complaints = re.findall(r"Unknown key (?:name )?'(\w+)'", done.stderr)
    assert len(complaints) == len(done.stderr.splitlines())
    assert set(complaints) <= {"RestartSteps", "RestartMaxDelaySec"}
    assert done.returncode == 0


def test_the_unit_is_hardened(unit: Path) -> None:
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    marks = re.search(r"Overall exposure level for codriver.service: ([\d.]+)", done.stdout)
    assert marks is not None, done.stderr
    print(marks[0])
    assert float(marks[1]) <= MOST_EXPOSED


def test_systemd_waits_longer_than_the_daemon_drains() -> None:
    stop = re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.M)
    assert stop is not None
    assert int(stop[1]) >= load(None).server.drain_seconds + 5


def test_the_user_is_made() -> None:
    done = run("systemd-sysusers", "--dry-run", SYSTEMD / "sysusers.d" / "codriver.conf")
    assert done.returncode == 0, done.stderr


def test_the_first_configuration_loads(tmp_path: Path) -> None:
    source = SYSTEMD / "tmpfiles.d" / "codriver.conf"
    done = run("systemd-tmpfiles", "--create", f"--root={tmp_path}", source)
    assert done.returncode == 0, done.stderr
    config = tmp_path / "etc" / "codriver" / "config.toml"
    assert load(config) == load(None)
    config.write_text("[server]\nport = 80\n")
    run("systemd-tmpfiles", "--create", f"--root={tmp_path}", source)
    assert load(config).server.port == 80, "a person's file is left alone"
