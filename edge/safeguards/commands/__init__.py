"""Every command that is known to be harmless, and how; all others are held.

``judge`` is the one door. The tables beside it are by family: text (readers and
filters), files, git, build, run. Called by walk.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from edge.safeguards.commands import build, files, git, run, text
from edge.safeguards.commands.spec import Call, Judge
from edge.safeguards.finding import Held
from edge.safeguards.values import Value

_TABLE: dict[str, Judge] = {**text.TABLE, **files.TABLE, **git.TABLE, **build.TABLE, **run.TABLE}
_SYSTEM_BIN = frozenset(("/bin", "/usr/bin", "/usr/local/bin"))

_WHY = {
    **dict.fromkeys(("rm", "rmdir", "unlink", "shred", "truncate"), "deletes files"),
    **dict.fromkeys(("sudo", "su", "doas", "pkexec"), "runs with another user's rights"),
    **dict.fromkeys(
        ("curl", "wget", "ssh", "scp", "sftp", "rsync", "nc", "ncat", "ftp", "dig", "ping", "gh"),
        "reaches the network",
    ),
    **dict.fromkeys(("kill", "pkill", "killall"), "stops processes"),
    **dict.fromkeys(("eval", "exec", "trap", "alias", "coproc"), "runs text as commands"),
    **dict.fromkeys(("printenv", "declare", "export"), "may print secrets of the environment"),
    **dict.fromkeys(("apt", "apt-get", "brew", "dnf", "yum", "gem"), "changes the system"),
    **dict.fromkeys(("crontab", "at", "systemctl", "launchctl"), "makes commands run later"),
    **dict.fromkeys(("ln",), "makes a link, which can lead out of the trusted directories"),
}


def judge(call: Call) -> None:
    """Raises Held unless this simple command is known to be harmless."""
    if not call.argv or call.argv[0].unknown or call.argv[0].glob or not call.name:
        raise Held("which command runs is not known")
    if "/" in call.name:
        _by_path(call)
        return
    _by_name(call)


def _by_name(call: Call) -> None:
    found = _TABLE.get(call.name)
    if found is None and run.interpreter_name(call.name):
        found = run.interpret
    if call.name in build.TABLE or run.interpreter_name(call.name):
        _require_no_new_code(call)
    if found is None:
        why = _WHY.get(call.name, "is not on the list of commands known to be harmless")
        raise call.held(f"{call.name} {why}")
    found(call)


_CODE = re.compile(
    r".*(\.([cm]?[jt]sx?|py|rb|rs|go|c|cc|cpp|h|hpp|java|kts?|swift|php|pl|lua|exs?|sh|toml|cfg|ini"
    r"|gradle|cmake|ya?ml|cs|dart|scala|vue|svelte)|file|\*)",
    re.I,
)


def _require_no_new_code(call: Call) -> None:
    """What this same command wrote may be run by any build or test, and is not known."""
    new = sorted(path for path in call.written if _CODE.fullmatch(path))
    if new:
        raise Held(f"it writes {new[0]} and runs the project's code in the same command")


def _by_path(call: Call) -> None:
    """A system command by its path is the command; any other path is a project's program.

    ``.venv/bin/pip`` is held to what ``pip`` is held to.
    """
    directory, name = posixpath.split(call.name)
    named = replace(call, argv=(Value(name), *call.argv[1:]))
    if directory in _SYSTEM_BIN:
        _by_name(named)
        return
    _require_no_new_code(call)
    run.program(replace(call, argv=call.argv[:1]))
    if name in _TABLE or run.interpreter_name(name) or name in _WHY:
        _by_name(named)
    else:
        run.program(call)
