"""Who may ask for scores: programs on this machine while there is no secret, else those with one.

The same rules as for all of `/v1` (`web.guard`), by bytes, for they are asked at every request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from starlette.types import Scope

from headwater.project.keys import ApiKey, find_key
from headwater.web.guard import is_own_host, is_secret, own_names
from headwater.web.options import ServeOptions
from headwater.web.scoring.refusing import Refusal

Header = tuple[bytes, bytes]

_SAME_SITE: Final = (b"same-origin", b"none")


class Admission:
    """Lets a request pass, or refuses it. Codes E973 (as pages do), E067 (a key of another model).

    `keys` gives the live keys of this moment.
    """

    def __init__(self, options: ServeOptions, keys: Callable[[], tuple[ApiKey, ...]]) -> None:
        self._token = options.token
        self._keys = keys
        names = own_names(options)
        self._is_own = lru_cache(maxsize=256)(
            lambda host: is_own_host(host.decode("latin-1"), names)
        )

    @property
    def needs_secret(self) -> bool:
        """Whether a key or the token has to be sent."""
        return bool(self._token or self._keys())

    def check(self, headers: Iterable[Header], model: str) -> None:
        """Raise the refusal of a request for scores of a model."""
        given = dict(headers)
        host = given.get(b"host", b"")
        if not self._is_own(host):
            what = f"this server does not answer for the host `{_text(host)}`"
            raise _refused(421, what, "ask for localhost, or start it with `--allow-host NAME`")
        origin = given.get(b"origin")
        foreign = origin is not None and origin.partition(b"://")[2].lower() != host.lower()
        if foreign or given.get(b"sec-fetch-site", b"none") not in _SAME_SITE:
            raise _refused(403, "the request comes from another site", "ask from a program")
        self._check_secret(given, model)
        kind = given.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != b"application/json":
            what = f"the content type is `{_text(kind)}`" if kind else "there is no content type"
            raise _refused(415, what, "send `content-type: application/json`")

    def _check_secret(self, given: dict[bytes, bytes], model: str) -> None:
        keys = self._keys()
        if not self._token and not keys:
            return
        secret = secret_in(given)
        if is_secret(secret, self._token):
            return
        key = find_key(keys, secret) if secret else None
        if key is None:
            fix = "send `Authorization: Bearer …`; `headwater key create NAME` makes a key"
            raise _refused(401, "a key is needed", fix, www_authenticate="Bearer")
        if not key.opens(model):
            what = f"the key `{key.name}` is for `{key.model}` alone"
            raise Refusal.of(403, "E067", what, "ask with a key for this model")

    def has_key(self, scope: Scope) -> bool:
        """Whether a request comes with a live key, of whichever model."""
        secret = secret_in(dict(scope["headers"]))
        return bool(secret) and find_key(self._keys(), secret) is not None


def secret_in(given: dict[bytes, bytes]) -> str:
    """The key or token of a request.

    >>> secret_in({b"authorization": b"Bearer abc"}), secret_in({b"x-api-key": b"abc"})
    ('abc', 'abc')
    """
    scheme, _, secret = given.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer":
        secret = given.get(b"x-api-key", b"")
    return secret.strip().decode("latin-1")


def _refused(status: int, what: str, fix: str, **headers: str) -> Refusal:
    return Refusal.of(status, "E973", what, fix, **headers)


def _text(given: bytes) -> str:
    return given[:100].decode("latin-1")
