"""An engine that is another server: relayed where it speaks the request's dialect, else
translated. ``Upstream`` is built by app on one ``open_session`` for all, and ``proxy_for``
says whether it connects to a proxy, ``wait_of`` reads a retry-after; everything else in the
package is private.
"""

from edge.engines.upstream.engine import Upstream
from edge.engines.upstream.headers import wait_of
from edge.engines.upstream.server import Credential, Server
from edge.engines.upstream.session import open_session, proxy_for

__all__ = [
    "Credential",
    "Server",
    "Upstream",
    "open_session",
    "proxy_for",
    "wait_of",
]
