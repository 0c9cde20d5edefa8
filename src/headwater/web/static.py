"""Style sheets and scripts: a few files of our own, named by their content."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from headwater.ids import digest
from headwater.web.context import NotThere

router = APIRouter(include_in_schema=False)

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is sent."""

    body: bytes
    packed: bytes
    type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """All files of the folder `static`, by name."""
    found = {}
    for path in files("headwater.web").joinpath("static").iterdir():
        ending = path.name[path.name.rfind(".") :]
        if ending in _TYPES:
            body = path.read_bytes()
            found[path.name] = Asset(
                body=body,
                packed=gzip.compress(body, 9, mtime=0),
                type=f"{_TYPES[ending]}; charset=utf-8",
                digest=digest(body.decode()),
            )
    return found


def asset_url(name: str) -> str:
    """The address of a file, which changes with its content."""
    return f"/static/{name}?v={assets()[name].digest}"


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """One file; nothing outside of the folder has a name here."""
    asset = assets().get(name)
    if asset is None:
        raise NotThere(f"there is no file `{name}`")
    headers = {"cache-control": _FOREVER, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        packed = headers | {"content-encoding": "gzip"}
        return Response(asset.packed, media_type=asset.type, headers=packed)
    return Response(asset.body, media_type=asset.type, headers=headers)
