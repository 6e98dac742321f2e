"""What ``codriver serve`` prints: what was chosen and why, the address, what to paste. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

PLACEHOLDER_TOKEN = "local"  # noqa: S105 - not a secret: clients want some word there
TOKEN_ELSEWHERE = "TOKEN"  # noqa: S105 - stands for the box's token once it has been shown

_WILDCARDS = ("0.0.0.0", "::")


def starting(model: str, reasons: Sequence[str]) -> str:
    """Before the model is loaded."""
    return "\n".join([f"model      {model}", *(f"           {reason}" for reason in reasons)])


def urls(host: str, port: int, reachable: Sequence[str], machine: str) -> list[str]:
    """Where laptops reach a daemon bound to ``host``, the best for pasting first.

    Behind a wildcard those are numbers: a name would need a name service that a laptop on
    the road may not have. ``machine`` is this machine's name, for when it has no address yet.
    """
    if host not in _WILDCARDS:
        return [_url(host, port)]
    found = sorted(dict.fromkeys(reachable), key=_is_link_local)
    return [_url(address, port) for address in found] or [_url(f"{machine}.local", port)]


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _is_link_local(address: str) -> bool:
    return ipaddress.ip_address(address).is_link_local


def serving(urls: Sequence[str], routes: str, token: str | None, notes: Sequence[str]) -> str:
    """Once requests are answered. ``token`` is None on loopback, where any word will do."""
    return "\n".join(
        [
            *(f"serving    {url}" for url in urls),
            f"route      {routes}",
            *(f"note       {note}" for note in notes),
            "",
            "Paste these two lines, then start claude in any project:",
            "",
            f"    export ANTHROPIC_BASE_URL={urls[0]}",
            f"    export ANTHROPIC_AUTH_TOKEN={token or PLACEHOLDER_TOKEN}",
            "",
        ]
    )
