"""Tables in Python: a function of upstream relations whose rows stream into data files.

Each parameter is an upstream name. Its annotation says how the function wants it: a DuckDB relation
(or nothing) is lazy, `pa.Table`, `pa.RecordBatchReader`, `pd.DataFrame` and `pl.DataFrame` are what
they say. The function returns or yields anything that speaks Arrow.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from headwater.engines import codes
from headwater.engines.duckdb.arrow import arrow_rows
from headwater.engines.duckdb.quoting import identifier
from headwater.engines.duckdb.session import DuckDBSession
from headwater.engines.protocol import Target, Written
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.graph.node import Schema
from headwater.ids import DataInterval

if TYPE_CHECKING:
    import pyarrow as pa

Style = Literal["relation", "table", "batches", "pandas", "polars"]

_STYLES: Mapping[str, Style] = {
    "pa.Table": "table",
    "pyarrow.Table": "table",
    "pyarrow.lib.Table": "table",
    "pa.RecordBatchReader": "batches",
    "pyarrow.RecordBatchReader": "batches",
    "pyarrow.lib.RecordBatchReader": "batches",
    "pd.DataFrame": "pandas",
    "pandas.DataFrame": "pandas",
    "pandas.core.frame.DataFrame": "pandas",
    "pl.DataFrame": "polars",
    "polars.DataFrame": "polars",
    "polars.dataframe.frame.DataFrame": "polars",
}

#: pandas hands an unnamed index over as a column of this name; it means nothing.
_INDEX = "__index_level_"


@dataclass(slots=True)
class _Watched:
    """Batches of the user's generator; keeps what it raised, which Arrow would turn into text."""

    batches: Iterator[pa.RecordBatch]
    error: Exception | None = field(default=None)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self.batches
        except Exception as error:
            self.error = error
            raise


def declared_styles(function: Callable[..., Any]) -> Mapping[str, Style]:
    """How the function wants each of its inputs, by parameter.

    >>> def sales(invoices: "pa.Table", rates): ...
    >>> dict(declared_styles(sales))
    {'invoices': 'table', 'rates': 'relation'}
    """
    styles: dict[str, Style] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        noted = parameter.annotation
        text = noted if isinstance(noted, str) else f"{noted.__module__}.{noted.__qualname__}"
        text = text.strip("'\"")
        styles[name] = _STYLES.get(text, "relation")
    return styles


def write_python_table(
    session: DuckDBSession,
    function: Callable[..., Any],
    *,
    schema: Schema | None,
    time: str | None,
    keep: DataInterval | None,
    target: Target,
    place: Place = Place(),
) -> tuple[Schema, tuple[Written, ...]]:
    """Call the function on inputs bound in the session, and write what it gives.

    With `schema` None the result's own types count. Memory stays bounded where the function yields
    batches or returns a relation or reader. What the function raises becomes an issue with the
    line of the user's file.
    """
    styles = declared_styles(function)
    try:
        result = function(**{name: _input(session, name, style) for name, style in styles.items()})
    except Exception as error:
        raise python_failed(error, function, place) from error
    rows, watched = _rows_of(result, function, place)
    if rows is None:
        if schema is None:
            raise HeadwaterError(_no_batch(place))
        return schema, ()
    found = _schema_of(session, rows)
    wanted = schema or tuple(column for column in found if not column[0].startswith(_INDEX))
    _check_columns(found, wanted, place)
    try:
        written = session.write_arrow(
            rows,
            schema=wanted,
            time=time,
            keep=keep,
            target=target,
            place=place,
        )
    except HeadwaterError:
        if watched is not None and watched.error is not None:
            raise python_failed(watched.error, function, place) from watched.error
        raise
    return wanted, written


def _input(session: DuckDBSession, name: str, style: Style) -> Any:
    if style == "batches":
        return session.stream(name)
    relation = session.connection.sql(f"SELECT * FROM {identifier(name)}")
    match style:
        case "table":
            return relation.to_arrow_table()
        case "pandas":
            return relation.df()
        case "polars":
            return relation.pl()
        case _:
            return relation


def _rows_of(
    result: Any, function: Callable[..., Any], place: Place
) -> tuple[Any, _Watched | None]:
    """The result as Arrow, or still a relation; for an iterator, also what watches over it.

    None for an iterator that gives nothing.
    """
    import pyarrow as pa

    if _is_relation(result):
        return result, None
    if isinstance(result, pa.RecordBatch) or hasattr(result, "__arrow_c_stream__"):
        return arrow_rows(result), None
    if not isinstance(result, Iterable) or isinstance(result, str | bytes | Mapping):
        raise HeadwaterError(_no_arrow(type(result).__name__, place))
    watched = _Watched(batch for item in result for batch in _batches(item, place))
    batches = iter(watched)
    try:
        first = next(batches, None)
    except Exception as error:
        raise python_failed(error, function, place) from error
    if first is None:
        return None, None
    reader = pa.RecordBatchReader.from_batches(first.schema, _chain(first, batches))
    return reader, watched


def _is_relation(rows: Any) -> bool:
    return hasattr(rows, "to_arrow_reader") and hasattr(rows, "types")


def _schema_of(session: DuckDBSession, rows: Any) -> Schema:
    # A relation's stream keeps its connection busy, so it is asked before it is opened.
    if _is_relation(rows):
        return tuple(zip(rows.columns, map(str, rows.types), strict=True))
    return session.arrow_schema(rows.schema)


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _batches(item: Any, place: Place) -> Sequence[pa.RecordBatch]:
    import pyarrow as pa

    if isinstance(item, pa.RecordBatch):
        return [item]
    if hasattr(item, "__arrow_c_stream__"):
        table = pa.table(item)
        return table.to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    raise HeadwaterError(_no_arrow(f"an iterator of {type(item).__name__}", place))


def _no_arrow(what: str, place: Place) -> Issue:
    return Issue(
        code=codes.PYTHON_RESULT,
        what=f"the function gave {what}",
        place=place,
        fix="return a relation, an Arrow table or a frame, or yield Arrow record batches",
    )


def _no_batch(place: Place) -> Issue:
    return Issue(
        code=codes.PYTHON_RESULT,
        what="the function yields nothing for inputs without rows, so its columns are unknown",
        place=place,
        fix="yield an empty batch or frame then; a `pa.RecordBatchReader` input always has a batch",
    )


def _check_columns(found: Schema, wanted: Schema, place: Place) -> None:
    names = [name for name, _ in found]
    expected = [name for name, _ in wanted]
    extra = [name for name in names if name not in expected and not name.startswith(_INDEX)]
    issues = [
        Issue(
            code=codes.PYTHON_RESULT,
            what=f"the function gave no column `{name}`",
            place=place,
            fix=did_you_mean(name, extra),
        )
        for name in expected
        if name not in names
    ]
    issues += [
        Issue(
            code=codes.PYTHON_RESULT,
            what=f"the function gave a column `{name}` that the table does not have",
            place=place,
            fix=did_you_mean(name, expected),
        )
        for name in extra
    ]
    if issues:
        raise HeadwaterError(*issues)


def python_failed(error: Exception, function: Callable[..., Any], place: Place) -> HeadwaterError:
    """What the user's function raised, with the last line of the user's own file."""
    if isinstance(error, HeadwaterError):
        return error
    own = inspect.unwrap(function).__code__.co_filename
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own
    ]
    line = (lines[-1] or 0) if lines else place.line
    text = str(error).strip().split("\n", 1)[0]
    return HeadwaterError(
        Issue(
            code=codes.PYTHON_FAILED,
            what=f"{type(error).__name__}: {text}" if text else type(error).__name__,
            place=Place(place.path or own, line),
        )
    )
