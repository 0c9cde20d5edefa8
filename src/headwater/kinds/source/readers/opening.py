"""Which reader reads a source."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from headwater.clock import Clock
from headwater.definitions.secrets import resolve
from headwater.kinds.source.definition import (
    ApiOrigin,
    FilesOrigin,
    InPlaceOrigin,
    PostgresOrigin,
    PythonOrigin,
    SourceDefinition,
)
from headwater.kinds.source.readers.model import Reader
from headwater.sql.relations import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What readers need besides the definition."""

    definition: SourceDefinition
    root: Path
    zone: str
    secrets: Mapping[str, str]
    columns: tuple[Column, ...] | None
    cache: Path


def open_reader(
    definition: SourceDefinition,
    *,
    root: Path,
    zone: ZoneInfo,
    columns: tuple[Column, ...] | None,
    clock: Clock,
    secrets: Mapping[str, str] | None = None,
    cache: Path | None = None,
) -> Reader:
    """The reader of a source; raises `HeadwaterError` for options that cannot be.

    `columns` are the declared ones in order, None to tell them from the data. `secrets` stands for
    the environment; `cache` is a folder that may be deleted at any time.
    """
    where = _Setting(
        definition=definition,
        root=root,
        zone=str(zone),
        secrets=os.environ if secrets is None else secrets,
        columns=columns,
        cache=(cache or root / ".headwater" / "cache") / "sources" / definition.id.name,
    )
    return _OPENERS[type(definition.origin)](definition.origin, where)


def _files(origin: Any, where: _Setting) -> Reader:
    from headwater.kinds.source.readers.files import FilesReader

    return FilesReader(
        where.definition,
        origin,
        root=where.root,
        project_zone=where.zone,
        columns=where.columns,
        memory=where.cache / "files.json",
    )


def _postgres(origin: Any, where: _Setting) -> Reader:
    from headwater.kinds.source.readers.postgres import PostgresReader

    url = resolve(origin.url, where.root, where.definition.place, where.secrets)
    return PostgresReader(
        where.definition, origin, url=url, project_zone=where.zone, columns=where.columns
    )


def _api(origin: Any, where: _Setting) -> Reader:
    from headwater.kinds.source.readers.api import ApiReader
    from headwater.kinds.source.readers.api_settings import read_settings

    place = where.definition.place
    base = resolve(origin.base_url, where.root, place, where.secrets).reveal()
    resolved = ApiOrigin(base_url=base, resource=origin.resource, settings=origin.settings)
    return ApiReader(
        where.definition,
        resolved,
        read_settings(origin.settings, where.root, place, where.secrets),
        project_zone=where.zone,
        columns=where.columns,
        cache=where.cache / "api",
    )


def _python(origin: Any, where: _Setting) -> Reader:
    from headwater.kinds.source.readers.python import PythonReader

    return PythonReader(
        where.definition, origin, root=where.root, project_zone=where.zone, columns=where.columns
    )


def _in_place(origin: Any, where: _Setting) -> Reader:
    from headwater.kinds.source.readers.in_place import InPlaceReader

    return InPlaceReader(where.definition, origin, root=where.root, columns=where.columns)


_OPENERS: Final[Mapping[type, Callable[[Any, _Setting], Reader]]] = {
    FilesOrigin: _files,
    PostgresOrigin: _postgres,
    ApiOrigin: _api,
    PythonOrigin: _python,
    InPlaceOrigin: _in_place,
}
