"""Webhooks: a pack's sentences and numbers as JSON, sent again while the other side is busy."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Final

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

_TIMEOUT_S: Final = 15.0
_ATTEMPTS: Final = 4
#: Later the same request may succeed.
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class _Staying(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the pack to where nobody sent it: it is an error."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def post_json(
    url: str, content: bytes, key: str, *, longest_wait_s: float = 20.0, attempts: int = _ATTEMPTS
) -> None:
    """POST; `key` lets the receiver tell a repeated one. Raises `OSError` where it fails."""
    if not url.startswith(("https://", "http://")):
        raise urllib.error.URLError("the webhook's URL is not one of the web")
    request = urllib.request.Request(  # noqa: S310  # it was looked at above
        url,
        data=content,
        method="POST",
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "User-Agent": "headwater",
        },
    )
    opener = urllib.request.build_opener(_Staying)
    for attempt in Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_random_exponential(multiplier=0.5, max=longest_wait_s),
        retry=retry_if_exception(_may_pass),
        reraise=True,
    ):
        with attempt, opener.open(request, timeout=_TIMEOUT_S):
            pass


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _BUSY
    return isinstance(error, OSError)
