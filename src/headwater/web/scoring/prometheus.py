"""`/metrics` as Prometheus asks for it; to browsers, that address is the page of the metrics."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from headwater.web.scoring.figures import MEDIA_TYPE, Figures

#: What Prometheus and its like say that they read, and browsers do not.
_READ = ("text/plain", "application/openmetrics-text")


def is_for_prometheus(scope: Scope) -> bool:
    """Whether a request wants figures in Prometheus's format."""
    if scope["path"] != "/metrics":
        return False
    accepted = Headers(scope=scope).get("accept", "")
    return "text/html" not in accepted and any(kind in accepted for kind in _READ)


class Prometheus:
    """Answers with the figures, and passes everything else on."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.app = app
        self.figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        answers = scope["type"] == "http" and scope["method"] == "GET" and is_for_prometheus(scope)
        if not answers:
            await self.app(scope, receive, send)
            return
        response = Response(self.figures.text(), media_type=MEDIA_TYPE)
        await response(scope, receive, send)
