"""Running a client: command, environment, and that nothing outlives a run."""

import os
import sys
from pathlib import Path

import psutil

from tests.bench.agent import headless


def test_the_environment_holds_nothing_of_the_callers(tmp_path: Path) -> None:
    env = headless.environment("http://127.0.0.1:1", tmp_path)
    assert env["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1"
    assert env["HOME"] == str(tmp_path)
    assert env["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_the_command_is_headless_and_bare() -> None:
    argv = headless.command(Path("/c/claude"), "Do it.", 5)
    assert argv[:3] == ["/c/claude", "--print", "Do it."]
    assert {"--bare", "--dangerously-skip-permissions"} <= set(argv)
    assert argv[argv.index("--max-turns") + 1] == "5"


def test_a_permission_mode_takes_the_place_of_skipping() -> None:
    argv = headless.command(Path("/c/claude"), "Do it.", 5, bare=False, permission_mode="auto")
    assert argv[-2:] == ["--permission-mode", "auto"]
    assert not [word for word in argv if word.startswith("--dangerously")]
    assert "--bare" not in argv


def run(code: str, home: Path, timeout_s: float) -> headless.Run:
    argv = [sys.executable, "-S", "-c", code]
    return headless.run(argv, env={"HOME": str(home)}, cwd=home, timeout_s=timeout_s)


def test_a_run_that_ends(tmp_path: Path) -> None:
    done = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path, 10)
    assert (done.exit_code, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert not done.timed_out


def test_a_run_that_does_not_end_is_ended(tmp_path: Path) -> None:
    done = run("import signal; print('here', flush=True); signal.pause()", tmp_path, 0.5)
    assert done.timed_out
    assert done.stdout == "here\n"


def test_a_detached_child_is_ended_too(tmp_path: Path) -> None:
    spawn = (
        "import subprocess, sys\n"
        "code = 'import signal; signal.pause()'\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', code], start_new_session=True)\n"
        "print(child.pid)"
    )
    done = run(spawn, tmp_path, 10)
    assert done.seconds < 5
    child = int(done.stdout)
    assert not psutil.pid_exists(child) or _ends(psutil.Process(child))


def _ends(process: psutil.Process) -> bool:
    """Whether a killed process of another parent is gone within seconds, or only unreaped."""
    try:
        process.wait(timeout=5)
    except psutil.TimeoutExpired:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True
