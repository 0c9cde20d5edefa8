"""Reports: when each is due, the pack of any period, and what was delivered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from headwater.errors import did_you_mean
from headwater.project.metrics.restating import read_restatements
from headwater.project.reporting.delivering import read_deliveries
from headwater.project.reporting.making import has_typst, list_reports, reports_in
from headwater.project.reporting.numbers import Numbers
from headwater.project.reporting.pack import Pack, make_pack, pack_json
from headwater.project.reporting.page import pack_body, pack_html
from headwater.project.reporting.paper import pack_pdf
from headwater.views.schedule import until_text
from headwater.web.context import NotThere, Snapshot
from headwater.web.drawing import drawn
from headwater.web.pages import render, snapshot_of

router = APIRouter(include_in_schema=False)

Short = Annotated[str, Query(max_length=200)]
_TYPES = {"html": "text/html", "json": "application/json", "pdf": "application/pdf"}
_CHOSEN = "set."  # before a parameter's name in an address
_NEWEST = 24


@router.get("/reports")
def reports(request: Request) -> Response:
    """All of them, with what is next and what was last."""
    snapshot = snapshot_of(request)
    return render(
        request,
        "reports.html",
        title="Reports",
        reports=list_reports(snapshot.project),
        now=snapshot.now,
        until=until_text,
    )


@router.get("/reports/{name}")
def report(request: Request, name: str, period: Short = "") -> Response:
    """The pack of a report over its period, or over another one."""
    snapshot = snapshot_of(request)
    known = {each.report.id.name: each for each in list_reports(snapshot.project)}
    if name not in known:
        raise NotThere(f"there is no report `{name}`", did_you_mean(name, known))
    standing = known[name]
    pack = _pack(request, snapshot, name, period) if snapshot.release is not None else None
    asked = {key: value for key, value in request.query_params.items() if value}
    return render(
        request,
        "report.html",
        title=standing.report.title,
        crumbs=[("Reports", "/reports")],
        standing=standing,
        report=standing.report,
        pack=pack,
        body=drawn(pack_body(pack)) if pack is not None else "",
        asked=asked,
        period=period.strip(),
        chosen_before=_CHOSEN,
        has_pdf=has_typst(),
        deliveries=list(reversed(read_deliveries(snapshot.ledger, name)))[:_NEWEST],
        now=snapshot.now,
        until=until_text,
    )


@router.get("/reports/{name}/pack.{format}")
def pack_file(
    request: Request, name: str, format: Literal["html", "json", "pdf"], period: Short = ""
) -> Response:
    """The pack as one file: the page that mail brings, its numbers, or the PDF."""
    snapshot = snapshot_of(request)
    pack = _pack(request, snapshot, name, period)
    content: bytes
    if format == "pdf":
        content = pack_pdf(pack, snapshot.zone)
    elif format == "json":
        content = pack_json(pack).encode()
    else:
        content = pack_html(pack, snapshot.zone).encode()
    file = f"{pack.name}.{format}".encode("ascii", "replace").decode().replace("?", "_")
    headers = {"content-disposition": f'attachment; filename="{file}"', "cache-control": "no-store"}
    return Response(content, media_type=_TYPES[format], headers=headers)


def _pack(request: Request, snapshot: Snapshot, name: str, period: str) -> Pack:
    """Made from the release on show. Codes E807 (period), E952 (parameter), E974 (report)."""
    known = reports_in(snapshot.bound.graph)
    if name not in known:
        raise NotThere(f"there is no report `{name}`", did_you_mean(name, known))
    if snapshot.release is None:
        raise NotThere("nothing is published yet", "`headwater run`")
    numbers = Numbers(
        snapshot.reader,
        snapshot.workspace.clock,
        snapshot.settings.closed_days,
        read_restatements(snapshot.ledger),
    )
    given = {
        key.removeprefix(_CHOSEN): value
        for key, value in request.query_params.items()
        if key.startswith(_CHOSEN) and value
    }
    name_shown = snapshot.settings.name
    return make_pack(known[name], numbers, name_shown, period=period.strip(), given=given)
