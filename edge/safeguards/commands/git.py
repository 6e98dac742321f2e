"""git: reading a repository and adding to it. What loses work or reaches out is on no list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from edge.safeguards import paths
from edge.safeguards.commands.spec import Call, Judge, Kind, Options, Parsed, options, parse, plain
from edge.safeguards.finding import Held
from edge.safeguards.values import Value


def judge(call: Call) -> None:
    """Any git command. Raises Held."""
    inner = _subcommand(call)
    sub = inner.name
    if sub in _CHECKS:
        _CHECKS[sub](inner)
        return
    known = _TABLE.get(sub.removeprefix("git "))
    if known is None:
        raise _held(inner, f"{sub} is not on the list of harmless git commands")
    _operands(inner, parse(inner, known))


def _subcommand(call: Call) -> Call:
    """The call past git's own options, named "git log" and the like, where -C leads."""
    rest = list(call.argv[1:])
    cwds = call.cwds
    while rest and rest[0].text.startswith("-"):
        option = rest.pop(0)
        if option.text == "-C" and not option.unknown and rest and not rest[0].unknown:
            to = rest.pop(0).text
            cwds = frozenset(paths.check_directory(to, call.places, cwd=cwd) for cwd in cwds)
        elif option.text == "--version" and not rest:
            return replace(call, argv=(Value("git version"),))
        elif option.unknown or option.text not in ("--no-pager", "-P", "--no-optional-locks"):
            raise Held(f"git {option.text} can change what git runs or where")
    if not rest or rest[0].unknown:
        raise Held("git is given no command that is known")
    return replace(call, argv=(Value("git " + rest[0].text), *rest[1:]), cwds=cwds)


def _held(call: Call, reason: str) -> Held:
    return Held(reason, f"Bash({call.name}:*)")


def _operands(call: Call, parsed: Parsed, kind: Kind = "read") -> None:
    """Revisions and paths look alike; both must stay in the tree and be known."""
    for operand in parsed.operands:
        call.check(kind, operand)


_DIFF = (
    "-p -u -s -w -b -z -R -a --patch --no-patch "
    "--stat --shortstat --numstat --summary --name-only "
    "--name-status --cached --staged --check --raw --minimal --patience --histogram --no-color "
    "--no-ext-diff --no-textconv --ignore-all-space --ignore-space-change --ignore-blank-lines "
    "--exit-code --quiet --no-renames --full-index --binary --text --no-prefix --merge-base "
    "--function-context -W --compact-summary --cc -c --pickaxe-regex --relative"
)
_DIFF_VALUES = "-U --unified -S -G --diff-filter -l --inter-hunk-context"
_DIFF_ATTACHED = (
    "--stat --color --color-words --word-diff -M -C -B --find-renames --find-copies --abbrev "
    "--diff-algorithm --color-moved --dirstat --ws-error-highlight --submodule --relative"
)
_LOG = (
    "--oneline --graph --all --decorate --no-decorate --no-merges --merges --reverse --follow "
    "--first-parent --branches --tags --remotes --abbrev-commit --no-abbrev-commit --date-order "
    "--topo-order --author-date-order --left-right --cherry-pick --cherry-mark "
    "--parents --children "
    "--show-signature --full-history --simplify-merges --no-walk --boundary -g --walk-reflogs -i "
    "--regexp-ignore-case -E --extended-regexp -F --fixed-strings "
    "--all-match --invert-grep --count"
)
_LOG_VALUES = (
    "-n --max-count --skip --since --after --until --before --author --committer --grep -L"
)
_LOG_ATTACHED = "--pretty --format --date --decorate --branches --tags --remotes --glob --exclude"

_HISTORY = options(
    f"{_DIFF} {_LOG}",
    text=f"{_DIFF_VALUES} {_LOG_VALUES}",
    attached=f"{_DIFF_ATTACHED} {_LOG_ATTACHED}",
    digits=True,
)

_TABLE: Mapping[str, Options] = {
    "version": options(),
    "log": _HISTORY,
    "show": _HISTORY,
    "diff": _HISTORY,
    "reflog show": _HISTORY,
    "shortlog": options(
        f"-s -n -e -c {_LOG}", text="--since --until --author --grep", attached="-w --group"
    ),
    "whatchanged": _HISTORY,
    "status": options(
        "-s -b -u -v -z --short --branch --long --verbose --show-stash --ahead-behind --renames",
        attached="--porcelain -u --untracked-files --ignored --column",
    ),
    "ls-files": options(
        "-c -d -m -o -s -u -z -t -v -i --cached --deleted --modified --others --stage --unmerged "
        "--exclude-standard --full-name --error-unmatch --ignored --directory",
        text="-x --exclude --format",
    ),
    "ls-tree": options(
        "-r -d -t -l -z --name-only --name-status --full-tree --long", text="--format"
    ),
    "rev-parse": options(
        "--verify --quiet -q --show-toplevel --show-prefix --git-dir --abbrev-ref --symbolic "
        "--is-inside-work-tree --symbolic-full-name --show-cdup --is-bare-repository --all",
        attached="--short --abbrev-ref",
    ),
    "rev-list": options(_LOG, text=_LOG_VALUES, attached=_LOG_ATTACHED, digits=True),
    "merge-base": options("--all --is-ancestor --fork-point --octopus --independent"),
    "describe": options(
        "--tags --all --long --always --contains --exact-match --first-parent",
        text="--match --exclude --candidates",
        attached="--dirty --abbrev",
    ),
    "blame": options(
        "-w -s -e -l -t -f -n -p -M -C -b --root --porcelain", text="-L --since --date"
    ),
    "grep": options(
        "-n -i -l -L -c -w -v -E -F -G -P -h -H -o -q -a "
        "-I -z -p -W --cached --untracked --heading "
        "--break --line-number --ignore-case --files-with-matches --name-only "
        "--count --word-regexp "
        "--and --or --not --all-match --column --show-function --no-index",
        text="-e -A -B -C --max-depth -m --threads",
        read="-f",
        attached="--color",
    ),
    "cat-file": options("-p -t -s -e --batch-check"),
    "name-rev": options("--tags --all --name-only"),
    "for-each-ref": options("", text="--format --sort --count --contains --merged"),
    "show-ref": options("--heads --tags --verify --head -d -q", attached="--hash"),
    "check-ignore": options("-v -q -n --verbose --no-index"),
    "count-objects": options("-v -H"),
    "cherry": options("-v"),
    "range-diff": options("--no-color"),
    "help": options("-a"),
}


def _add(call: Call) -> None:
    known = "-A -u -v -n -N -p --all --update --verbose --dry-run --intent-to-add --no-all"
    _operands(call, parse(call, options(known)))


def _commit(call: Call) -> None:
    known = options(
        "-a -s -q -v --all --signoff --quiet --verbose --allow-empty --dry-run --status --short",
        text="-m --message --author --date --trailer",
        read="-F --file",
    )
    _operands(call, parse(call, known))


def _branch(call: Call) -> None:
    """Listing, or making a new branch; never moving or deleting one."""
    known = options(
        "-a -r -v -vv -l -i --all --remotes "
        "--verbose --list --show-current --no-color --ignore-case",
        text="--contains --no-contains --merged --no-merged --sort --format --points-at",
        attached="--color --column --abbrev",
    )
    _operands(call, parse(call, known))


def _tag(call: Call) -> None:
    known = options("-a -l -s --list --annotate", text="-m --message --sort --format --contains -n")
    _operands(call, parse(call, known))


_USUAL_BRANCHES = frozenset(("main", "master", "develop", "development", "dev", "trunk", "-"))


def _checkout(call: Call) -> None:
    """Only what cannot be a file: a new branch, or a branch known by its name."""
    parsed = parse(call, options("-q --quiet", text="-b"))
    if parsed.has("-b"):
        _operands(call, parsed)
        return
    known = _USUAL_BRANCHES | call.branches
    if len(parsed.operands) != 1 or parsed.operands[0].text not in known:
        raise _held(call, "git checkout may overwrite changes; git switch changes branches safely")
    _operands(call, parsed)


def _switch(call: Call) -> None:
    parsed = parse(call, options("-q --quiet --detach -d --guess --no-guess", text="-c --create"))
    _operands(call, parsed)


def _restore(call: Call) -> None:
    """Taking files out of the index only; the work tree stays as it is."""
    parsed = parse(call, options("-S --staged -q --quiet"))
    if not parsed.has("-S", "--staged"):
        raise _held(call, "git restore overwrites changes")
    _operands(call, parsed)


def _stash(call: Call) -> None:
    if len(call.argv) < 2 or not plain(call.argv[1], "list|show"):
        raise _held(call, "git stash moves changes out of the work tree")
    _operands(call, parse(replace(call, argv=call.argv[1:]), _HISTORY))


def _reflog(call: Call) -> None:
    rest = call.argv[1:]
    if any(plain(v, "expire|delete|drop|write") for v in rest):
        raise _held(call, "git reflog is asked to drop entries")
    _operands(call, parse(call, _HISTORY))


def _remote(call: Call) -> None:
    rest = [v.text for v in call.argv[1:]]
    if rest not in ([], ["-v"], ["--verbose"]) and rest[:1] != ["get-url"]:
        raise _held(call, "git remote is asked to change a remote or to reach it")
    for value in call.argv[1:]:
        call.check("read", value)


def _config(call: Call) -> None:
    """Reading one setting; never writing one, and not all of them, which show credentials."""
    parsed = parse(call, options("--get --get-all --local --show-origin"))
    if not parsed.has("--get", "--get-all"):
        raise _held(call, "git config can make git run commands")
    if any(not plain(v, r"[A-Za-z0-9.-]+") or _is_secret(v) for v in parsed.operands):
        raise _held(call, "git config is asked for a setting that may be a credential")


def _is_secret(value: Value) -> bool:
    return bool(re.search(r"token|password|secret|credential|extraheader|http\.", value.text, re.I))


def _move(call: Call) -> None:
    _operands(call, parse(call, options("-v -n -k")), "write")


def _worktree(call: Call) -> None:
    if [v.text for v in call.argv[1:]] not in (["list"], ["list", "--porcelain"]):
        raise _held(call, "git worktree changes directories")


_CHECKS: dict[str, Judge] = {
    "git add": _add,
    "git stage": _add,
    "git commit": _commit,
    "git branch": _branch,
    "git tag": _tag,
    "git checkout": _checkout,
    "git switch": _switch,
    "git restore": _restore,
    "git stash": _stash,
    "git reflog": _reflog,
    "git remote": _remote,
    "git config": _config,
    "git mv": _move,
    "git worktree": _worktree,
}

TABLE: dict[str, Judge] = {"git": judge}
