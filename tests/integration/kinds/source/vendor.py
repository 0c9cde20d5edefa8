"""A vendor's API on a local port, that misbehaves as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    delay_s: float = 0


@dataclass
class Request:
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class Vendor:
    """`respond` gets each request and its number, from 0; `requests` are all that came."""

    url: str
    respond: Callable[[Request, int], Answer]
    requests: list[Request] = field(default_factory=list)

    @property
    def pages(self) -> list[str]:
        return [request.params.get("page", "") for request in self.requests]


@contextmanager
def serve(respond: Callable[[Request, int], Answer]) -> Iterator[Vendor]:
    vendor = Vendor("", respond)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            request = Request(parts.path, params, dict(self.headers), time.monotonic())
            vendor.requests.append(request)
            answer = vendor.respond(request, len(vendor.requests) - 1)
            time.sleep(answer.delay_s)
            body = answer.raw if answer.raw is not None else json.dumps(answer.body).encode()
            headers = {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **answer.headers,
            }
            try:
                self.send_response(answer.status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                pass

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()


def rows(page: int, size: int = 3) -> list[dict[str, Any]]:
    return [
        {"id": n, "at": f"2011-01-{n:02d}T00:00:00Z"}
        for n in range((page - 1) * size + 1, page * size + 1)
    ]


def numbered(last: int = 3) -> Callable[[Request, int], Answer]:
    """Pages 1 to `last`, then empty ones."""

    def respond(request: Request, _number: int) -> Answer:
        page = int(request.params.get("page", 1))
        return Answer({"items": rows(page) if page <= last else []})

    return respond
