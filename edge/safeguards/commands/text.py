"""Commands that read files and print: viewers, filters, searchers, small facts of the system."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from edge.safeguards.commands.spec import Call, Judge, options, parse, plain, tool
from edge.safeguards.finding import Held
from edge.safeguards.values import Value

_READS = options(lenient=True, digits=True)
_reader = tool(_READS, "read")
_talker = tool(options(lenient=True), "text")


def _grep(call: Call) -> None:
    parsed = parse(call, _GREP)
    operands = parsed.operands
    if not parsed.has("-e", "--regexp", "-f", "--file"):
        operands = operands[1:]
    for operand in operands:
        call.check("read", operand)


_GREP = options(
    "-E -F -G -P -i -v -w -x -c -l -L -o -q -s -b -H -h -n -T -Z -z -U -a -I -r -R -y "
    "--extended-regexp --fixed-strings --perl-regexp --ignore-case --invert-match --no-messages "
    "--word-regexp --line-regexp --count --files-with-matches --files-without-match --quiet "
    "--only-matching --byte-offset --with-filename --no-filename --line-number --text --null "
    "--recursive --dereference-recursive --line-buffered --no-ignore-case --version --help",
    text="-e --regexp -A -B -C -m --max-count --after-context --before-context --context "
    "-d -D --exclude --exclude-dir --label --binary-files",
    read="-f --file --exclude-from --include",
    attached="--color --colour",
    digits=True,
)


def _rg(call: Call) -> None:
    parsed = parse(call, _RG)
    operands = parsed.operands
    if not parsed.has("-e", "--regexp", "-f", "--file", "--files", "--type-list"):
        operands = operands[1:]
    for operand in operands:
        call.check("read", operand)


_RG = options(
    "-i -S -s -v -w -x -c -l -n -N -o -q -F -P -U -H -I -L -p -u -uu -uuu -a -0 --files --hidden "
    "--no-ignore --no-ignore-vcs --no-heading --heading --vimgrep --json "
    "--trim --stats --passthru "
    "--line-number --no-line-number --count --count-matches --files-with-matches --only-matching "
    "--files-without-match --ignore-case --smart-case --case-sensitive --fixed-strings --pcre2 "
    "--multiline --multiline-dotall --word-regexp --line-regexp --invert-match --with-filename "
    "--no-filename --no-messages --text --quiet --pretty --column --null --type-list --version",
    text="-e --regexp -A -B -C --after-context --before-context --context -m --max-count "
    "-t -T --type --type-not --max-depth -d --sort --sortr -r --replace -M "
    "--max-columns -j --threads --color --colors --max-filesize",
    read="-f --file --ignore-file -g --glob --iglob",
)


def _sort(call: Call) -> None:
    for operand in parse(call, _SORT).operands:
        call.check("read", operand)


_SORT = options(
    "-b -d -f -g -i -M -h -n -R -r -V -c -C -m -s -u -z --unique --reverse --numeric-sort "
    "--human-numeric-sort --version-sort --general-numeric-sort --stable --ignore-case --check",
    text="-k -t --key --field-separator",
    write="-o --output",
    attached="--sort",
)


def _uniq(call: Call) -> None:
    operands = parse(call, _UNIQ).operands
    for operand, kind in zip(operands, ("read", "write"), strict=False):
        call.check("read" if kind == "read" else "write", operand)


_UNIQ = options(
    "-c -d -D -i -u -z --count --repeated --unique --ignore-case",
    text="-f -s -w --skip-fields --skip-chars --check-chars",
)


def _jq(call: Call) -> None:
    parsed = parse(call, _JQ)
    if not parsed.operands:
        return
    program, *files = parsed.operands
    if program.unknown or re.search(r"env|input_filename|include|import|debug", program.text, re.I):
        raise Held("the jq program may read the environment or other files")
    for file in files:
        call.check("read", file)


_JQ = options(
    "-r -c -s -n -e -S -a -j -M -C -R --raw-output --compact-output --slurp --null-input --tab "
    "--exit-status --sort-keys --ascii-output --join-output --raw-input",
    text="--indent",
)


def _awk(call: Call) -> None:
    parsed = parse(call, options(text="-F -v"), stop_at_operand=True)
    if not parsed.operands:
        raise Held("awk is given no program")
    program, *files = parsed.operands
    _require_plain_awk(program.text if not program.unknown else "@")
    for file in files:
        call.check("read", file)


def _require_plain_awk(program: str) -> None:
    """Only programs that print: no command, no file, no call by name, no environment."""
    if re.search(r"system|getline|close|fflush|ENVIRON|PROCINFO|ARGV|@", program):
        raise Held("the awk program can run commands or read other files")
    if "|" in program.replace("||", ""):
        raise Held("the awk program can run commands")
    pattern, _, action = program.partition("{")
    if ">" in action or (">" in pattern and re.search(r"[\"/#]", pattern)):
        raise Held("the awk program can write files")


def _sed(call: Call) -> None:
    parsed = parse(call, _SED)
    scripts = parsed.all("-e", "--expression")
    files = parsed.operands
    if not scripts:
        scripts, files = files[:1], files[1:]
    if scripts and scripts[0].text == "" and files:  # BSD: -i takes the empty word
        scripts, files = files[:1], files[1:]
    for script in scripts:
        _require_plain_sed("?" if script.unknown else script.text)
    in_place = parsed.has("-i", "--in-place")
    for suffix in parsed.all("-i", "--in-place"):
        if not plain(suffix, r"|\.?[A-Za-z0-9_~.]{1,8}"):
            raise Held("sed is given an unusual suffix for its backup")
    for file in files:
        call.check("read", file)
        if in_place:
            call.check("write", file)


_SED = options(
    "-n -E -r -s -u -z --quiet --silent --regexp-extended --separate --null-data",
    text="-e --expression",
    attached="-i --in-place",
)
_SED_ADDRESS = r"(?:\d+|\$|/(?:[^/\\\n]|\\.)*/I?)"
_SED_SUBSTITUTE = "|".join(
    rf"s{re.escape(d)}(?:[^{re.escape(d)}\\\n]|\\[^\n])*{re.escape(d)}"
    rf"(?:[^{re.escape(d)}\\\n]|\\.)*{re.escape(d)}[gpiI0-9]*"
    for d in "/|#,@:%!_~+"
)
_SED_COMMAND = (
    rf"(?:{_SED_SUBSTITUTE}|[pdqDPhHgGxnN=]|y/[^/\\\n]*/[^/\\\n]*/"
    r"|[aic](?:\\\n| ?)[^\n]*)"
)
_SED_LINE = re.compile(
    rf"\s*(?:{_SED_ADDRESS}(?:\s*,\s*[+~]?{_SED_ADDRESS})?)?\s*!?\s*{_SED_COMMAND}\s*", re.DOTALL
)


def _require_plain_sed(script: str) -> None:
    """Only commands that edit the text; ``e``, ``w``, ``r`` and "
    "what is not understood is held."""
    rest = script
    while rest.strip():
        match = _SED_LINE.match(rest)
        if match is None or match.end() == 0:
            raise Held("the sed script may run commands or write other files")
        rest = rest[match.end() :]
        if rest and not rest.startswith((";", "\n")) and match[0][-1:] != "\n":
            raise Held("the sed script may run commands or write other files")
        rest = rest[1:] if rest.startswith((";", "\n")) else rest


def _date(call: Call) -> None:
    for operand in parse(call, options("-u -R --utc", text="-d --date", attached="-I")).operands:
        if not operand.text.startswith("+"):
            raise Held("date is asked to set the clock")


def _bare(call: Call) -> None:
    if len(call.argv) > 1:
        raise Held(f"{call.name} is given arguments")


def _echo(call: Call) -> None:
    """Prints its words; which values may be printed is settled where they are expanded."""


def _printf(call: Call) -> None:
    if len(call.argv) > 1 and call.argv[1].text.startswith("-") and call.argv[1].text != "--":
        raise Held("printf is asked to set a variable")
    if len(call.argv) > 1 and call.argv[1].unknown and not call.argv[1].text:
        raise Held("printf is given a format that is not known")


def _test(call: Call) -> None:
    require_plain_test(call.argv)


def require_plain_test(words: Sequence[Value]) -> None:
    """``-v 'a[$(id)]'`` makes the shell run what stands in the index."""
    if any("$(" in value.text or "`" in value.text for value in words):
        raise Held("it tests text that the shell may evaluate")
    if any(value.text in ("-v", "-R") for value in words):
        raise Held("it tests a variable by a name that the shell evaluates")


def _ps(call: Call) -> None:
    if any(not plain(value, r"aux|-ef|-e|-f|-A|-aux|-p|\d+") for value in call.argv[1:]):
        raise Held("ps may print the environment of other programs")


def _find(call: Call) -> None:
    parsed = parse(call, _FIND)
    for operand in parsed.operands:
        if operand.text not in ("(", ")", "!", ","):
            call.check("read", operand)


_FIND = options(
    "-L -P -H -a -o -and -or -not -print -print0 -prune -ls -depth -empty -true -false -mount "
    "-xdev -daystart -executable -readable -writable -quit -noleaf",
    text="-regex -iregex -regextype -type -maxdepth -mindepth "
    "-size -mtime -mmin -atime -amin -ctime -cmin -perm -user -group -links -inum -printf",
    read="-newer -anewer -cnewer -samefile -name -iname -path -ipath -wholename",
    words=True,
)
_FIND_RUNS = ("-exec", "-execdir", "-ok", "-okdir")


def _find_or_run(call: Call) -> None:
    """``find ... -exec grep -l x {} +`` is the harmless part and a command on each file."""
    texts = [value.text for value in call.argv]
    at = next((texts.index(run) for run in _FIND_RUNS if run in texts), None)
    if at is None:
        _find(call)
        return
    if texts[at] != "-exec" or texts[-1] not in (";", "+") or texts.count("-exec") > 1:
        raise call.held("find runs a command on what it finds")
    _find(replace(call, argv=call.argv[:at]))
    inner = [v for v in call.argv[at + 1 : -1] if v.text != "{}"]
    if any(value.text in (";", "+") for value in inner):
        raise call.held("find does more than one thing with what it finds")
    if not inner or inner[0].unknown or inner[0].text not in FOUND_FILE_READERS:
        raise call.held("find runs a command on what it finds")
    call.run(replace(call, argv=tuple(inner)))


FOUND_FILE_READERS = frozenset(
    ("grep", "wc", "ls", "file", "stat", "du", "md5sum", "sha256sum", "basename", "echo")
)
"""Commands that may run on files found inside the tree: they neither write nor dump files."""

_FINDERS = (("find",), ("git", "ls-files"), ("rg",), ("grep",), ("ls",), ("fd",))


def _xargs(call: Call) -> None:
    """Only on names that a search of the tree printed, and only to read what they name."""
    parsed = parse(call, options("-0 -r -t --null", text="-n -P -L -d -I"), stop_at_operand=True)
    fed = any(call.feeder[: len(finder)] == finder for finder in _FINDERS)
    inner = parsed.operands
    if not fed or not inner or inner[0].unknown or parsed.has("-I"):
        raise call.held("xargs runs a command on names that are not known")
    if inner[0].text not in FOUND_FILE_READERS:
        raise call.held("xargs runs a command on names that are not known")
    call.run(replace(call, argv=inner))


def _xxd(call: Call) -> None:
    operands = parse(call, options("-p -i -u -b", text="-l -s -c -g")).operands
    if len(operands) > 1:
        raise call.held("xxd is asked to write a file")
    for operand in operands:
        call.check("read", operand)


def _tree(call: Call) -> None:
    known = options("-a -d -f -h -s -p -C -n -D --dirsfirst --gitignore -i -F", text="-L -I -P")
    tool(known, "read")(call)


_READERS = (
    "ls cat head tail wc cut nl rev fold fmt comm paste column diff cmp stat du df od hexdump "
    "strings md5sum sha1sum sha256sum sha512sum cksum basename dirname realpath readlink tac "
    "expand unexpand join base64 zcat"
)
_TALKERS = "tr seq sleep true false : which type pwd uname nproc arch tput expr uptime id groups"

TABLE: dict[str, Judge] = {
    **dict.fromkeys(_READERS.split(), _reader),
    **dict.fromkeys(_TALKERS.split(), _talker),
    "grep": _grep,
    "egrep": _grep,
    "fgrep": _grep,
    "rg": _rg,
    "sort": _sort,
    "uniq": _uniq,
    "jq": _jq,
    "awk": _awk,
    "gawk": _awk,
    "mawk": _awk,
    "sed": _sed,
    "date": _date,
    "whoami": _bare,
    "hostname": _bare,
    "free": _talker,
    "lscpu": _bare,
    "echo": _echo,
    "printf": _printf,
    "test": _test,
    "ps": _ps,
    "find": _find_or_run,
    "xargs": _xargs,
    "xxd": _xxd,
    "tree": _tree,
    "file": tool(options("-b -i -L -h --brief --mime-type --mime"), "read"),
}
