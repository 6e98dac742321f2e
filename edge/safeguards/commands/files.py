"""Commands that change files inside the tree. What deletes or links is on no list."""

from __future__ import annotations

from dataclasses import replace

from edge.safeguards.commands.spec import Call, Judge, options, parse, plain, tool
from edge.safeguards.paths import locate
from edge.safeguards.values import Value


def _copy(call: Call) -> None:
    """cp and mv: what is moved disappears from its place, so it is written as well."""
    parsed = parse(call, _COPY)
    targets = parsed.all("-t", "--target-directory")
    sources = parsed.operands if targets else parsed.operands[:-1]
    for target in (*targets, *parsed.operands[len(sources) :]):
        call.check("write", target)
    for source in sources:
        call.check("read", source)
        call.check("write", source)


_COPY = options(
    "-r -R -a -p -f -n -v -u -i -T --recursive --archive --verbose --no-clobber --update --force "
    "--parents --preserve",
    write="-t --target-directory",
)


def _tee(call: Call) -> None:
    for operand in parse(call, options("-a --append -i")).operands:
        call.check("write", operand)
        note_written(call, operand.text)


def note_written(call: Call, text: str) -> None:
    """Remember a file whose content comes from this very command."""
    call.written.update(locate(text, cwd) for cwd in call.cwds)


def _chmod(call: Call) -> None:
    """Making a file of the tree executable, one by one; never recursive, never for others."""
    parsed = parse(call, options("-v"))
    if not parsed.operands or not plain(
        parsed.operands[0], r"[ua]?\+x|u\+[rw]x?|0?(755|644|700|600)"
    ):
        raise call.held("chmod changes who may do what")
    for operand in parsed.operands[1:]:
        call.check("write", operand)


def _tar(call: Call) -> None:
    """Listing an archive, or packing files of the tree into one; never unpacking."""
    modes = "-c -t -z -j -J -v --create --list --gzip --verbose"
    argv = call.argv
    if len(argv) > 1 and plain(argv[1], r"[ctzjJvf]+"):
        argv = (argv[0], Value("-" + argv[1].text), *argv[2:])
    parsed = parse(replace(call, argv=argv), options(modes, text="--exclude", write="-f --file"))
    if not parsed.has("-t", "--list", "-c", "--create"):
        raise call.held("tar can overwrite files that are not known")
    for operand in parsed.operands:
        call.check("read", operand)


def _unzip(call: Call) -> None:
    parsed = parse(call, options("-l -t -v -Z"))
    if not parsed.has("-l", "-t", "-Z"):
        raise call.held("unzip can overwrite files that are not known")
    for operand in parsed.operands:
        call.check("read", operand)


TABLE: dict[str, Judge] = {
    "cp": _copy,
    "mv": _copy,
    "tee": _tee,
    "chmod": _chmod,
    "tar": _tar,
    "mkdir": tool(options("-p -v --parents --verbose", text="-m --mode"), "write"),
    "touch": tool(options("-a -c -m", text="-d -t --date"), "write"),
    "unzip": _unzip,
}
