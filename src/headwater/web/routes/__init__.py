"""The addresses: one module a part of the site. Their order is that in which they are tried."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.web import static
from headwater.web.api import asking, knowing
from headwater.web.routes import (
    about,
    catalogue,
    dashboards,
    entering,
    glossary,
    home,
    lineage,
    metrics,
    models,
    news,
    nodes,
    quarantine,
    queries,
    releases,
    reports,
    restatements,
    runs,
    schedule,
)
from headwater.web.scoring import routes as scores

ROUTERS: tuple[APIRouter, ...] = (
    static.router,
    entering.router,
    news.router,
    home.router,
    dashboards.router,
    reports.router,
    metrics.router,
    models.router,
    catalogue.router,
    nodes.router,
    glossary.router,
    lineage.router,
    runs.router,
    releases.router,
    restatements.router,
    quarantine.router,
    schedule.router,
    queries.router,
    about.router,
    asking.router,
    knowing.router,
    scores.router,
)
