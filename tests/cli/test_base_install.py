"""What a laptop's install (no extra) can do: a folder with the base's packages and no others.

The packages are those that the base's requirements name, by links into this environment,
so that nothing is installed and nothing fetched.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from edge.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
BOX_ONLY = ("llama_cpp", "llguidance", "onnxruntime", "serial", "jinja2", "tree_sitter", "numpy",
            "huggingface_hub")  # fmt: skip

# -S leaves out this environment's packages, -I whatever the caller's variables add.
RUN = f"""
import sys
sys.path[:0] = sys.argv[1:3]
from edge.cli import main
code = main(sys.argv[3:])
print(*(name for name in sys.modules if name in {BOX_ONLY!r}), file=sys.stderr, end="")
sys.exit(code)
"""

# The same for the help of every command, in one process: an import that fails does so each time.
HELPS = f"""
import contextlib, io, json, sys
sys.path[:0] = sys.argv[1:3]
from edge.cli import COMMANDS, main
told = {{}}
for name in ("", *COMMANDS):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            code = main([*name.split(), "--help"])
        except SystemExit as end:
            code = end.code
    told[name] = [code, said.getvalue(), [one for one in sys.modules if one in {BOX_ONLY!r}]]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    for name in sorted(base_distributions()):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            link = folder / top
            if not link.exists():
                link.symlink_to(distribution.locate_file(top))
    return folder


def base_distributions() -> set[str]:
    """What ``pip install codriver`` brings, with all that it needs in turn."""
    found: set[str] = set()
    waiting = required_by("codriver")
    while waiting:
        name = waiting.pop()
        if name not in found and is_installed(name):
            found.add(name)
            waiting |= required_by(name)
    return found


def required_by(name: str) -> set[str]:
    """Requirements that no extra asks for; other conditions are taken as met."""
    requirements = metadata.requires(name) or []
    plain = (line for line in requirements if "extra ==" not in line)
    return {re.split(r"[ ;<>=!~\[(]", line, maxsplit=1)[0].lower() for line in plain}


def is_installed(name: str) -> bool:
    """False for what only other Python versions need."""
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def run(
    packages: Path, state: Path, *arguments: str, script: str = RUN
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(ROOT), str(packages), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=state,
        env={"HOME": str(state)},
    )


def test_the_base_is_small(packages: Path):
    present = {path.name for path in packages.iterdir()}
    assert {"aiohttp", "ifaddr", "msgspec", "zeroconf"} <= present
    assert present.isdisjoint(BOX_ONLY)


@pytest.fixture(scope="module")
def helps(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """By command, its exit code, its help, and what of the box is imported by then."""
    done = run(packages, tmp_path_factory.mktemp("home"), script=HELPS)
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, list[Any]] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_needs_no_box(helps: dict[str, list[Any]], command: str):
    code, said, imported = helps[command]
    assert (code, imported) == (0, [])
    assert said.startswith(f"usage: codriver {command}".rstrip())


@pytest.mark.parametrize("command", ["probe", "config", "models"])
def test_what_a_laptop_can_do_itself(packages: Path, tmp_path: Path, command: str):
    done = run(packages, tmp_path, command)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_laptop_without_models_plans_with_what_could_be_fetched(packages: Path, tmp_path: Path):
    done = run(packages, tmp_path, "plan", "--board", "raspberry-pi-5-8gb")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].startswith("=>  qwen3.5-4b")


def test_pulling_from_a_hub_names_the_install_that_it_needs(packages: Path, tmp_path: Path):
    done = run(packages, tmp_path, "pull", "a/b:Q4_K_M")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("codriver: this needs the box's install (no ")


@pytest.mark.parametrize("options", [(), ("--fake", "--port", "0")], ids=["model", "fake"])
def test_serving_names_the_install_that_it_needs(
    packages: Path, tmp_path: Path, options: tuple[str, ...]
):
    done = run(packages, tmp_path, "serve", *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("codriver: this needs the box's install (no ")
    assert done.stderr.endswith("pip install 'codriver[box]'\n")
