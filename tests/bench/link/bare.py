"""A relay of aiohttp alone: no routes, no looking, nothing counted. What codriver's own part costs
is what it takes beyond this.

    python -m tests.bench.link.bare --port 4144 --url https://cloud.example --key KEY
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence

import aiohttp
from aiohttp import web

HOP = ("host", "connection", "content-length", "transfer-encoding", "authorization", "x-api-key")


class _Relayed(web.StreamResponse):
    """Head and first bytes in one write, as the box does it."""

    _send_headers_immediately = False


class Relay:
    """Posts what comes to ``url`` with ``key``, and passes on what comes back."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session = session
        self._url = url
        self._key = key

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = _kept(request.headers.items()) | {"x-api-key": self._key}
        address = self._url + request.path_qs
        async with self._session.post(address, data=body, headers=headers) as answer:
            response = _Relayed(status=answer.status, headers=_kept(answer.headers.items()))
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
        return response


def _kept(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in HOP}


async def serve(port: int, url: str, key: str) -> None:
    """Until the process is ended."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        app = web.Application(client_max_size=2**25)
        app.router.add_post("/{path:.*}", Relay(session, url, key))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", port).start()
        await asyncio.Event().wait()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="A relay of aiohttp alone.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True)
    given = parser.parse_args(arguments)
    asyncio.run(serve(given.port, given.url, given.key))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
