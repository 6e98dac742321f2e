"""Building, testing, checking and formatting: the runners of the common languages.

They run the project's own code, which is what a person lets an agent do in a trusted
directory. Options that name another program, another project or a place outside are
on no list; neither is what installs, publishes or deploys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from edge.safeguards import paths
from edge.safeguards.commands.spec import Call, Judge, Options, Parsed, options, parse, plain
from edge.safeguards.finding import Held
from edge.safeguards.values import Value

_RISKY_TARGET = re.compile(
    r"install|deploy|publish|release|upload|push|dist-?upload|prod|migrat|seed|destroy|provision"
    r"|nuke|wipe|drop|reset|purge|sudo|docker|bootstrap|update|upgrade|login|download|fetch",
    re.I,
)


def require_plain_target(call: Call, value: Value) -> None:
    """A target or script whose name says that it only builds or tests."""
    if value.unknown or _RISKY_TARGET.search(value.text.rsplit("/", 1)[-1]):
        raise Held(f"{call.name} {value.text} may install, publish or deploy")


def _project(call: Call, value: Value) -> None:
    call.check("argument", value)


def _all_arguments(call: Call, parsed: Parsed) -> None:
    for operand in parsed.operands:
        _project(call, operand)


def _runner(known: Options) -> Judge:
    """A tool whose operands are files and names of the project."""

    def judge(call: Call) -> None:
        parsed = parse(call, known)
        if any(operand.text.startswith("@") for operand in parsed.operands):
            raise call.held(f"{call.name} takes its options from a file")
        _all_arguments(call, parsed)

    return judge


# --- make, npm and the like ----------------------------------------------------------------


def _make(call: Call) -> None:
    parsed = parse(call, _MAKE)
    for value in parsed.all("-C", "--directory"):
        _enter(call, value)
    for operand in parsed.operands:
        if "=" in operand.text and not plain(operand, r"(V|VERBOSE|DEBUG|NDEBUG|J|CI)=\w*"):
            raise Held("make is given a variable, which can name another program")
        require_plain_target(call, operand)
        _project(call, operand)


_MAKE = options(
    "-k -n -B -s -i -q -w --keep-going "
    "--dry-run --always-make --silent --quiet --no-print-directory",
    text="-o",
    read="-C --directory",
    attached="-j --jobs -l -O --output-sync",
)


def _enter(call: Call, value: Value) -> None:
    """A directory that a tool works in instead of the current one."""
    if value.unknown:
        raise Held(f"{call.name} works in a directory that is not known")
    for cwd in call.cwds:
        paths.check_directory(value.text, call.places, cwd=cwd)


_SCRIPT_RUNNERS = {
    "npm": ("run", "run-script"),
    "yarn": ("run",),
    "pnpm": ("run",),
    "bun": ("run",),
}
_DIRECT_SCRIPTS = frozenset(("test", "t", "tst", "start", "build", "lint", "format", "typecheck"))


def _scripts(call: Call) -> None:
    """``npm test``, ``npm run NAME [-- ARGUMENTS]`` and the same of its relatives."""
    rest = [v for v in call.argv[1:] if v.unknown or v.text not in ("--silent", "-s")]
    if not rest or any(v.unknown for v in rest[:1]):
        raise call.held(f"{call.name} without a script may install packages")
    first, *after = rest
    if first.text in ("--version", "-v") and not after:
        return
    if first.text in ("ls", "list") and all(plain(v, r"--depth=\d+|[\w@/-]+") for v in after):
        return
    if first.text in _SCRIPT_RUNNERS[call.name]:
        if not after:
            return
        first, *after = after
        if first.text.startswith("-"):
            raise call.held(f"{call.name} run is given an option before the script")
    elif not _is_direct_script(call.name, first.text):
        raise call.held(f"{call.name} {first.text} may reach the network or change the project")
    if call.name != "npm" and first.text in _NOT_SCRIPTS:
        raise call.held(f"{call.name} runs {first.text}, which can run any code")
    require_plain_target(call, first)
    _script_arguments(call, after)


_NOT_SCRIPTS = frozenset(
    ("node", "npx", "npm", "bun", "bunx", "deno", "tsx", "ts-node", "env", "exec", "sh", "bash")
)
"""yarn, pnpm and bun run a program of this name where the project has no such script."""


def _is_direct_script(name: str, script: str) -> bool:
    if name == "npm":
        return script in ("test", "t", "tst", "start")
    return script in _DIRECT_SCRIPTS


def _script_arguments(call: Call, values: list[Value]) -> None:
    """Options before ``--`` are the runner's own: one of them names another shell."""
    passed_on = False
    for value in values:
        if value.text == "--":
            passed_on = True
        elif not passed_on and value.text.startswith("-") and call.name in ("npm", "pnpm", "bun"):
            if not plain(value, r"--silent|-s|--if-present|--workspaces|-ws|--watch=false"):
                raise call.held(f"{call.name} is given the option {value.text}")
        else:
            _project(call, value)


# --- languages with one driver and its commands --------------------------------------------


def _driver(commands: Mapping[str, Options], before: Options | None = None) -> Judge:
    """``cargo build ...``: the first operand names the command, each with its own options."""

    def judge(call: Call) -> None:
        parsed = parse(call, before or options("--version -V"), stop_at_operand=True)
        if not parsed.operands:
            if parsed.has("--version", "-V", "-v"):
                return
            raise call.held(f"{call.name} is given no command")
        sub, *rest = parsed.operands
        known = None if sub.unknown else commands.get(sub.text)
        if known is None:
            raise call.held(f"{call.name} {sub.text} is not on the list of harmless commands")
        inner = replace(call, argv=(Value(f"{call.name} {sub.text}"), *rest))
        _all_arguments(inner, parse(inner, known))

    return judge


_CARGO_BUILD = options(
    "--release -r --all --workspace --all-targets --all-features "
    "--no-default-features --lib --bins "
    "--tests --examples --benches --offline --locked --frozen -q --quiet "
    "-v --verbose -vv --no-run "
    "--doc --no-fail-fast --keep-going --no-deps --fix --allow-dirty --allow-staged --nocapture",
    text="-p --package --bin --example --test --bench --features -F -j --jobs "
    "--message-format --color --exclude --profile",
    read="--manifest-path --target",
)
_CARGO = {
    **dict.fromkeys(
        ("build", "b", "check", "c", "test", "t", "clippy", "run", "r", "bench", "doc"),
        _CARGO_BUILD,
    ),
    "fmt": options("--all --check -q -v", text="-p --package", read="--manifest-path"),
    "nextest": _CARGO_BUILD,
    "tree": options("--offline --locked --frozen -d -i", text="-p -e --depth"),
    "metadata": options("--no-deps --offline --locked", text="--format-version"),
}

_GO_BUILD = options(
    "-v -x -n -a -race -msan -cover -short -failfast -json -trimpath -i -w -l -d -s -e",
    text="-run -bench -benchtime -count -timeout -parallel -p -cpu "
    "-tags -covermode -coverpkg -skip "
    "-f",
    write="-o -coverprofile -cpuprofile -memprofile",
    words=True,
)
_GO_PLAIN = ("build", "test", "vet", "fmt", "run", "list", "version", "doc")


def _go(call: Call) -> None:
    """Packages named by path; a path with a host in front is fetched from the network."""
    if len(call.argv) < 2 or not plain(call.argv[1], "|".join(_GO_PLAIN)):
        raise call.held("this go command may reach the network or change the project")
    inner = replace(call, argv=(Value(f"go {call.argv[1].text}"), *call.argv[2:]))
    parsed = parse(inner, _GO_BUILD)
    if parsed.has("-f") and inner.name != "go list":
        raise call.held("go is given an option that is not known")
    for operand in parsed.operands:
        if "@" in operand.text or plain(operand, r"[\w-]+\.[\w.-]+/.*"):
            raise Held("go is given a package from the network")
        _project(inner, operand)


# --- compilers -------------------------------------------------------------------------------

_GCC = options(
    "-c -S -E -g -g0 -g1 -g2 -g3 -ggdb -O -O0 -O1 -O2 -O3 -Os "
    "-Og -Ofast -w -v -s -static -shared "
    "-pthread -pedantic -ansi -rdynamic -pie -no-pie -fPIC -fpic -fPIE -fno-exceptions -fno-rtti "
    "-ffast-math -fopenmp -flto -fno-omit-frame-pointer -fstack-protector -march=native -MMD -MP "
    "-MD -M -MM --version -dumpversion -P -fsyntax-only -funroll-loops -fno-strict-aliasing",
    text="-D -U -l -x",
    read="-I -L -isystem -iquote -include",
    write="-o -MF",
    attached="-std -fsanitize -mtune -march -fdiagnostics-color -fvisibility",
    words=True,
)
_GLUED = re.compile(r"-(?:W(?![lap],)[\w-]+(?:=[\w-]+)?|[DU]\w+(?:=[^\s]*)?|l[\w.+-]+)")
_GLUED_PATH = re.compile(r"-[IL](.+)")


def _gcc(call: Call) -> None:
    kept = []
    for value in call.argv:
        glued = _GLUED_PATH.fullmatch(value.text)
        if glued is not None and not value.unknown:
            call.check("read", Value(glued[1]))
        elif value.unknown or not _GLUED.fullmatch(value.text):
            kept.append(value)
    inner = replace(call, argv=tuple(kept))
    for operand in parse(inner, _GCC).operands:
        if operand.text.startswith("@"):
            raise Held("the compiler's options come from a file")
        call.check("read", operand)


def _java(call: Call) -> None:
    parsed = parse(call, options("-version --version -ea", read="-jar -cp -classpath", words=True))
    _all_arguments(call, parsed)


# --- tools that take files --------------------------------------------------------------------

_PYTEST = options(
    "-x -v -vv -q -s -l --lf --ff --nf --sw --co --collect-only --exitfirst --verbose --quiet "
    "--last-failed --failed-first --no-header --no-summary --strict-markers --version --fixtures "
    "--no-cov --disable-warnings --showlocals --stepwise --cov -vvv "
    "--markers --cache-show --setup-show",
    text="-k -m -n --maxfail --durations --tb -r --color --timeout --log-level --log-cli-level "
    "--show-capture --capture --numprocesses --dist --import-mode -W --verbosity "
    "--hypothesis-seed --reruns --randomly-seed --durations-min",
    read="--ignore --deselect --cov-report",
    attached="--cov",
)
_TOOLS: dict[str, Options] = {
    "pytest": _PYTEST,
    "py.test": _PYTEST,
    "ruff": options(
        "--fix --check --diff --watch -q -v --quiet --statistics --no-cache --show-files "
        "--unsafe-fixes --preview --no-fix --version",
        text="--select --ignore --extend-select --line-length --output-format --target-version",
    ),
    "mypy": options(
        "--strict --ignore-missing-imports --no-error-summary --pretty "
        "--show-error-codes --version "
        "--no-incremental --namespace-packages --explicit-package-bases --check-untyped-defs -v "
        "--warn-unreachable --no-color-output --show-column-numbers",
        text="-p -m --package --module --python-version --platform --follow-imports --exclude",
    ),
    "black": options(
        "--check --diff -q -v --quiet --color --version -S",
        text="-l --line-length -t --target-version",
    ),
    "isort": options("--check --check-only --diff -c -q -v", text="--profile -l --line-length"),
    "flake8": options(
        "-v -q --count --statistics --show-source --version",
        text="--max-line-length --select --ignore --extend-ignore --exclude --max-complexity",
    ),
    "pylint": options("-E --errors-only --version", text="--disable --enable -j --max-line-length"),
    "pyright": options("--stats --version --verbose --outputjson", read="-p --project"),
    "tsc": options(
        "--noEmit --strict -b --build --pretty --listFiles --skipLibCheck "
        "--version -v --declaration "
        "--emitDeclarationOnly --incremental --force --dry --verbose --noEmitOnError",
        text="--target --module --jsx --lib --moduleResolution",
        read="-p --project",
        write="--outDir --outFile",
        attached="--pretty",
    ),
    "eslint": options(
        "--fix --fix-dry-run --quiet --cache --no-error-on-unmatched-pattern --version",
        text="--ext --max-warnings --ignore-pattern",
        read="--format -f",
    ),
    "prettier": options("--check --write -c -w -l --list-different --version", text="--log-level"),
    "jest": options(
        "--coverage --verbose --watchAll=false --ci --silent --bail "
        "-i --runInBand --passWithNoTests "
        "--no-cache -u --updateSnapshot --onlyChanged -o --json --detectOpenHandles --forceExit",
        text="-t --testNamePattern --maxWorkers -w --testPathPattern",
    ),
    "vitest": options("--run --coverage --silent", text="-t --testNamePattern", read="--reporter"),
    "mocha": options(
        "--bail -b --recursive --exit", text="-g --grep --timeout -t", read="--reporter -R"
    ),
    "rustc": options("-g -O --version", text="--edition --crate-type --crate-name", write="-o"),
    "rustfmt": options("--check --version", text="--edition"),
    "gofmt": options("-l -w -d -s", words=True),
    "javac": options(
        "-version -g", read="-cp -classpath", write="-d", text="--release", words=True
    ),
    "ctest": options(
        "-V -VV -N --output-on-failure --verbose", text="-R -E -L -j --timeout", read="--test-dir"
    ),
    "ninja": options("-v -n -k", text="-j -k", read="-C"),
    "clang-format": options("-i -n --Werror", read="--style"),
    "shellcheck": options("-x -a", text="-s -S -e -f"),
    "phpunit": options("--testdox", text="--filter --testsuite"),
    "rspec": options("--fail-fast", text="-e --example --tag -t", read="--format -f"),
    "markdownlint": options("--fix"),
    "tox": options("-q -v -p", text="-e"),
}


def _cmake(call: Call) -> None:
    known = options(
        "--version -v --verbose --fresh --clean-first",
        text="-G --target -j --parallel --config",
        read="-S --build",
        write="-B",
    )
    definitions = re.compile(r"-DCMAKE_(BUILD_TYPE|EXPORT_COMPILE_COMMANDS|CXX_STANDARD)=[\w+]+")
    kept = tuple(v for v in call.argv if v.unknown or not definitions.fullmatch(v.text))
    inner = replace(call, argv=kept)
    parsed = parse(inner, known)
    for target in parsed.all("--target"):
        require_plain_target(inner, target)
    for operand in parsed.operands:
        if "=" in operand.text:
            raise Held("the build is given a variable, which can name another program")
        require_plain_target(inner, operand)
    _all_arguments(inner, parsed)


def _java_build(call: Call) -> None:
    """Maven and Gradle: named goals only, and the options that choose tests."""
    goals = (
        r":?([\w:-]*:)?(clean|compile|testClasses|test|test-compile|verify|check|build|assemble|jar"
        r"|package|classes|tasks|lint|spotlessCheck|integrationTest|dependencies|-q|-o|--offline"
        r"|--quiet|--no-daemon|--info|--stacktrace|--continue|-DskipTests|-Dtest=[\w.#*]+"
        r"|-B|--batch-mode|-ntp|--rerun-tasks|--version|-v|--console=plain)"
    )
    rest = list(call.argv[1:])
    while rest:
        value = rest.pop(0)
        if plain(value, r"--tests|-pl|--projects") and rest:
            _project(call, rest.pop(0))
        elif not plain(value, goals):
            raise call.held(f"{call.name} {value.text} is not on the list of harmless goals")


def _ruff(call: Call) -> None:
    if len(call.argv) > 1 and plain(call.argv[1], "check|format|rule|--version|version"):
        _runner(_TOOLS["ruff"])(replace(call, argv=(call.argv[0], *call.argv[2:])))
        return
    raise call.held("this ruff command is not on the list of harmless ones")


def _vitest(call: Call) -> None:
    rest = call.argv[2:] if len(call.argv) > 1 and plain(call.argv[1], "run") else call.argv[1:]
    _runner(_TOOLS["vitest"])(replace(call, argv=(call.argv[0], *rest)))


TABLE: dict[str, Judge] = {
    **{name: _runner(known) for name, known in _TOOLS.items()},
    "ruff": _ruff,
    "vitest": _vitest,
    "make": _make,
    "gmake": _make,
    **dict.fromkeys(_SCRIPT_RUNNERS, _scripts),
    "cargo": _driver(_CARGO),
    "go": _go,
    **dict.fromkeys(("gcc", "g++", "cc", "c++", "clang", "clang++"), _gcc),
    "java": _java,
    "cmake": _cmake,
    **dict.fromkeys(("mvn", "mvnw", "gradle", "gradlew"), _java_build),
    "dotnet": _driver(
        {
            name: options(
                "--no-restore --no-build", text="-c --configuration -v --filter --framework"
            )
            for name in ("build", "test", "format")
        }
    ),
    "swift": _driver(
        {
            name: options("--parallel -v", text="-c --filter --product --target")
            for name in ("build", "test")
        }
    ),
    "mix": _driver(
        {
            name: options("--trace --check-formatted --warnings-as-errors", text="--only --seed")
            for name in ("test", "compile", "format")
        }
    ),
    "terraform": _driver(
        {name: options("-check -diff -recursive", words=True) for name in ("fmt", "validate")}
    ),
    "flutter": _driver({name: options("--no-pub") for name in ("test", "analyze")}),
    "dart": _driver({name: options() for name in ("test", "analyze", "format")}),
    "docker": _driver(
        {name: options("-a -q --all --quiet") for name in ("ps", "images", "version")}
    ),
}
