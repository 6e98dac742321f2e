"""What ``codriver serve`` prints: what was chosen and why, the address, what to paste. Pure."""

from __future__ import annotations

from collections.abc import Sequence

PLACEHOLDER_TOKEN = "local"  # noqa: S105 - not a secret: clients want some word there


def starting(model: str, reasons: Sequence[str]) -> str:
    """Before the model is loaded."""
    return "\n".join([f"model      {model}", *(f"           {reason}" for reason in reasons)])


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
