"""What huggingface_hub is asked: a repository's files, one file's facts, and its session.

The only module that knows the library; its errors become one sentence each. Asks no more than
it is told to: the library's own telemetry is off. Blocking. Called by hub, which imports it
when it needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx2
from huggingface_hub import (
    HfApi,
    constants,
    get_hf_file_metadata,
    get_session,
    hf_hub_url,
)
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # it is documented

from edge import __version__
from edge.catalog.download import TRANSIENT, retry_after, translated
from edge.catalog.hubnames import HubFile
from edge.catalog.patience import PATIENT, Interrupted, NoLink, Patience, keep_trying
from edge.errors import ModelUnusable
from edge.units import Bytes

# The library would ask the hub which coding agents there are, to tell it which of them it is.
constants.HF_HUB_DISABLE_TELEMETRY = True

LIBRARY = "codriver"
"""What the hub is told of who asks."""

ATTEMPTS = 3
"""At a question: who waits for an answer wants to know soon."""

_SHA256 = re.compile(r"[0-9a-f]{64}")

Answer = TypeVar("Answer")


class NoSuchFile(ModelUnusable):
    """The repository is there, the file is not; the caller can say which are."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the hub says of one file; None for what it does not say."""

    size: Bytes | None
    sha256: str | None
    etag: str | None
    commit: str | None


class Hub:
    """One hub: the library's default (HF_ENDPOINT decides) or the ``endpoint`` of a test."""

    def __init__(self, endpoint: str | None = None, patience: Patience = PATIENT) -> None:
        self._endpoint = endpoint.rstrip("/") if endpoint else None
        self._patience = patience

    def files(self, repository: str, revision: str) -> tuple[str, ...]:
        """The names of all files of a repository. Raises ModelUnusable, NoLink."""
        api = HfApi(self._endpoint, library_name=LIBRARY, library_version=__version__)

        def ask() -> tuple[str, ...]:
            info = api.model_info(repository, revision=revision, timeout=self._patience.stall)
            return tuple(sibling.rfilename for sibling in info.siblings or ())

        return self._asked(ask, HubFile(repository, "", revision))

    def facts(self, file: HubFile) -> FileFacts:
        """What is known of a file before its bytes. Raises ModelUnusable, NoSuchFile, NoLink."""

        def ask() -> FileFacts:
            said = get_hf_file_metadata(
                self.url(file, None),
                timeout=self._patience.stall,
                endpoint=self._endpoint,
                library_name=LIBRARY,
                library_version=__version__,
            )
            if said.etag is None and said.commit_hash is None:
                raise ValueError("no hub answers like that")
            etag = (said.etag or "").lower()
            sha256 = etag if _SHA256.fullmatch(etag) else None
            size = None if said.size is None else Bytes(said.size)
            return FileFacts(size, sha256, said.etag, said.commit_hash)

        return self._asked(ask, file)

    def url(self, file: HubFile, commit: str | None) -> str:
        """Where its bytes are; of a commit they stay the same while they are fetched."""
        return hf_hub_url(
            file.repository, file.file, revision=commit or file.revision, endpoint=self._endpoint
        )

    def headers(self) -> Mapping[str, str]:
        """With the person's token, if they have one."""
        return build_hf_headers(library_name=LIBRARY, library_version=__version__)

    def client(self) -> httpx2.Client:
        """The library's session: its proxies and certificates, and HF_HUB_OFFLINE."""
        return get_session()

    def refusal(self, file: HubFile) -> Callable[[int], str]:
        """What to say to the status of a request for the bytes."""

        def say(status: int) -> str:
            if status in (401, 403):
                return _gated(file.repository)
            return f"the hub answers with status {status} to {file.repository}/{file.file}"

        return say

    def _asked(self, ask: Callable[[], Answer], file: HubFile) -> Answer:
        patience = self._patience
        few = Patience(
            patience.stall, min(ATTEMPTS, patience.attempts), patience.first_pause,
            patience.longest_pause, patience.wait,
        )  # fmt: skip

        def attempt() -> Answer:
            with translated(patience.stall), _explained(file):
                return ask()

        try:
            return keep_trying(few, attempt, lambda: False)
        except Interrupted as interruption:
            said = f"{file.repository} cannot be fetched: the hub {interruption}; try again later"
            raise ModelUnusable(said) from None


@contextmanager
def _explained(file: HubFile) -> Iterator[None]:
    """Raises Interrupted for what may pass, NoLink, or ModelUnusable with what to do."""
    repository = file.repository
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError):
        raise NoLink("the hub cannot be reached") from None
    except OfflineModeIsEnabled:
        raise NoLink("HF_HUB_OFFLINE is set, so the hub is not asked; unset it") from None
    except (GatedRepoError, DisabledRepoError):
        raise ModelUnusable(_gated(repository)) from None
    except RevisionNotFoundError:
        raise ModelUnusable(f"{repository} has no revision '{file.revision}'") from None
    except RepositoryNotFoundError:
        raise ModelUnusable(
            f"the hub knows no {repository}, or it is private: check the name, or set HF_TOKEN"
        ) from None
    except RemoteEntryNotFoundError:
        raise NoSuchFile(f"{repository} has no {file.file}") from None
    except HfHubHTTPError as error:
        raise _by_status(error, file) from None
    except HFValidationError:
        raise ModelUnusable(f"'{repository}' cannot be a repository's name") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ModelUnusable(
            f"the hub's answer for {repository} is none that a hub gives; perhaps this network"
            " wants a login first: open a page in a browser, then try again"
        ) from None


def _by_status(error: HfHubHTTPError, file: HubFile) -> Exception:
    status = error.response.status_code
    if status in TRANSIENT:
        pause = retry_after(error.response)
        return Interrupted(f"answers with status {status}", retry_after=pause)
    if status in (401, 403):
        return ModelUnusable(_gated(file.repository))
    if status == 404:
        what = f"no {file.file} in {file.repository}" if file.file else f"no {file.repository}"
        return ModelUnusable(f"the hub knows {what}; check the name")
    return ModelUnusable(f"the hub answers with status {status} to {file.repository}")


def _gated(repository: str) -> str:
    return (
        f"the hub does not give {repository} to everybody: accept its licence on its page there,"
        " then set HF_TOKEN to a token of yours"
    )
