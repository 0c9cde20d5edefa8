"""The application: its routes, what guards it, and what it is about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

import headwater
from headwater.web.context import Site
from headwater.web.errors import handle_errors
from headwater.web.guard import Guard
from headwater.web.headers import SecureHeaders
from headwater.web.keeping import PageKeeper
from headwater.web.options import ServeOptions
from headwater.web.routes import ROUTERS
from headwater.web.scheduling.serving import keeper_of, target_of
from headwater.web.scoring.describing import describe_scores
from headwater.web.scoring.endpoint import ScoringEndpoint, model_in
from headwater.web.scoring.keeping import ScoreKeeper
from headwater.web.scoring.opening import serving_of
from headwater.web.scoring.prometheus import Prometheus
from headwater.web.scoring.serving import Load

#: So many pages are made side by side. More would only wait for each other, and the event loop,
#: which sends the pages that are kept, for all of them.
_AT_ONCE: Final = 4


class Application(FastAPI):
    """Pages, and scores: a request for scores is answered before anything of pages looks at it."""

    scoring: ScoringEndpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        model = model_in(scope)
        if model is None:
            await super().__call__(scope, receive, send)
        else:
            await self.scoring(scope, receive, send, model)

    def openapi(self) -> dict[str, Any]:
        """What can be asked, with the keys and values of the models that are served now."""
        return describe_scores(super().openapi(), self.state.serving)


def create_app(options: ServeOptions, load: Load | None = None) -> Application:
    """The pages of one project. Codes E803, E970, and those of a project that cannot be opened."""
    site = Site(options)
    keeper = keeper_of(site)
    serving = serving_of(site, load)
    scoring = ScoringEndpoint(serving)
    challengers = ScoreKeeper(serving, keeper, target_of(site)) if keeper is not None else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        anyio.to_thread.current_default_thread_limiter().total_tokens = _AT_ONCE
        site.watch()
        serving.start()
        if keeper is not None and challengers is not None:
            keeper.start()
            challengers.start()
        try:
            yield
        finally:
            if keeper is not None and challengers is not None:
                challengers.stop()
                keeper.stop()
            scoring.close()
            serving.stop()
            site.close()

    app = Application(
        title=f"{site.workspace.settings.name} · Headwater",
        version=headwater.__version__,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
        # Its instruments stay off: nothing about a project's readers is sent anywhere.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        middleware=[  # the first is asked first
            Middleware(SecureHeaders),
            Middleware(Guard, options=site.options, has_key=serving.admission.has_key),
            Middleware(Prometheus, figures=serving.figures),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
            Middleware(PageKeeper, site=site),
        ],
    )
    app.state.site = site
    app.state.keeper = keeper
    app.state.serving = serving
    app.scoring = scoring
    for router in ROUTERS:
        app.include_router(router)
    app.state.addresses = frozenset(_addresses(ROUTERS))
    handle_errors(app)
    return app


def _addresses(routers: Iterable[APIRouter]) -> Iterable[str]:
    """The paths of all pages without parameters."""
    routes = (route for router in routers for route in router.routes)
    return (r.path for r in routes if isinstance(r, APIRoute) and "{" not in r.path)
