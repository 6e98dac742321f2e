"""Certificates of a CA of the bench's own, made by the openssl program: ``make``."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

DAYS = "2"


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files: the CA, and for each host name its certificate with the key."""

    ca: Path
    hosts: dict[str, Path]


def make(folder: Path, names: tuple[str, ...]) -> Certificates:
    """A CA and a certificate for each name, in ``folder``. Raises CalledProcessError."""
    ca, key = folder / "ca.pem", folder / "ca.key"
    subject = ("-subj", "/CN=codriver bench")
    _openssl("req", "-x509", *_new_key(key), *subject, "-days", DAYS, "-out", str(ca))
    return Certificates(ca, {name: _host(folder, ca, key, name) for name in names})


def _host(folder: Path, ca: Path, key: Path, name: str) -> Path:
    """Certificate and key in one file, as servers like it."""
    its_key, whole = folder / f"{name}.key", folder / f"{name}.pem"
    signed = ("-CA", str(ca), "-CAkey", str(key))
    wanted = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    plain = ("-addext", "basicConstraints=critical,CA:FALSE")
    words = (*_new_key(its_key), *wanted, *plain, *signed, "-days", DAYS, "-out", str(whole))
    _openssl("req", "-x509", *words)
    whole.write_text(whole.read_text() + its_key.read_text())
    return whole


def _new_key(path: Path) -> tuple[str, ...]:
    curve = ("-pkeyopt", "ec_paramgen_curve:P-256")
    return ("-newkey", "ec", *curve, "-nodes", "-keyout", str(path))


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
