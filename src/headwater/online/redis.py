"""A store for several machines: Redis 6 or later, one hash a table.

A field is an entity; the field "" says the generation and the freshness, and one HMGET reads both.
A micro-batch writes its values beside those that readers see, under the next generation, in chunks
of bounded size; setting the generation then shows all of them at once. A value is therefore up to
two *editions*, the newer in front; readers take the newest that their generation allows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from headwater.online.model import DamagedError, Entry, Found, Freshness, OnlineError, OnlineTable

Item = TypeVar("Item")

#: Entities a command: some milliseconds, in which the server answers nobody else.
_CHUNK: Final = 1_000
_TIMEOUT_S: Final = 2.0
#: A table that nobody has written for so long is not in use any more: an older view's.
_EXPIRE: Final = timedelta(days=30)

_HEAD: Final = b""  # the field of generation and freshness; keys of entities begin with `[`
_PENDING: Final = b"pending"  # the generation being written, so that a crash is noticed
_EDITION: Final = struct.Struct("<Qi")  # generation, length; −1: gone from then on

#: Generation, and the vector from then on; None: gone.
Edition = tuple[int, bytes | None]


class RedisStore:
    """Vectors in Redis, under names that begin with the project's."""

    def __init__(self, url: str, project: str) -> None:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._prefix = f"headwater:{project}"
        # A request does not wait for a server that is down: what then is answered is declared.
        # Its client types every answer as bytes or text; here they are bytes.
        self._redis: Any = Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),  # once: a connection kept for long may have been closed
        )

    def write(
        self,
        table: OnlineTable,
        changed: Iterable[Entry],
        gone: Iterable[str],
        freshness: Freshness,
    ) -> None:
        """Write the next generation beside the present one, then show it."""
        name = self._name(table)
        with _named():
            head, pending = self._redis.hmget(name, [_HEAD, _PENDING])
            present = _generation(head)
            if pending is not None:
                self._forget_after(name, present)
            self._redis.hset(name, _PENDING, b"%d" % (present + 1))
            self._redis.sadd(self._prefix, _member(table))
            for chunk in _chunks(changed):
                self._add(name, dict(chunk), present)
            removed = []
            for keys in _chunks(gone):
                self._add(name, dict.fromkeys(keys), present)
                removed.append(keys)
            with self._redis.pipeline(transaction=True) as together:
                together.hset(name, _HEAD, _head(present + 1, freshness))
                together.hdel(name, _PENDING)
                together.expire(name, _EXPIRE)
                together.execute()
            for keys in removed:
                self._redis.hdel(name, *keys)

    def read(self, table: OnlineTable, keys: Sequence[str]) -> Found:
        """The vectors and their freshness, in one command."""
        with _named():
            head, *values = self._redis.hmget(self._name(table), [_HEAD, *keys])
        if head is None:
            return Found(None, (None,) * len(keys))
        generation = _generation(head)
        vectors = tuple(None if v is None else _visible(v, generation) for v in values)
        return Found(_freshness(head), vectors)

    def entries(self, table: OnlineTable) -> Iterator[Sequence[Entry]]:
        """Everything in a table, in batches; an entity may come twice."""
        name = self._name(table)
        with _named():
            generation = _generation(self._redis.hget(name, _HEAD))
            for values in self._scan(name):
                seen = ((key.decode(), _visible(v, generation)) for key, v in values.items())
                yield [(key, vector) for key, vector in seen if vector is not None]

    def tables(self) -> Mapping[OnlineTable, Freshness]:
        """All tables that are there still."""
        with _named():
            members = sorted(self._redis.smembers(self._prefix))
            found = {}
            for member in members:
                view, _, digest = member.decode().partition("@")
                table = OnlineTable(view, digest)
                head = self._redis.hget(self._name(table), _HEAD)
                if head is None:  # expired, or being written for the first time
                    continue
                found[table] = _freshness(head)
            return found

    def drop(self, table: OnlineTable) -> None:
        """Forget a table."""
        with _named():
            self._redis.unlink(self._name(table))
            self._redis.srem(self._prefix, _member(table))

    def clear(self) -> None:
        """Delete everything under the project's name."""
        with _named():
            for name in [*self._redis.scan_iter(f"{_escaped(self._prefix)}:*"), self._prefix]:
                self._redis.unlink(name)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _name(self, table: OnlineTable) -> str:
        return f"{self._prefix}:{_member(table)}"

    def _add(self, name: str, vectors: Mapping[str, bytes | None], present: int) -> None:
        """The next generation's editions in front of those that readers see."""
        before = self._redis.hmget(name, list(vectors))
        mapping = {}
        for (key, vector), value in zip(vectors.items(), before, strict=True):
            kept = [e for e in _editions(value or b"") if e[0] <= present][:1]
            mapping[key] = _value([(present + 1, vector), *kept])
        self._redis.hset(name, mapping=mapping)

    def _forget_after(self, name: str, generation: int) -> None:
        """Take out what a writer that did not end has written."""
        for values in self._scan(name):
            kept = {
                key: [e for e in _editions(value) if e[0] <= generation]
                for key, value in values.items()
                if _EDITION.unpack_from(value)[0] > generation
            }
            mapping = {key: _value(editions) for key, editions in kept.items() if editions}
            if mapping:
                self._redis.hset(name, mapping=mapping)
            if gone := [key for key, editions in kept.items() if not editions]:
                self._redis.hdel(name, *gone)

    def _scan(self, name: str) -> Iterator[dict[bytes, bytes]]:
        """All fields of entities."""
        cursor = 0
        while True:
            cursor, values = self._redis.hscan(name, cursor, match="[[]*", count=_CHUNK)
            if values:
                yield values
            if cursor == 0:
                return


@contextmanager
def _named() -> Iterator[None]:
    """Errors of Redis by what they mean to callers; they never hold the password."""
    from redis.exceptions import RedisError

    try:
        yield
    except RedisError as error:
        raise OnlineError(f"Redis does not answer: {error}") from None


def _member(table: OnlineTable) -> str:
    return f"{table.view}@{table.digest}"


def _escaped(text: str) -> str:
    """The text as a pattern that matches nothing else."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in text)


def _head(generation: int, freshness: Freshness) -> bytes:
    return b"%d " % generation + freshness.to_json().encode()


def _generation(head: bytes | None) -> int:
    return 0 if head is None else int(head.partition(b" ")[0])


def _freshness(head: bytes) -> Freshness:
    return Freshness.from_json(head.partition(b" ")[2])


def _value(editions: Sequence[Edition]) -> bytes:
    parts = []
    for generation, vector in editions:
        parts.append(_EDITION.pack(generation, -1 if vector is None else len(vector)))
        parts.append(vector or b"")
    return b"".join(parts)


def _editions(value: bytes) -> Iterator[Edition]:
    at = 0
    while at < len(value):
        try:
            generation, length = _EDITION.unpack_from(value, at)
        except struct.error as error:
            raise DamagedError(f"a value cannot be read: {error}") from None
        at += _EDITION.size
        yield generation, None if length < 0 else value[at : at + length]
        at += max(length, 0)


def _visible(value: bytes, generation: int) -> bytes | None:
    """What readers of a generation see."""
    return next((vector for number, vector in _editions(value) if number <= generation), None)


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    each = iter(items)
    while chunk := list(islice(each, _CHUNK)):
        yield chunk
