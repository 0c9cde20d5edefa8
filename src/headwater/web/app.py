"""The application: its routes, what guards it, and what it is about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

import headwater
from headwater.web.context import Site
from headwater.web.errors import handle_errors
from headwater.web.guard import Guard
from headwater.web.headers import SecureHeaders
from headwater.web.keeping import PageKeeper
from headwater.web.options import ServeOptions
from headwater.web.routes import ROUTERS
from headwater.web.scheduling.serving import keeper_of

#: So many pages are made side by side. More would only wait for each other, and the event loop,
#: which sends the pages that are kept, for all of them.
_AT_ONCE: Final = 4


def create_app(options: ServeOptions) -> FastAPI:
    """The pages of one project. Codes E803, E970, and those of a project that cannot be opened."""
    site = Site(options)
    keeper = keeper_of(site)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        anyio.to_thread.current_default_thread_limiter().total_tokens = _AT_ONCE
        site.watch()
        if keeper is not None:
            keeper.start()
        try:
            yield
        finally:
            if keeper is not None:
                keeper.stop()
            site.close()

    app = FastAPI(
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
            Middleware(Guard, options=site.options),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
            Middleware(PageKeeper, site=site),
        ],
    )
    app.state.site = site
    app.state.keeper = keeper
    for router in ROUTERS:
        app.include_router(router)
    app.state.addresses = frozenset(_addresses(ROUTERS))
    handle_errors(app)
    return app


def _addresses(routers: Iterable[APIRouter]) -> Iterable[str]:
    """The paths of all pages without parameters."""
    routes = (route for router in routers for route in router.routes)
    return (r.path for r in routes if isinstance(r, APIRoute) and "{" not in r.path)
