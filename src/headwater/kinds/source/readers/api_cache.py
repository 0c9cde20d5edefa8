"""Responses of an API on disk: a load that is tried again does not fetch its pages again.

`pending` holds the pages of the load under way; they serve for a while, until it is complete.
`validated` holds responses that the vendor gave an ETag or a date: they are asked for with
`If-None-Match`, and serve when the vendor answers 304. Neither holds a request's headers, and the
names are hashes, so that no token is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter

#: Pages of a load that broke off serve so long; later the vendor's data may have moved on.
PENDING_S: Final = 1800
_VALIDATORS: Final = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


@dataclass(frozen=True, slots=True)
class _Entry:
    headers: dict[str, str]
    body: bytes
    age_s: float


class ResponseCache:
    """The responses of one source in one folder, which may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._pending = folder / "pending"
        self._validated = folder / "validated"

    def adapter(self) -> HTTPAdapter:
        """A transport of requests that looks here first."""
        from requests.adapters import HTTPAdapter

        cache = self

        class CachingAdapter(HTTPAdapter):
            def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
                key = _key(request)
                pending = cache.read(cache._pending, key)
                if pending is not None and pending.age_s < PENDING_S:
                    return _response(self, request, pending)
                known = cache.read(cache._validated, key)
                if known is not None:
                    for validator, condition in _VALIDATORS.items():
                        if validator in known.headers:
                            request.headers[condition] = known.headers[validator]
                response = super().send(request, *args, **options)
                if response.status_code == 304 and known is not None:
                    response.close()
                    cache.write(key, known.headers, known.body)
                    return _response(self, request, known)
                if response.status_code == 200 and _is_json(response.content):
                    cache.write(key, dict(response.headers), response.content)
                return response

        return CachingAdapter()

    def complete(self) -> None:
        """The load is complete: forget its pages, except those that can be validated."""
        self._validated.mkdir(parents=True, exist_ok=True)
        for path in self._pending.glob("*.json"):
            if any(key in _VALIDATORS for key in json.loads(path.read_text())):
                os.replace(path.with_suffix(".body"), self._validated / f"{path.stem}.body")
                os.replace(path, self._validated / path.name)
        self.forget()

    def forget(self) -> None:
        """The pages of the load under way are of no use: their content was the trouble."""
        shutil.rmtree(self._pending, ignore_errors=True)

    @staticmethod
    def read(folder: Path, key: str) -> _Entry | None:
        """What is kept under the key, or None."""
        path = folder / f"{key}.json"
        try:
            headers = json.loads(path.read_text())
            body = path.with_suffix(".body").read_bytes()
            return _Entry(headers, body, time.time() - path.stat().st_mtime)
        except (OSError, ValueError):
            return None

    def write(self, key: str, headers: dict[str, str], body: bytes) -> None:
        """Keep a page of the load under way; the headers' file comes last and makes it valid."""
        self._pending.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = {"content-type", "link", *_VALIDATORS}
        chosen = {k.lower(): v for k, v in headers.items() if k.lower() in kept or k[:2] == "X-"}
        for name, content in ((f"{key}.body", body), (f"{key}.json", json.dumps(chosen).encode())):
            fresh = self._pending / f"{name}.{os.getpid()}.tmp"
            fresh.write_bytes(content)
            os.replace(fresh, self._pending / name)


def _key(request: PreparedRequest) -> str:
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    text = f"{request.method} {request.url}\n".encode() + body
    return hashlib.sha256(text).hexdigest()[:32]


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _response(adapter: HTTPAdapter, request: PreparedRequest, entry: _Entry) -> Response:
    import io

    from urllib3 import HTTPResponse

    raw = HTTPResponse(
        body=io.BytesIO(entry.body), headers=entry.headers, status=200, preload_content=False
    )
    return adapter.build_response(request, raw)
