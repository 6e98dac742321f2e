"""Every error codriver raises on purpose, in one tree; knows no wire format.

    CodriverError
    ├── BadRequest                 400  the request cannot be served as it stands
    │   ├── PromptTooLong          400  more tokens than the context holds
    │   ├── UnsatisfiableSchema    400  a schema that no JSON document can meet
    │   ├── UnsupportedInput       400  an image for a text-only model and the like
    │   └── ModelNotLoaded         400  the model that the request names cannot be loaded
    ├── NotAuthenticated           401  no token, or a wrong one
    ├── NotPermitted               403  a token that may not do this
    ├── NotFound                   404  no such path, model or file
    ├── RequestTooLarge            413  a body over the limit
    ├── EngineError                500  the engine failed at its own work
    │   ├── WorkerCrashed          529  the model's process died; it is being restarted
    │   └── TemplateFailed         500  the model's chat template rejects the conversation
    ├── Overloaded                 529  the queue is full
    ├── TimedOut                   504  the time that the request allows is over
    ├── UpstreamUnreachable        502  no answer over the network in time
    ├── KeptHere                    -   the box failed, and nobody else may be asked
    ├── ShuttingDown               503  the box is stopping
    └── StartFailed                 -   the daemon cannot start; the sentence says what to do
        ├── ConfigError             -   the TOML is wrong
        └── ModelUnusable           -   the model file cannot be served

Each dialect renders ``status`` and ``kind`` in its own envelope. ``kind`` is the
error vocabulary of the Anthropic Messages API, the richest of the dialects.
"""

from typing import Literal

from edge.units import Seconds, Tokens

ErrorKind = Literal[
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "request_too_large",
    "rate_limit_error",
    "api_error",
    "overloaded_error",
    "timeout_error",
]

Origin = Literal["codriver", "upstream"]


class CodriverError(Exception):
    """Base of the tree. ``str()`` is one sentence a person can act on."""

    status: int = 500
    kind: ErrorKind = "api_error"
    origin: Origin = "codriver"
    retry_after: Seconds | None = None


class BadRequest(CodriverError):
    """The request is malformed or asks for what no engine here can do."""

    status = 400
    kind: ErrorKind = "invalid_request_error"


class PromptTooLong(BadRequest):
    """The prompt has more tokens than the context; worded so that Claude Code compacts."""

    def __init__(self, tokens: Tokens, maximum: Tokens) -> None:
        super().__init__(f"prompt is too long: {tokens} tokens > {maximum} maximum")
        self.tokens = tokens
        self.maximum = maximum


class UnsatisfiableSchema(BadRequest):
    """A JSON schema that cannot be compiled or that nothing satisfies."""


class UnsupportedInput(BadRequest):
    """A kind of content that the serving model cannot take."""


class ModelNotLoaded(BadRequest):
    """The model that the request names cannot be loaded; asking again would not help."""


class NotAuthenticated(CodriverError):
    """No credential, or one the box does not know."""

    status = 401
    kind: ErrorKind = "authentication_error"


class NotPermitted(CodriverError):
    """A known caller asks for what it may not do."""

    status = 403
    kind: ErrorKind = "permission_error"


class NotFound(CodriverError):
    """No such path, model or file."""

    status = 404
    kind: ErrorKind = "not_found_error"


class RequestTooLarge(CodriverError):
    """A request body over the configured limit."""

    status = 413
    kind: ErrorKind = "request_too_large"


class EngineError(CodriverError):
    """An engine failed at its own work."""


class WorkerCrashed(EngineError):
    """The worker process died while it held this request; a restart takes seconds."""

    status = 529
    kind: ErrorKind = "overloaded_error"
    retry_after = Seconds(5.0)


class TemplateFailed(EngineError):
    """The model's chat template could not render the conversation."""


class Overloaded(CodriverError):
    """No room in the queue; ``retry_after`` says when to come back."""

    status = 529
    kind: ErrorKind = "overloaded_error"
    retry_after = Seconds(5.0)


class TimedOut(CodriverError):
    """The request's own deadline has passed; whoever sent it no longer waits."""

    status = 504
    kind: ErrorKind = "timeout_error"


class UpstreamUnreachable(CodriverError):
    """A server over the network gave no answer in time."""

    status = 502
    origin: Origin = "upstream"


class KeptHere(CodriverError):
    """The box could not answer what must not leave it; status and kind are the failure's."""

    def __init__(self, failure: CodriverError, why: str) -> None:
        super().__init__(f"{failure}; nobody else is asked, because {why}")
        self.status = failure.status
        self.kind = failure.kind
        self.retry_after = failure.retry_after


class ShuttingDown(CodriverError):
    """The box is stopping and takes no new work."""

    status = 503
    kind: ErrorKind = "overloaded_error"


class StartFailed(CodriverError):
    """The daemon cannot start; the command line prints the sentence and exits 1."""


class ConfigError(StartFailed):
    """The configuration file has a wrong key or value."""


class ModelUnusable(StartFailed):
    """The model file is missing, truncated, foreign, too large or of an unknown architecture."""
