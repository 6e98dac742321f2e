"""The box as a command talks to it: where it is, its token, one request at a time.

A token goes to nobody who has not first shown to be a codriver. Blocking. For commands that
work on a running box, from a laptop or on the box itself.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edge.cli.settings import add_config_option, state_dir
from edge.config import load
from edge.dialects import anthropic
from edge.errors import BadRequest, CodriverError, UpstreamUnreachable

GREETING = b"codriver is running"
TIMEOUT_SECONDS = 60.0
_ALL_INTERFACES = ("0.0.0.0", "::", "")


def add_box_options(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    parser.add_argument(
        "--box", metavar="URL", help="the box; else ANTHROPIC_BASE_URL, else this machine"
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="the box's token; else ANTHROPIC_AUTH_TOKEN, else this machine's",
    )


@dataclass(frozen=True, slots=True)
class RemoteBox:
    """A box that has shown to be one."""

    url: str
    token: str | None

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The JSON that it answers with. Raises its refusal, and UpstreamUnreachable."""
        headers = {} if self.token is None else {"authorization": f"Bearer {self.token}"}
        status, answer = _exchange(self.url, method, path, body, headers)
        if status >= 400:
            raise anthropic.parse_error(answer, status)
        try:
            return json.loads(answer)
        except ValueError:
            raise UpstreamUnreachable(f"{self.url} does not answer as a codriver does") from None


def find_box(options: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> RemoteBox:
    """The box that the options or the environment name. Raises CodriverError with what to do."""
    named = options.box or environment.get("ANTHROPIC_BASE_URL", "")
    url = (named or _own_url(options.config)).rstrip("/")
    status, said = _exchange(url, "GET", "/", None, {})
    if status != 200 or said != GREETING:
        raise CodriverError(
            f"{url} is no codriver: name the box with --box (`codriver find` lists those near)"
        )
    return RemoteBox(url, _token(options, environment, is_own=not named))


def _own_url(config: Path | None) -> str:
    server = load(config).server
    host = "127.0.0.1" if server.host in _ALL_INTERFACES else server.host
    return f"http://{f'[{host}]' if ':' in host else host}:{server.port}"


def _token(
    options: argparse.Namespace, environment: Mapping[str, str], *, is_own: bool
) -> str | None:
    """Raises CodriverError for a file that cannot be read."""
    file: Path | None = options.token_file
    if file is None and (token := environment.get("ANTHROPIC_AUTH_TOKEN")):
        return token
    if file is None and is_own:
        own = load(options.config).auth.token_file or state_dir() / "token"
        file = own if os.access(own, os.R_OK) else None
    if file is None:
        return None
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise CodriverError(f"{file}: the token cannot be read") from None


def _exchange(
    url: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    connection = _connection(url)
    try:
        connection.request(
            method, path, body, {"content-type": "application/json", **dict(headers)}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise UpstreamUnreachable(
            f"no box answers at {url} ({error or type(error).__name__}): start one with "
            "`codriver serve`, or name it with --box (`codriver find` lists those near)"
        ) from None
    finally:
        connection.close()


def _connection(url: str) -> http.client.HTTPConnection:
    try:
        at = urlsplit(url)
        host, port = at.hostname, at.port
    except ValueError:
        host, port = None, None
    if not host or at.scheme not in ("http", "https"):
        raise BadRequest(f"{url!r} is no address of a box: expected http://HOST:PORT")
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=TIMEOUT_SECONDS)
