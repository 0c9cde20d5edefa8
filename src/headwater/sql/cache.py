"""A disposable cache of parsed texts and templates, in one small SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from headwater.ids import digest
from headwater.sql.binding import Query
from headwater.sql.parsing import Parsed, parse_many
from headwater.sql.problems import SqlError
from headwater.sql.relations import Relation
from headwater.sql.template import QueryTemplate

#: Older entries than these are dropped.
MOST_ENTRIES = 200_000
_TABLES = """
create table if not exists parsed (
  number integer primary key, key text unique not null, data text not null);
create table if not exists template (
  number integer primary key, key text unique not null, place text not null, data text not null);
"""
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class TemplateKey:
    """What a template depends on, and the text that its positions count in."""

    meaning: str
    text: str


class TemplateCache:
    """Templates by engine and code version, syntax tree, upstream schemas and functions.

    A file that is corrupt, locked or cannot be written is no error: everything is then bound anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def parse_many(self, texts: Sequence[str]) -> list[Parsed | SqlError]:
        """`headwater.sql.parse_many`, remembered; errors are not."""
        keys = [_text_key(text) for text in texts]
        stored = {row[0]: row[1] for row in self._read("parsed", "key, data", keys)}
        known: dict[str, Parsed | SqlError] = {}
        for key, data in stored.items():
            with suppress(ValueError, TypeError):
                references, canonical = json.loads(data)
                known[key] = Parsed(references=tuple(references), canonical=canonical)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        known.update(zip(missing, parse_many(list(missing.values())), strict=True))
        fresh = [
            (key, json.dumps([parsed.references, parsed.canonical]))
            for key in missing
            if isinstance(parsed := known[key], Parsed)
        ]
        self._write("parsed", "key, data", fresh)
        return [known[key] for key in keys]

    def get_many(self, keys: Sequence[TemplateKey]) -> list[QueryTemplate | None]:
        """The template of each key, or None; ten thousand take a fraction of a second."""
        rows = self._read("template", "key, place, data", [key.meaning for key in keys])
        stored = {row[0]: (row[1], row[2]) for row in rows}
        found: list[QueryTemplate | None] = []
        for key in keys:
            place, data = stored.get(key.meaning, ("", ""))
            template = None
            if data and place in ("", key.text):
                with suppress(ValueError, TypeError):
                    template = QueryTemplate.from_json(data)
            found.append(template)
        return found

    def put_many(self, entries: Iterable[tuple[TemplateKey, QueryTemplate]]) -> None:
        """Remember templates; one that holds positions is good for its own text alone."""
        rows = [
            (key.meaning, key.text if template.is_placed else "", template.to_json())
            for key, template in entries
        ]
        self._write("template", "key, place, data", rows)

    def _open(self) -> sqlite3.Connection:
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connected(str(self._path))
        except sqlite3.OperationalError:
            return _connected(":memory:")
        except sqlite3.DatabaseError:
            return self._start_anew()

    def _start_anew(self) -> sqlite3.Connection:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()
        try:
            return _connected(str(self._path))
        except sqlite3.DatabaseError:
            return _connected(":memory:")

    def _read(self, table: str, columns: str, keys: Sequence[str]) -> list[tuple[str, ...]]:
        sql = f"select {columns} from {table} where key in (select value from json_each(?))"
        return self._guarded(
            lambda: self._connection.execute(sql, [json.dumps(keys)]).fetchall(), []
        )

    def _write(self, table: str, columns: str, rows: Sequence[tuple[str, ...]]) -> None:
        marks = ", ".join("?" for _ in columns.split(","))

        def write() -> None:
            with self._connection as connection:
                connection.executemany(
                    f"insert or replace into {table} ({columns}) values ({marks})", rows
                )
                connection.execute(
                    f"delete from {table} where number <= (select max(number) from {table}) - ?",
                    [MOST_ENTRIES],
                )

        if rows:
            self._guarded(write, None)

    def _guarded(self, action: Callable[[], _Result], otherwise: _Result) -> _Result:
        """Do it, or do without: a lock is passed over, a corrupt file is replaced."""
        try:
            return action()
        except sqlite3.OperationalError:
            return otherwise
        except sqlite3.DatabaseError:
            self._connection.close()
            self._connection = self._start_anew()
            return otherwise


def template_keys(
    queries: Sequence[tuple[Query, Parsed]], functions: Sequence[str] = ()
) -> list[TemplateKey]:
    """The cache keys of parsed queries, restricted to the upstreams that they name."""
    versions = (_engine_version(), _code_version(), tuple(functions))
    schemas: dict[int, str] = {}
    keys: list[TemplateKey] = []
    for query, parsed in queries:
        folded = {relation.name.casefold(): relation for relation in query.relations.values()}
        named = [folded.get(name.casefold()) for name in parsed.references]
        parts = [_schema_key(relation, schemas) for relation in named]
        meaning = digest(
            versions, parsed.canonical, parts, query.time, sorted(query.parameters.items())
        )
        keys.append(TemplateKey(meaning, _text_key(query.sql)))
    return keys


def _schema_key(relation: Relation | None, known: dict[int, str]) -> str:
    if relation is None:
        return ""
    key = known.get(id(relation))
    if key is None:
        columns = [(column.name, column.type) for column in relation.columns]
        key = known[id(relation)] = digest(relation.name, columns, relation.time, relation.key)
    return key


def _text_key(text: str) -> str:
    return blake2b(text.encode(), digest_size=12, person=_code_version().encode()[:16]).hexdigest()


def _connected(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=2.0)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = off")
        connection.executescript(_TABLES)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


@lru_cache(maxsize=1)
def _engine_version() -> str:
    """Without loading the engine, which a run that finds everything here does not need."""
    from importlib.metadata import version

    return version("duckdb")


@lru_cache(maxsize=1)
def _code_version() -> str:
    """A hash of this room's own source, so that a changed rule never meets an old answer."""
    folder = Path(__file__).parent
    sources: Mapping[str, bytes] = {p.name: p.read_bytes() for p in folder.glob("*.py")}
    return digest(sorted(sources.items()))
