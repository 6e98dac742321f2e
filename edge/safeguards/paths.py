"""Which paths may be read and written: the trusted directories, minus what is sensitive.

Paths are text only: the file system they name is the laptop's, out of reach. What a
path is there (a link, a directory) is unknown. Called by everything that meets a path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from edge.safeguards.finding import Held

PathRule = Callable[[str, str], None]
"""Takes "read", "write" or "edit" and an absolute path; raises Held where a rule forbids it."""


def _no_rule(_mode: str, _path: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Places:
    """What the client says of its directories. ``home`` is None where it did not say."""

    cwd: str
    home: str | None
    trusted: tuple[str, ...]
    system_reads: bool = True
    rule: PathRule = field(default=_no_rule, compare=False)


PROCESS_FILE = "/dev/fd/63"
"""What a process substitution becomes; the process behind it is judged for itself."""

_SYSTEM_FILES = frozenset(
    (
        PROCESS_FILE,
        "/dev/stdin",
        "/dev/null",
        "/dev/zero",
        "/etc/os-release",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/proc/version",
    )
)
_SYSTEM_TREES = ("/usr/include/", "/usr/share/doc/", "/usr/share/man/")
_SINKS = frozenset((PROCESS_FILE, "/dev/null", "/dev/stdout", "/dev/stderr"))
_GLOB = re.compile(r"[*?\[]")


def locate(text: str, cwd: str) -> str:
    """The absolute, normalised form of a path as the shell would see it."""
    return posixpath.normpath(posixpath.join(cwd, text)).replace("//", "/")


def check(mode: str, text: str, places: Places, *, cwd: str | None = None) -> None:
    """Raises Held unless this path may be read or written. ``text`` may hold globs.

    "edit" is a write through one of the client's own edit tools, "write" one by a command.
    """
    _require_no_climb(text)
    path = locate(text, cwd or places.cwd)
    if (path in _SINKS) if mode != "read" else _is_system(path, places):
        return
    _require_trusted(text, path, places)
    _require_not_sensitive(mode, text, path)
    places.rule(mode, path)


def check_directory(text: str, places: Places, *, cwd: str) -> str:
    """The absolute form of a directory to work in. Raises Held."""
    path = require_inside(text, places, cwd=cwd)
    _require_not_sensitive("write", text, path)
    return path


def is_trusted(path: str, places: Places) -> bool:
    """Whether an absolute, normalised path lies in a trusted directory."""
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in places.trusted)


def require_inside(text: str, places: Places, *, cwd: str) -> str:
    """The absolute form of a path that lies in a trusted directory. Raises Held."""
    _require_no_climb(text)
    path = locate(text, cwd)
    _require_trusted(text, path, places)
    return path


def _require_no_climb(text: str) -> None:
    """``link/..`` and ``*/..`` are not where the text says once a link or glob is followed."""
    if re.search(r":(?:/|\.\.(?:/|$))", text):
        raise Held(f"{text} hides a path behind a colon")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    seen_glob = False
    for part in parts:
        if part == ".." and seen_glob:
            raise Held(f"{text} climbs out of a directory that is not known")
        seen_glob = seen_glob or bool(_GLOB.search(part))


def _is_system(path: str, places: Places) -> bool:
    return places.system_reads and (path in _SYSTEM_FILES or path.startswith(_SYSTEM_TREES))


def _require_trusted(text: str, path: str, places: Places) -> None:
    if not is_trusted(path, places):
        raise Held(f"{text or path} is outside the trusted directories")


# --- sensitive names --------------------------------------------------------------------

_SECRET_DIRECTORIES = frozenset(
    [
        ".ssh",
        ".aws",
        ".azure",
        ".gnupg",
        ".kube",
        ".docker",
        ".password-store",
        ".gcloud",
        "gcloud",
        "keychains",
        ".terraform.d",
        "secrets",
        ".secrets",
    ]
)
_SECRET_NAMES = (
    ".env",
    ".env.*",
    ".envrc",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".yarnrc*",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".htpasswd",
    ".my.cnf",
    ".boto",
    ".s3cfg",
    ".vault-token",
    ".token",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.kdbx",
    "*.keystore",
    "*.jks",
    "*.ppk",
    "credentials",
    "credentials.*",
    "credential.*",
    "secrets.*",
    "secret.*",
    "secret",
    "*.secret",
    "token",
    "tokens",
    "token.txt",
    "tokens.json",
    "service-account*.json",
    "service_account*.json",
    "application_default_credentials.json",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    "shadow",
    "gshadow",
    "sudoers",
    "hosts.yml",
    "*password*.txt",
    "passwords.*",
    "terraform.tfvars",
    "*.tfstate",
    "environ",
)
_HARMLESS_NAMES = frozenset((".env.example", ".env.sample", ".env.template", ".env.dist"))

_LATER_DIRECTORIES = frozenset(
    [
        ".git",
        ".github",
        ".gitlab",
        ".circleci",
        ".buildkite",
        ".husky",
        ".claude",
        ".vscode",
        ".idea",
        ".devcontainer",
        ".cargo",
        ".config",
        ".githooks",
        "hooks.d",
        ".direnv",
        ".bundle",
    ]
)
_BUILD_FILES = (
    "makefile",
    "gnumakefile",
    "*.mk",
    "justfile",
    ".justfile",
    "taskfile.y*ml",
    "rakefile",
    "package.json",
)
"""Their lines run at the next build; a command that writes them does so unseen."""

_LATER_NAMES = (
    ".gitlab-ci.y*ml",
    ".travis.yml",
    "azure-pipelines.yml",
    "jenkinsfile",
    ".gitconfig",
    ".gitmodules",
    ".gitattributes",
    ".mcp.json",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".tcshrc",
    ".cshrc",
    ".inputrc",
    ".vimrc",
    ".exrc",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    ".envrc",
    "*.desktop",
    "*.service",
    "crontab",
    "sitecustomize.py",
    "usercustomize.py",
    "*.pth",
    ".npmrc",
    ".pythonrc",
    ".xprofile",
    ".xinitrc",
    ".ripgreprc",
)
_SAMPLES_SECRET = (
    ".env",
    ".envrc",
    ".netrc",
    ".npmrc",
    ".ssh",
    ".aws",
    ".pgpass",
    ".gnupg",
    "id_rsa",
    "id_ed25519",
    "server.pem",
    "server.key",
    "credentials",
    "secrets",
    "secret",
)
_SAMPLES_LATER = (
    ".git",
    ".github",
    ".claude",
    ".husky",
    ".vscode",
    ".bashrc",
    ".mcp.json",
    "Makefile",
    "package.json",
    ".gitlab-ci.yml",
    ".gitmodules",
    ".gitconfig",
    ".envrc",
)


def _require_not_sensitive(mode: str, text: str, path: str) -> None:
    for part in re.split(r"[/:=]", path):
        if _is_secret(part):
            raise Held(f"{text or path} may hold credentials")
        if mode != "read" and _acts_later(part, built=mode == "write"):
            raise Held(f"{text or path} can make commands run later")


def _is_secret(part: str) -> bool:
    low = part.casefold()
    if _GLOB.search(low):
        return _may_match(low, _SAMPLES_SECRET)
    if low in _HARMLESS_NAMES:
        return False
    return low in _SECRET_DIRECTORIES or any(fnmatchcase(low, name) for name in _SECRET_NAMES)


def _acts_later(part: str, *, built: bool) -> bool:
    low = part.casefold()
    if _GLOB.search(low):
        return _may_match(low, _SAMPLES_LATER)
    names = (*_LATER_NAMES, *_BUILD_FILES) if built else _LATER_NAMES
    return low in _LATER_DIRECTORIES or any(fnmatchcase(low, name) for name in names)


def _may_match(pattern: str, samples: tuple[str, ...]) -> bool:
    """Whether a glob was written so that it can name one of these. A bare ``*`` was not."""
    if pattern.strip("*") == "":
        return False
    for sample in samples:
        hidden = sample.startswith(".") and not pattern.startswith((".", "[.", "[!", "[^"))
        if not hidden and fnmatchcase(sample.casefold(), pattern.replace("[^", "[!")):
            return True
    return False
