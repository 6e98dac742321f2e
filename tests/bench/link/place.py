"""Where the bench happens: laptop, box and internet as network namespaces, and who runs in them.

``cable`` joins box and internet by a cable, for figures that are small; ``road`` by the shaper
(hw/sim), for links that go bad. Needs root, iproute2, openssl, and TUN devices for the road.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.bench.link import certificates
from tests.bench.link.laptop import Answer, Target
from tests.system.cloudy import (
    CLOUD_ADDRESS,
    CLOUD_NAME,
    DEVICE,
    UPLINK_ADDRESS,
    Shaper,
    cloudy,
    names_of,
)
from tests.system.daemon import Daemon, started
from tests.system.hosts import BOX_ADDRESS, at, ip, on, two_hosts

OTHER_NAME = "other.example"
BOX_PORT = 4141
TOKEN = "sk-bench-token-of-the-box"
"""The box's own; peers are given the same to ask for."""
CLOUD_KEY = "sk-ant-key-of-the-bench"
MODEL = "claude-opus-5-5"

NOTHING: Mapping[str, str] = MappingProxyType({})

CLOUD_TABLE = f"""
[upstreams.cloud]
dialect = "anthropic"
url = "https://{CLOUD_NAME}"
credential = {{ file = "cloud.key" }}
"""
"""codriver's way to the stand-in, with a key of the box's own."""


class NoAnswer(OSError):
    """What the laptop asked for did not come; the text is what its program said."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The stand-in that runs in the internet's namespace."""

    process: subprocess.Popen[str]

    def set(self, **wishes: Any) -> dict[str, Any]:
        """What it has seen so far, after doing so."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wishes) + "\n")
        self.process.stdin.flush()
        said = self.heard()
        assert "error" not in said, said
        return said

    def seen(self) -> dict[str, Any]:
        return self.set(report=True)

    def heard(self) -> dict[str, Any]:
        """The next line that it says; waits for it."""
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said


@dataclass(frozen=True, slots=True)
class Place:
    """Three hosts; ``shaper`` is None where a cable leads to the internet. ``folder`` holds
    certificates, keys, bodies and configurations."""

    laptop: str
    box: str
    internet: str
    shaper: Shaper | None
    folder: Path
    certificates: certificates.Certificates

    @property
    def link(self) -> Shaper:
        assert self.shaper is not None
        return self.shaper

    @contextmanager
    def cloud(self, *ports: int, certificate: str = CLOUD_NAME) -> Iterator[Cloud]:
        """The stand-in on these ports, the first with TLS as ``certificate``; 443 by default."""
        words = [word for port in ports or (443,) for word in ("--port", str(port))]
        key = ("--certificate", str(self.certificates.hosts[certificate]))
        with subprocess.Popen(
            on(self.internet, "-m", "tests.bench.link.cloud", *words, *key),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                cloud = Cloud(process)
                assert "ready" in cloud.heard()
                yield cloud
            finally:
                process.kill()

    @contextmanager
    def codriver(
        self, tables: str = CLOUD_TABLE, *options: str, port: int = BOX_PORT
    ) -> Iterator[Daemon]:
        """The daemon on the box, with a scripted engine unless ``options`` name a model."""
        (self.folder / "token").write_text(TOKEN)
        (self.folder / "cloud.key").write_text(CLOUD_KEY)
        for secret in ("token", "cloud.key"):
            (self.folder / secret).chmod(0o600)
        config = self.folder / f"codriver-{port}.toml"
        config.write_text(
            f'[server]\nhost = "0.0.0.0"\nport = {port}\n'
            f'[lan]\nannounce = false\n[auth]\ntoken_file = "token"\n{tables}'
        )
        words = options or ("--fake",)
        trust = {"SSL_CERT_FILE": str(self.certificates.ca)}
        with started(
            *words, "--config", str(config), inside=at(self.box), environment=trust
        ) as daemon:
            daemon.wait_up()
            yield daemon

    def to_box(
        self, body: Path, port: int = BOX_PORT, headers: Mapping[str, str] = NOTHING
    ) -> Target:
        """A laptop's request through whatever listens there."""
        bearer = {"authorization": f"Bearer {TOKEN}"}
        return Target(BOX_ADDRESS, port, str(body), {**bearer, **headers})

    def to_cloud(self, body: Path, headers: Mapping[str, str] = NOTHING) -> Target:
        """The same without anybody between."""
        key = {"x-api-key": CLOUD_KEY, **headers}
        ca = str(self.certificates.ca)
        return Target(CLOUD_ADDRESS, 443, str(body), key, ca=ca, name=CLOUD_NAME)

    def ask(self, to: Target, timeout: float = 60.0) -> Answer:
        """One request from the laptop."""
        done = self.laptop_does(do="ask", to=asdict(to), timeout=timeout)
        return replace(Answer(), **done)

    def ask_from_box(self, to: Target, timeout: float = 60.0) -> Answer:
        """The same as if the laptop sat at the box's own link."""
        return replace(Answer(), **_does(self.box, do="ask", to=asdict(to), timeout=timeout))

    def laptop_does(self, **wish: Any) -> dict[str, Any]:
        """What the laptop's program prints (tests.bench.link.laptop)."""
        return _does(self.laptop, **wish)

    def down(self) -> None:
        """The box's way out loses its carrier."""
        ip("-n", self.box, "link", "set", DEVICE, "down")

    def up(self) -> None:
        """It has it again, with the route that goes with it."""
        ip("-n", self.box, "link", "set", DEVICE, "up")
        ip("-n", self.box, "route", "add", "default", "via", CLOUD_ADDRESS)


def _does(host: str, **wish: Any) -> dict[str, Any]:
    command = on(host, "-m", "tests.bench.link.laptop", json.dumps(wish))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        raise NoAnswer(done.stderr.strip()[-400:])
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@contextmanager
def road(folder: Path) -> Iterator[Place]:
    """Box and internet are joined by the shaper."""
    certs = certificates.make(folder, (CLOUD_NAME, OTHER_NAME))
    with cloudy() as journey:
        yield Place(journey.laptop, journey.box, journey.internet, journey.shaper, folder, certs)


@contextmanager
def cable(folder: Path) -> Iterator[Place]:
    """Box and internet are joined by a cable; the laptop reaches the internet through the box,
    that codriver is not between where nobody asks it."""
    certs = certificates.make(folder, (CLOUD_NAME, OTHER_NAME))
    with ExitStack() as stack:
        lan = stack.enter_context(two_hosts())
        internet = lan.box.replace("cd-box", "cd-net")
        ip("netns", "add", internet)
        stack.callback(ip, "netns", "del", internet)
        stack.enter_context(names_of(lan.box))
        ends = (DEVICE, "netns", lan.box), (DEVICE, "netns", internet)
        ip("link", "add", *ends[0], "type", "veth", "peer", "name", *ends[1])
        for host, address in ((lan.box, UPLINK_ADDRESS), (internet, CLOUD_ADDRESS)):
            ip("-n", host, "address", "add", f"{address}/30", "dev", DEVICE)
            ip("-n", host, "link", "set", DEVICE, "up")
            ip("-n", host, "link", "set", "lo", "up")
        ip("-n", lan.box, "route", "add", "default", "via", CLOUD_ADDRESS)
        ip("-n", internet, "route", "add", "default", "via", UPLINK_ADDRESS)
        ip("-n", lan.laptop, "route", "add", "default", "via", BOX_ADDRESS)
        forward = Path("/proc/sys/net/ipv4/ip_forward")
        subprocess.run([*at(lan.box), "sh", "-c", f"echo 1 > {forward}"], check=True)
        yield Place(lan.laptop, lan.box, internet, None, folder, certs)
