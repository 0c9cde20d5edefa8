"""SQL as DuckDB understands it: lineage, fingerprints, findings, documentation of columns.

DuckDB itself binds a table's SQL over empty upstream tables; the bound plan is walked into a
`QueryTemplate`. Names are loaded when first used, so that importing this package loads neither
duckdb nor sqlglot.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headwater.sql.binding import Binder, Query
    from headwater.sql.cache import TemplateCache, TemplateKey, template_keys
    from headwater.sql.comments import column_comments
    from headwater.sql.parsing import Parsed, canonical, parse, parse_many, references
    from headwater.sql.problems import SqlError, SqlProblem
    from headwater.sql.relations import Column, Read, Relation
    from headwater.sql.template import (
        Alignment,
        ColumnTemplate,
        Fingerprints,
        QueryTemplate,
        fingerprint,
    )

_HOMES = {
    "Alignment": "template",
    "Binder": "binding",
    "Column": "relations",
    "ColumnTemplate": "template",
    "Fingerprints": "template",
    "Parsed": "parsing",
    "Query": "binding",
    "QueryTemplate": "template",
    "Read": "relations",
    "Relation": "relations",
    "SqlError": "problems",
    "SqlProblem": "problems",
    "TemplateCache": "cache",
    "TemplateKey": "cache",
    "canonical": "parsing",
    "column_comments": "comments",
    "fingerprint": "template",
    "parse": "parsing",
    "parse_many": "parsing",
    "references": "parsing",
    "template_keys": "cache",
}

__all__ = [
    "Alignment",
    "Binder",
    "Column",
    "ColumnTemplate",
    "Fingerprints",
    "Parsed",
    "Query",
    "QueryTemplate",
    "Read",
    "Relation",
    "SqlError",
    "SqlProblem",
    "TemplateCache",
    "TemplateKey",
    "canonical",
    "column_comments",
    "fingerprint",
    "parse",
    "parse_many",
    "references",
    "template_keys",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
