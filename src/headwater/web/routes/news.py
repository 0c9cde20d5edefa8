"""What is newest, in a few bytes: pages ask it every few seconds and refresh when it changes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from headwater.ids import digest
from headwater.web.pages import snapshot_of

router = APIRouter(include_in_schema=False)


@router.get("/release")
async def release(request: Request) -> Response:
    """The release on show; `key` differs whenever any page could, also of runs."""
    snapshot = snapshot_of(request)
    number = snapshot.release.number if snapshot.release is not None else None
    key = digest(repr((snapshot.mark, snapshot.moment)))
    headers = {"etag": f'"{key}"', "cache-control": "no-cache"}
    if f'"{key}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return JSONResponse({"release": number, "key": key}, headers=headers)
