"""Running programs of the project: interpreters on a script by path, wrappers, activation.

Code given on the command line or on standard input cannot be judged and is held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from edge.safeguards.commands.build import require_plain_target
from edge.safeguards.commands.spec import Call, Judge, Options, options, parse, plain
from edge.safeguards.finding import Held
from edge.safeguards.paths import require_inside
from edge.safeguards.values import Value


def program(call: Call) -> None:
    """A program of the project, named by a path with a slash in it."""
    if "=" in call.argv[0].text:
        # Behind a keyword such as time the shell assigns; NAME=./file is no path to it.
        raise Held(f"{call.argv[0].text} may be an assignment")
    require_plain_target(call, call.argv[0])
    _require_runnable(call, call.argv[0])
    _arguments(call, call.argv[1:])


def _arguments(call: Call, values: tuple[Value, ...]) -> None:
    for value in values:
        call.check("argument", value)


def _require_runnable(call: Call, script: Value) -> None:
    if script.unknown or script.glob:
        raise Held("it runs a file that is not known")
    call.check("read", script)
    for cwd in call.cwds:
        path = require_inside(script.text, call.places, cwd=cwd)
        if "/.git/" in path + "/":
            raise Held(f"{script.text} is inside git's own directory")
        if any(path == made or fnmatchcase(path, made) for made in call.written):
            raise Held(f"{script.text} was written by this same command and is not known")


@dataclass(frozen=True, slots=True)
class _Interpreter:
    """``options`` of its own; ``modules`` what -m may name, with the tool it stands for."""

    options: Options
    modules: Mapping[str, str] | None = None


_MODULES = {
    **{name: name for name in ("pytest", "mypy", "ruff", "black", "isort", "flake8", "pylint")},
    **dict.fromkeys(("unittest", "doctest", "compileall", "py_compile", "json.tool", "tox"), ""),
    "pip": "pip",
    "coverage": "coverage",
}
_PYTHON = _Interpreter(options("-B -u -v -s -E -O -V --version -VV -q", text="-W -X"), _MODULES)
_INTERPRETERS: dict[str, _Interpreter] = {
    "python": _PYTHON,
    "python3": _PYTHON,
    "node": _Interpreter(options("--test --version -v --trace-warnings --check")),
    "ruby": _Interpreter(options("-w -c --version -v")),
    "perl": _Interpreter(options("-w --version -v")),
    "php": _Interpreter(options("-l --version -v")),
    "Rscript": _Interpreter(options("--vanilla --version")),
    "lua": _Interpreter(options("-v")),
    "tsx": _Interpreter(options()),
    "ts-node": _Interpreter(options()),
    "bash": _Interpreter(options("-n -e -x -u --version -ex -eu -eux")),
    "sh": _Interpreter(options("-n -e -x -u -ex -eu")),
    "zsh": _Interpreter(options("-n -e -x --version")),
}
_VERSIONED = re.compile(r"(python3?|node|ruby|php|lua)[\d.]*")


def interpreter_name(name: str) -> str | None:
    """The table's name for an interpreter, versions dropped; None for anything else."""
    if name in _INTERPRETERS:
        return name
    match = _VERSIONED.fullmatch(name)
    return match[1] if match else None


def interpret(call: Call) -> None:
    """``python script.py ...``, ``python -m pytest ...``, ``node --version``."""
    interpreter = _INTERPRETERS[interpreter_name(call.name) or ""]
    module = _module(call, interpreter)
    if module is not None:
        _run_module(call, *module)
        return
    parsed = parse(call, interpreter.options, stop_at_operand=True)
    if not parsed.operands:
        if parsed.has("-V", "-VV", "-v", "--version"):
            return
        raise call.held(f"{call.name} reads its program from its input")
    script, *rest = parsed.operands
    if script.text == "-":
        raise call.held(f"{call.name} reads its program from its input")
    require_plain_target(call, script)
    _require_runnable(call, script)
    _arguments(call, tuple(rest))


def _module(call: Call, interpreter: _Interpreter) -> tuple[str, tuple[Value, ...]] | None:
    """What ``-m`` names, where only harmless options stand before it."""
    if interpreter.modules is None:
        return None
    for index, value in enumerate(call.argv[1:], 1):
        if value.text == "-m" and not value.unknown and index + 1 < len(call.argv):
            module = call.argv[index + 1]
            if module.unknown or module.text not in interpreter.modules:
                raise call.held(f"the module {module.text} is not on the list of harmless ones")
            return module.text, call.argv[index + 2 :]
        if not plain(value, r"-[BusEO]+|-W\w+"):
            return None
    return None


def _run_module(call: Call, module: str, rest: tuple[Value, ...]) -> None:
    tool = _MODULES[module]
    if tool:
        call.run(replace(call, argv=(Value(tool), *rest)))
        return
    known = {
        "unittest": options("-v -q -f -b -c", text="-k", read="-s -t -p"),
        "compileall": options("-q -f"),
        "tox": options("-q -v", text="-e"),
    }.get(module, options("-v"))
    operands = parse(replace(call, argv=(call.argv[0], *rest)), known).operands
    if module == "json.tool" and len(operands) > 1:
        raise call.held("json.tool is asked to write a file")
    _arguments(call, operands)


# --- wrappers --------------------------------------------------------------------------------


def _wrapper(known: Options, own_operands: int = 0) -> Judge:
    """A command that runs another one: the other is judged in its place."""

    def judge(call: Call) -> None:
        stopped = parse(call, known, stop_at_operand=True).operands
        if len(stopped) <= own_operands:
            raise call.held(f"{call.name} is given no command")
        if not all(plain(value, r"[\d.]+[smhd]?") for value in stopped[:own_operands]):
            raise call.held(f"{call.name} is not understood")
        call.run(replace(call, argv=stopped[own_operands:]))

    return judge


def _which_or_run(call: Call) -> None:
    """``command -v NAME`` only looks a command up."""
    if len(call.argv) > 1 and plain(call.argv[1], "-[vV]"):
        return
    _wrapper(options())(call)


def _env(call: Call) -> None:
    """``env NAME=value command``; alone it prints every secret of the environment."""
    rest = list(call.argv[1:])
    while rest and not rest[0].unknown and "=" in rest[0].text:
        require_harmless_variable(rest.pop(0).text.partition("=")[0], exported=True)
    if not rest or rest[0].text.startswith("-") or rest[0].unknown:
        raise call.held("env prints or changes the environment")
    call.run(replace(call, argv=tuple(rest)))


_EXPORTED = frozenset(
    (
        *("CI", "NODE_ENV", "APP_ENV", "FLASK_ENV", "RAILS_ENV", "TEST_ENV", "DEBUG", "VERBOSE"),
        *("LOG_LEVEL", "RUST_LOG", "RUST_BACKTRACE", "PORT", "TZ", "LANG", "LC_ALL", "TERM"),
        *("FORCE_COLOR", "NO_COLOR", "CLICOLOR", "CARGO_TERM_COLOR", "COLUMNS"),
        *("CGO_ENABLED", "GOOS", "GOARCH"),
        *("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED"),
    )
)
_PRIVATE = frozenset(
    (
        *("FILE", "FILES", "DIR", "NAME", "COUNT", "RESULT", "OUT", "SRC", "N", "I", "X", "Y"),
        *("VERSION", "TARGET", "STATUS", "BRANCH", "COMMIT", "SUM", "TOTAL"),
    )
)
_LOWER_BUT_LIVE = re.compile(
    r"\w*_proxy|npm_\w*|\w*path|fignore|psvar|prompt|aliases|functions|commands|options|argv|watch"
)


def require_harmless_variable(name: str, *, exported: bool) -> None:
    """Raises Held unless setting it can change nothing but the commands that use it openly.

    ``exported`` variables reach other programs, so they are an allow-list.
    """
    if name in _EXPORTED or (not exported and name in _PRIVATE):
        return
    own = name == name.lower() and name.isascii() and not _LOWER_BUT_LIVE.fullmatch(name)
    if exported or not own:
        raise Held(f"setting {name} can change what other commands do")


def _tool_runner(call: Call) -> None:
    """``uv run pytest``: the tool behind it is judged in its place."""
    if len(call.argv) < 3 or not plain(call.argv[1], "run") or call.argv[2].text.startswith("-"):
        raise call.held(f"this {call.name} command may install packages")
    call.run(replace(call, argv=call.argv[2:]))


def _bundle(call: Call) -> None:
    if len(call.argv) < 3 or not plain(call.argv[1], "exec"):
        raise call.held("this bundle command may install packages")
    call.run(replace(call, argv=call.argv[2:]))


def _npx(call: Call) -> None:
    """Only with the option that forbids fetching what is not installed."""
    if len(call.argv) < 3 or not plain(call.argv[1], "--no-install|--no"):
        raise call.held("npx may fetch and run a package; npx --no-install does not")
    if not plain(call.argv[2], r"tsc|eslint|prettier|jest|vitest|mocha"):
        raise call.held("npx runs a tool that is not on the list of harmless ones")
    call.run(replace(call, argv=call.argv[2:]))


def _pip(call: Call) -> None:
    if len(call.argv) < 2 or not plain(call.argv[1], "list|show|freeze|check|--version"):
        raise call.held("pip may install or remove packages")
    parse(replace(call, argv=call.argv[1:]), options("-v --user"))


def _coverage(call: Call) -> None:
    if len(call.argv) < 2 or not plain(call.argv[1], "report|run|html|xml|json"):
        raise call.held("this coverage command is not on the list of harmless ones")
    inner = call.argv[2:]
    if call.argv[1].text != "run":
        parse(replace(call, argv=(call.argv[0], *inner)), options("-m -i --show-missing"))
        return
    call.run(replace(call, argv=(Value("python"), *inner)))


def _source(call: Call) -> None:
    """Activating the project's virtual environment, and nothing else."""
    if len(call.argv) != 2 or not plain(call.argv[1], r"(\./)?\.?v?env/bin/activate"):
        raise call.held("it runs a file inside this shell")
    _require_runnable(call, call.argv[1])


def _set(call: Call) -> None:
    rest = call.argv[1:]
    if not rest or not all(plain(v, r"[-+][euxo]+|pipefail|errexit|nounset|xtrace") for v in rest):
        raise call.held("set prints or changes variables of the shell")
    if rest[-1].text.endswith("o"):
        raise call.held("set prints or changes variables of the shell")


TABLE: dict[str, Judge] = {
    **dict.fromkeys(_INTERPRETERS, interpret),
    "time": _wrapper(options("-p")),
    "timeout": _wrapper(
        options("--foreground", text="-k -s --signal --kill-after"), own_operands=1
    ),
    "nice": _wrapper(options(text="-n")),
    "command": _which_or_run,
    "stdbuf": _wrapper(options(text="-o -e -i")),
    "env": _env,
    "uv": _tool_runner,
    "poetry": _tool_runner,
    "pipenv": _tool_runner,
    "bundle": _bundle,
    "npx": _npx,
    "pip": _pip,
    "pip3": _pip,
    "coverage": _coverage,
    "source": _source,
    ".": _source,
    "set": _set,
}
