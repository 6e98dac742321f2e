"""``portal``: a sign-in page stands in the way: the box answers, and no credential leaves it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.bench.engine.result import Bar, Result
from tests.bench.link.place import CLOUD_TABLE, OTHER_NAME, Place
from tests.bench.link.rig import Rig, small_body
from tests.system.cloudy import CLOUD_ADDRESS, CLOUD_NAME
from tests.system.hosts import on

WHAT = "captive portal"
BAR = Bar("at most", 0, " wrong")
REQUESTS = 3
UNKNOWN = "api.cloud.test"
"""A name that only a name server leads anywhere."""
PROBED = f'[uplink]\nprobe_url = "http://{CLOUD_NAME}/generate_204"\n'
PLAIN = (
    f'[upstreams.cloud]\ndialect = "anthropic"\nurl = "http://{CLOUD_NAME}"\ncredential = "none"\n'
)


@dataclass(frozen=True, slots=True)
class Case:
    """``tables``: the box's configuration; ``hijacked``: every name leads to the page."""

    what: str
    tables: str
    hijacked: bool = False


CASES = (
    Case("TLS to the wrong host", CLOUD_TABLE),
    Case("HTML with status 200, and TLS to the wrong host", PROBED + CLOUD_TABLE),
    Case("every name leads to it", CLOUD_TABLE.replace(CLOUD_NAME, UNKNOWN), hijacked=True),
    Case("HTML with status 200 in a plain upstream's place", PLAIN),
)


def measure(rig: Rig) -> list[Result]:
    return [_case(rig, case) for case in CASES]


def _case(rig: Rig, case: Case) -> Result:
    wrong, took = [], []
    with rig.road() as place, ExitStack() as stack:
        cloud = stack.enter_context(place.cloud(443, 80, certificate=OTHER_NAME))
        cloud.set(portal=True)
        if case.hijacked:
            stack.enter_context(_hijacked(place))
        box = stack.enter_context(place.codriver(case.tables))
        body = small_body(place.folder)
        for _ in range(REQUESTS):
            answer = place.ask(place.to_box(body))
            if answer.route != "local" or not answer.whole:
                wrong.append(f"{answer.route or answer.status} answered: {answer.error}")
            took.append((answer.content or answer.began) - answer.began)
        seen = cloud.seen()
        wrong += [f"a credential was sent: {one[:9]}..." for one in seen["credentials"]]
        level = "offline" if "the uplink is offline" in box.said else "not offline"
    notes = (
        f"{REQUESTS} requests, first tokens after {', '.join(f'{s:.2f}' for s in took)} s; "
        f"the page was asked {seen['connections']} times; the link is {level}",
        *wrong,
    )
    return Result(f"{WHAT}: {case.what}", "wrong", len(wrong), (), len(wrong), BAR, notes)


@contextmanager
def _hijacked(place: Place) -> Iterator[None]:
    """A name server of the page's, which the box is told to use (tests.system.cloudy)."""
    with subprocess.Popen(
        on(place.internet, "-m", "tests.bench.link.names", CLOUD_ADDRESS),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()
