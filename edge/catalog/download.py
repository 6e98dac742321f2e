"""The bytes of a URL into a partial file: gone on with after cuts, stalls and power cuts.

Knows HTTP (by the client it is handed), ranges and checksums, and nothing of hubs, names or
catalogues. Blocking. Called by hub and bring, which import it when they need it: a laptop's
install has no such client.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from edge.catalog.gguf import FIRST_READ, check_start, refuse_early
from edge.catalog.patience import PATIENT, Interrupted, NoLink, Patience, keep_trying
from edge.errors import ModelUnusable
from edge.units import Bytes, Seconds

CHUNK = 2**20
SYNC_BYTES = 67_108_864
"""So much is on its way to the disk at most: a power cut costs no more."""

START_BYTES = 64
"""Of a file that is enough to say what it is."""

TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file and what is known of it; ``name`` and ``whose`` (the hub, a URL) are for sentences.

    ``refusal`` is what to say to a status that no repetition changes. ``is_model``: a whole
    header is expected at its beginning (not so in further parts of a split model).
    """

    name: str
    whose: str
    url: str
    refusal: Callable[[int], str]
    size: Bytes | None = None
    sha256: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_model: bool = True


def download(
    wanted: Wanted,
    partial: Path,
    client: httpx2.Client,
    observe: Callable[[Bytes], None],
    patience: Patience = PATIENT,
) -> str:
    """All of the file in ``partial``, on the disk and checked; returns its SHA-256.

    A beginning that is there already is gone on with. Raises ModelUnusable; the partial then
    stays if it may be gone on with, and is thrown away if its bytes are wrong. Raises OSError
    for a disk that does not take it.
    """
    begun = partial.exists()
    sha256 = _whole(wanted, partial, client, observe, patience)
    if wanted.sha256 in (None, sha256):
        return sha256
    partial.unlink()
    if begun:  # perhaps the old beginning was what was damaged
        sha256 = _whole(wanted, partial, client, observe, patience)
        if wanted.sha256 == sha256:
            return sha256
        partial.unlink()
    raise ModelUnusable(
        f"{wanted.name} arrived with the checksum {sha256[:12]}… instead of"
        f" {(wanted.sha256 or '')[:12]}…; it was thrown away, fetch again"
    )


def _whole(
    wanted: Wanted,
    path: Path,
    client: httpx2.Client,
    observe: Callable[[Bytes], None],
    patience: Patience,
) -> str:
    with _Partial(path, wanted) as partial:
        observe(Bytes(partial.length))
        tried_at = partial.length

        def progressed() -> bool:
            nonlocal tried_at
            before, tried_at = tried_at, partial.length
            return partial.length - before >= CHUNK

        try:
            if wanted.size is None or partial.length < wanted.size:
                receive = _Receiver(wanted, partial, client, observe, patience.stall)
                keep_trying(patience, receive, progressed)
        except Interrupted as interruption:
            kept = f"{partial.length / 1e6:.1f} MB of it are kept and gone on with"
            problem = f"{wanted.whose} {interruption}, so {wanted.name} is not here whole"
            problem += f"; {kept if partial.length else 'nothing of it has come'}: try again later"
            raise (NoLink if interruption.unreachable else ModelUnusable)(problem) from None
        partial.look(whole=True)
        return partial.sha256()


class _Partial:
    """The beginning of a file that grows; a digest grows with it."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self._path = path
        self._wanted = wanted
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._digest = hashlib.sha256()
        self._synced = self.length = 0
        self._looked_at = 0
        while data := self._file.read(CHUNK):
            self._digest.update(data)
            self.length += len(data)
        if wanted.size is not None and self.length > wanted.size:
            self.restart()

    def __enter__(self) -> _Partial:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def sha256(self) -> str:
        """Of all that is there, which is then on the disk."""
        self._sync()
        return self._digest.hexdigest()

    def append(self, data: bytes) -> None:
        """Raises ModelUnusable, the file thrown away, for what cannot be a model's."""
        self._file.write(data)
        self._file.flush()  # a process that is killed loses nothing of it
        self._digest.update(data)
        self.length += len(data)
        if self.length - self._synced >= SYNC_BYTES:
            self._sync()
        if self._wanted.size is not None and self.length > self._wanted.size:
            self._refuse(f"{self._wanted.whose} sends more than the {self._wanted.size:,} bytes")
        if any(self._looked_at < enough <= self.length for enough in (START_BYTES, FIRST_READ)):
            self.look()

    def restart(self) -> None:
        """Nothing of it is any good."""
        self._file.seek(0)
        self._file.truncate()
        self._digest = hashlib.sha256()
        self._synced = self.length = self._looked_at = 0

    def look(self, *, whole: bool = False) -> None:
        """Judge by the first bytes. Raises ModelUnusable, the file thrown away."""
        self._looked_at = self.length
        self._file.seek(0)
        head = self._file.read(FIRST_READ)
        self._file.seek(self.length)
        where = f"{self._wanted.name} of {self._wanted.whose}"
        size = Bytes(self.length) if whole else self._wanted.size
        try:
            check_start(head, where)
            if self._wanted.is_model and size and self.length >= min(FIRST_READ, size):
                refuse_early(head, where, size)
        except ModelUnusable as reason:
            self._refuse(str(reason))

    def _refuse(self, why: str) -> None:
        self._path.unlink()
        raise ModelUnusable(f"{why}; nothing of it is kept")

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._synced = self.length


@dataclass(frozen=True, slots=True)
class _Receiver:
    """One attempt at the rest of the file. Raises Interrupted, ModelUnusable, OSError."""

    wanted: Wanted
    partial: _Partial
    client: httpx2.Client
    observe: Callable[[Bytes], None]
    stall: Seconds

    def __call__(self) -> None:
        headers = {**self.wanted.headers, "Accept-Encoding": "identity"}
        if self.partial.length:
            headers["Range"] = f"bytes={self.partial.length}-"
        with translated(self.stall), self.client.stream(
            "GET", self.wanted.url, headers=headers, timeout=self.stall, follow_redirects=True
        ) as response:  # fmt: skip
            self._check(response)
            for data in response.iter_raw():
                self.partial.append(data)
                self.observe(Bytes(self.partial.length))
        if self.wanted.size is not None and self.partial.length < self.wanted.size:
            raise Interrupted("ended before all had come")

    def _check(self, response: httpx2.Response) -> None:
        status, whose = response.status_code, self.wanted.whose
        if status in TRANSIENT:
            raise Interrupted(f"answers with status {status}", retry_after=retry_after(response))
        if status == 416:
            self.partial.restart()
            raise Interrupted("has no such rest of the file")
        if status not in (200, 206):
            raise ModelUnusable(self.wanted.refusal(status))
        if "text/html" in response.headers.get("content-type", ""):
            raise ModelUnusable(
                f"{whose} answers with a web page instead of {self.wanted.name}; perhaps this"
                " network wants a login first: open a page in a browser, then try again"
            )
        continues = response.headers.get("content-range", "").startswith(
            f"bytes {self.partial.length}-"
        )
        if not (status == 206 and continues) and self.partial.length:
            self.partial.restart()  # it begins at the beginning, whatever it was asked
            if status == 206:
                raise Interrupted("sends another part of the file than it was asked for")


class translated:  # noqa: N801 - reads as a word of its with statement
    """Turns what the client raises into Interrupted, in words for a sentence."""

    def __init__(self, stall: Seconds) -> None:
        self._stall = stall

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)):
            raise Interrupted("cannot be reached", unreachable=True) from None
        if isinstance(error, httpx2.TimeoutException):
            raise Interrupted(f"has sent nothing for {self._stall:g} s") from None
        if isinstance(error, httpx2.TooManyRedirects):
            raise Interrupted("leads in circles") from None
        if isinstance(error, httpx2.HTTPError):
            raise Interrupted("cut the connection") from None


def retry_after(response: httpx2.Response) -> Seconds | None:
    """What the other side asks for, where it asks in seconds."""
    text = response.headers.get("retry-after", "")
    return Seconds(float(text)) if text.isdecimal() else None
