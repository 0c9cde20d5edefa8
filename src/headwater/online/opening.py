"""The store that a profile names."""

from __future__ import annotations

from pathlib import Path

from headwater.online.model import OnlineStore


def open_store(location: str, project: str) -> OnlineStore:
    """A store at `redis://…`, `rediss://…`, `unix://…`, or in a file. Code E050."""
    if "://" not in location:
        from headwater.online.sqlite import SQLiteStore

        return SQLiteStore(Path(location))
    return _open_redis(location, project)


def _open_redis(url: str, project: str) -> OnlineStore:
    from headwater.errors import Issue, UsageError

    scheme = url.partition("://")[0]
    if scheme not in ("redis", "rediss", "unix"):
        what = f"no online store is reached by `{scheme}://`"
        raise UsageError(Issue(code="E050", what=what, fix="give a file or `redis://host:6379/0`"))
    try:
        from headwater.online.redis import RedisStore

        return RedisStore(url, project)
    except ImportError:
        fix = "pip install 'headwater[redis]'"
        what = "the online store is in Redis, whose client is not installed"
        raise UsageError(Issue(code="E050", what=what, fix=fix)) from None
    except ValueError as error:
        fix = "write `redis://host:6379/0`"
        raise UsageError(
            Issue(code="E050", what=f"no address of Redis: {error}", fix=fix)
        ) from None
