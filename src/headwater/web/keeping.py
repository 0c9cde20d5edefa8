"""Pages are made once a snapshot and address, and shared by all who read them."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater.web.context import Site, Snapshot
from headwater.web.forms import (
    FORM_TOKEN,
    VISITOR_COOKIE,
    new_visitor,
    token_for,
    visitor_of,
)

_MOST_PAGES = 400
_MOST_BYTES = 64 << 20
_PACK_FROM = 500
#: So many pages are made before readers see a new release.
_AHEAD = 24
_MARK = FORM_TOKEN.encode()

Key = tuple[object, str, str, bytes]  # snapshot, its problem, path, query


@dataclass(frozen=True, slots=True)
class Kept:
    """One page as it is sent, whole and packed. With a form, each reader gets it with a token."""

    body: bytes
    packed: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    etag: str

    @property
    def has_form(self) -> bool:
        """Whether a reader's own token must be put in."""
        return _MARK in self.body

    @classmethod
    def of(cls, body: bytes, headers: list[tuple[bytes, bytes]]) -> Kept:
        """The page, packed once."""
        dropped = (b"content-length", b"etag")
        return cls(
            body=body,
            packed=gzip.compress(body, 5, mtime=0),
            headers=tuple(header for header in headers if header[0] not in dropped),
            etag=f'"{blake2b(body, digest_size=12).hexdigest()}"',
        )


class PageKeeper:
    """Keeps the pages that `render` says may be kept; equal requests at once make one page."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app = app
        self.site = site
        self.pages: OrderedDict[Key, Kept] = OrderedDict()
        self.bytes = 0
        self.under_way: dict[Key, asyncio.Event] = {}
        self.like: dict[str, Any] = {}  # a request, of which pages are made ahead of readers
        self.loop: asyncio.AbstractEventLoop | None = None
        site.prepare = self.prepare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or pass the request on and look at the answer."""
        if scope["type"] != "http" or scope["method"] != "GET" or _is_other(scope["path"]):
            await self.app(scope, receive, _with_visitor(scope, send))
            return
        self.loop, self.like = asyncio.get_running_loop(), dict(scope)
        snapshot = self.site.snapshot
        scope.setdefault("state", {})["snapshot"] = snapshot
        key = self._key(snapshot, scope["path"], scope["query_string"])
        if key in self.under_way:
            await self.under_way[key].wait()
        kept = self.pages.get(key)
        if kept is not None:
            self.pages.move_to_end(key)
            await _send(kept, scope, send)
            return
        done = self.under_way[key] = asyncio.Event()
        try:
            kept = await self._make(scope, receive, send)
            if kept is not None:
                self._keep(key, kept)
        finally:
            self.under_way.pop(key, None)
            done.set()
        if kept is not None:
            await _send(kept, scope, send)

    def prepare(self, snapshot: Snapshot, is_over: Callable[[], bool]) -> None:
        """Make the pages that were read last for a snapshot that nobody sees yet.

        Called from a thread of its own; ends early once `is_over`.
        """
        if self.loop is None or self.loop.is_closed():
            return
        making = asyncio.run_coroutine_threadsafe(self._prepare(snapshot), self.loop)
        while not is_over():
            with suppress(TimeoutError):
                making.result(timeout=0.1)
                return
        making.cancel()

    async def _prepare(self, snapshot: Snapshot) -> None:
        wanted = dict.fromkeys((path, query) for *_, path, query in self.pages)
        for path, query in list(wanted)[-_AHEAD:]:
            scope = {
                **self.like,
                "path": path,
                "raw_path": quote(path).encode(),
                "query_string": query,
                "headers": [(b"host", b"localhost"), (b"accept", b"text/html")],
                "state": {"snapshot": snapshot},
            }
            kept = await self._make(scope, _nothing_more, _nowhere)
            if kept is not None:
                self._keep(self._key(snapshot, path, query), kept)

    def _key(self, snapshot: Snapshot, path: str, query: bytes) -> Key:
        return (snapshot.key, str(self.site.problem or ""), path, query)

    async def _make(self, scope: Scope, receive: Receive, send: Send) -> Kept | None:
        """The page, not sent yet; None where it may not be kept, and was sent as it came."""
        start: list[tuple[bytes, bytes]] = []
        body = bytearray()
        passed = _with_visitor(scope, send)

        async def take(message: Message) -> None:
            if not scope["state"].get("keep"):
                await passed(message)
            elif message["type"] == "http.response.start":
                start.extend(message["headers"])
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        await self.app(scope, receive, take)
        return Kept.of(bytes(body), start) if scope["state"].get("keep") else None

    def _keep(self, key: Key, kept: Kept) -> None:
        self.pages[key] = kept
        self.bytes += len(kept.body) + len(kept.packed)
        while len(self.pages) > _MOST_PAGES or self.bytes > _MOST_BYTES:
            _, oldest = self.pages.popitem(last=False)
            self.bytes -= len(oldest.body) + len(oldest.packed)


async def _nothing_more() -> Message:
    """A request without a body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def _nowhere(message: Message) -> None:
    """An answer that nobody waits for."""


def _is_other(path: str) -> bool:
    return path.startswith(("/static/", "/v1/"))


async def _send(kept: Kept, scope: Scope, send: Send) -> None:
    """The page for this reader; nothing but its mark where the reader has it already."""
    asked = Headers(scope=scope)
    body, packed, etag, more = kept.body, kept.packed, kept.etag, []
    if kept.has_form:
        connection = HTTPConnection(scope)
        visitor = visitor_of(connection)
        if not visitor:
            visitor = new_visitor()
            more.append((b"set-cookie", visitor_cookie(visitor)))
        token = token_for(visitor)
        body = kept.body.replace(_MARK, token.encode())
        packed = gzip.compress(body, 5, mtime=0)
        etag = f'"{kept.etag[1:-1]}{token[:12]}"'
    headers = [
        *kept.headers,
        *more,
        (b"etag", etag.encode()),
        (b"vary", b"accept-encoding, cookie"),
    ]
    if etag in asked.get("if-none-match", ""):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    if "gzip" in asked.get("accept-encoding", "") and len(body) >= _PACK_FROM:
        headers.append((b"content-encoding", b"gzip"))
        body = packed
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _with_visitor(scope: Scope, send: Send) -> Send:
    """Sends along the name of a visitor for whom a form was made."""

    async def with_cookie(message: Message) -> None:
        visitor = scope.get("state", {}).get("visitor")
        if visitor and message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"set-cookie", visitor_cookie(visitor))]
        await send(message)

    return with_cookie


def visitor_cookie(visitor: str) -> bytes:
    """The cookie that says which visitor a form token belongs to."""
    return f"{VISITOR_COOKIE}={visitor}; Path=/; HttpOnly; SameSite=Strict".encode()
