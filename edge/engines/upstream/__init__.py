"""An engine that is another server: relayed where it speaks the request's dialect, else
translated. ``Upstream`` is built by app on one ``open_session`` for all; everything else in
the package is private.
"""

from edge.engines.upstream.engine import Upstream
from edge.engines.upstream.link import RETRY_AFTER
from edge.engines.upstream.server import Credential, Server
from edge.engines.upstream.session import open_session

__all__ = ["RETRY_AFTER", "Credential", "Server", "Upstream", "open_session"]
