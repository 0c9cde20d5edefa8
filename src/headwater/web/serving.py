"""The server process: listens, says where, and ends cleanly."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from headwater.errors import HeadwaterError, Issue
from headwater.web.app import create_app
from headwater.web.options import ServeOptions

#: Whoever reads slowly when it ends is waited for no longer.
_GRACE_S = 3
_BACKLOG = 512
#: How long a thread that makes a page keeps the others waiting. The event loop, which sends what is
#: kept, waits several times a request; at Python's own 5 ms that is what readers would notice.
_TURN_S = 0.0005


def serve(options: ServeOptions, announce: Callable[[str], None]) -> None:
    """Serve until a signal comes; `announce` gets the address once it listens.

    Codes E970 (not safe), E971 (the address is taken or not ours), and those of the project.
    """
    options.checked()
    with listening(options.host, options.port) as listener:
        app = create_app(options)
        sys.setswitchinterval(_TURN_S)
        announce(address_of(options.host, listener.getsockname()[1]))
        server_of(app).run(sockets=[listener])


def server_of(app: FastAPI) -> uvicorn.Server:
    """The server of an application: it says nothing of itself, and logs what goes wrong."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Code E971."""
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        return socket.create_server((bare, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        issue = Issue(
            code="E971",
            what=f"cannot listen on {bare} port {port}: {why}",
            fix="another server may run there: take another port with `--port`, or 0 for any",
        )
        raise HeadwaterError(issue) from None


def address_of(host: str, port: int) -> str:
    """The address for a browser.

    >>> address_of("0.0.0.0", 8000), address_of("::1", 80), address_of("127.0.0.1", 8000)
    ('http://0.0.0.0:8000', 'http://[::1]:80', 'http://localhost:8000')
    """
    bare = host.strip("[]")
    if bare == "127.0.0.1":
        return f"http://localhost:{port}"
    return f"http://[{bare}]:{port}" if ":" in bare else f"http://{bare}:{port}"
